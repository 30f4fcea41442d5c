"""The only code that awaits streams: one thin file per stage."""
