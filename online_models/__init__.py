"""What will happen: closed buckets in, forecasts out; no I/O and no clock."""
