"""Which number of a series stands in which row of a `course.Course`: for it, and for its loops."""

LARGEST = 0  # accepted value, units
ERROR = 1  # discounted mean absolute error of the forecasts of the next period, units
ERRORS = 2  # forecasts that it is the mean of
COUNT = 3  # values learnt
CAME = 4  # smoothed, units per period
BELIEVED = 5  # of it, smoothed
SCALE = 6  # smoothed absolute miss, units
KNOWN = 7  # misses in it
RUN = 8  # misses in a row beyond the limit; their side is the sign
SAID = 9  # smoothed, units per period
NUMBERS = 10
