"""Foreign data in, our events out."""
