"""How good the default forecasts are, beside what users would pick instead, on real data."""
