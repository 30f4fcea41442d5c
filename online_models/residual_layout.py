"""Where each feature of a residual stands in its array: for `residual_features`, its loops and their readers."""

# Where each feature stands: the constant, of the origin, of the target, of both.
NEAR = 1  # the last three residuals
SMOOTHED = 4  # four smoothed ones
RATIO = 8  # level against profile
POOL = 9  # the last and the first smoothed residual of the other series
ORIGIN = 11
SEASONAL = 11  # residuals a day, a week and two weeks before the target
VOLUME = 14  # the target's profile against the level
DAY = 15  # two waves of a day, two of half a day, the weekend
TURNING = 20  # the last and the smoothed residual with the day's waves, and the smoothed one with the weekend
GUESSES = 25  # what five other profiles say of the target beside its mean
HOLIDAY = 30  # a holiday, what Sunday's profile says of it, and whether it was one yesterday or is tomorrow
FIXED = 34  # and then three a covariate: as observed, and with the day's waves
