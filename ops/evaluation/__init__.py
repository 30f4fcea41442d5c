"""What `headgate evaluate`, `tune` and `frontier` have in common: a world and policies in, tables and charts out."""
