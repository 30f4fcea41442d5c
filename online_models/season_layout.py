"""Where each number of a pool's weekly profiles stands in its array: for the profile, its loops and its readers."""

# of a slot of the week: three means of different memory and the usual miss, units
MEAN = 0
FAST = 1
SLOW = 2
MISS = 3
WEEK = 4

# of a slot of the day, on working days or on days of rest: a slow and a fast mean, units
DAY_SLOW = 0
DAY_FAST = 1
DAYS = 2

# of a series
COUNT = 0  # values learnt
LEVEL = 1  # their smoothed size, units per period
EXPECTED = 2  # the smoothed profile of the same periods
SPREAD = 3  # the smoothed miss over the power of the mean
SPREADS = 4  # misses in it
NUMBERS = 5

# told of a later slot, units
BASE = 0  # its mean
SCALE = 1  # its usual miss
OTHERS = 2  # first of five other guesses: fast, slow, of the slots beside it, of the days like it slow and fast
SUNDAY = 7  # the mean of the same time on Sunday
TOLD = 8
