"""What was said and what came in, a slow correction of the mean out.

Models clip what they learn from, so that a spike does not tear at them; but a mean that leaves out the large orders
starves the shelves. Over weeks, demand divided by what was said of it is put back on the mean. Quantiles need none
of it: they come from the residuals as they were.
"""

RATIO_MAX = 1.5  # the correction is at most this, and at least its inverse
DAYS = 56.0  # that are compared, about
TRUST = 0.2  # of one mean error is added to both sides: a handful of periods corrects little


class Calibration:
    """Two smoothed sums; starts at a ratio of 1.

    >>> calibration = Calibration(slots_per_day=1)
    >>> for _ in range(200):
    ...     calibration.learn(said=10.0, came=11.0)
    >>> round(calibration.ratio(error=1.0), 3)
    1.098
    """

    def __init__(self, slots_per_day: int) -> None:
        self._rate = 1.0 / (DAYS * slots_per_day)
        self.came = 0.0  # units per period, smoothed from zero
        self.said = 0.0

    def learn(self, *, said: float, came: float) -> None:
        """Compare one period."""
        self.said += self._rate * (said - self.said)
        self.came += self._rate * (came - self.came)

    def ratio(self, error: float) -> float:
        """Return what the mean is to be multiplied by; `error` is the mean absolute error, units."""
        trust = TRUST * error
        if self.said + trust <= 0.0:
            return 1.0
        return min(max((self.came + trust) / (self.said + trust), 1.0 / RATIO_MAX), RATIO_MAX)
