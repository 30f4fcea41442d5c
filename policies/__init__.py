"""What to do: observation in, allocation out; no I/O and no clock."""
