"""Which number of a series stands in which row of a `stuck.Stuck`: for it, and for its loops."""

LAST = 0  # value, units
RUN = 1  # periods that it has been repeated for
REPEATS = 2  # of values above zero, discounted
CHANGES = 3
NUMBERS = 4
