"""Inventory tables: a table's name in, its figures out; one module a table."""
