"""Where each number of River's regressions stands in its array: for `pool_river`, and for the loops below it."""

# of a series' level
COUNT = 0  # values learnt
DEMAND = 1  # smoothed, units per period
EXPECTED = 2  # the smoothed profile of the same periods
SCALE = 3  # smoothed absolute miss, units
SURPRISES = 4  # misses in it
RUN = 5  # misses in a row beyond the limit; their side is the sign
LEVEL_NUMBERS = 6

# of a series' features
COLUMNS = 0  # features that have one
PERIODS = 1  # in the ring of misses since the start, missing ones included
OBSERVED = 2  # covariates of the last period, or NOTHING
NUMBERS = 3
NOTHING = -1

# features: these, the lags, the covariates
BASE = 0
PROFILE = 1
LEVEL = 2
LAGS = 3
