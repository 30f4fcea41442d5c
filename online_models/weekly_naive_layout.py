"""Which number of a series stands in which row of a `weekly_naive.WeeklyNaive`: for it, and for its loops."""

LARGEST = 0  # value heard, units
COUNT = 1  # values learnt
ERROR = 2  # discounted mean absolute error of the next period, units
MISS = 3  # discounted mean absolute difference of the roots of what came and was said, of the next period
MISSES = 4  # of them
LEAD_MISS = 5  # the same of the lead's sum
LEAD_MISSES = 6
NUMBERS = 7

CLOSED = -1.0  # in place of the last value of a slot: it was never seen, and declared closed when it came
