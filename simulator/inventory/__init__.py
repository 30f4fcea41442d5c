"""A lost-sales or backlog replenishment world of many items."""
