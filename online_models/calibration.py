"""What came and what of it was believed in, a slow correction of the mean out.

Models clip what they learn from, so that a spike does not tear at them; but a mean that leaves out the large orders
starves the shelves. What came, divided by what was believed, is put back on the mean over weeks. Quantiles need none
of it: they come from the residuals as they were.
"""

RATIO_MAX = 1.5  # the correction is at most this
DAYS = 56.0  # that are compared, about
EXCESS_MAX = 20.0  # mean errors: more of one spike is not put back, for it may never come again


class Calibration:
    """Two smoothed sums; starts at a ratio of 1.

    >>> calibration = Calibration(slots_per_day=1)
    >>> for day in range(560):
    ...     calibration.learn(came=60.0 if day % 10 == 0 else 10.0, believed=10.0, error=5.0)
    >>> round(calibration.ratio, 1)
    1.5
    """

    __slots__ = ("_rate", "believed", "came")

    def __init__(self, slots_per_day: int) -> None:
        self._rate = 1.0 / (DAYS * slots_per_day)
        self.came = 0.0  # units per period, smoothed from zero
        self.believed = 0.0

    def learn(self, *, came: float, believed: float, error: float) -> None:
        """Compare one period; `error` is the mean absolute error of the forecasts, units."""
        came = min(came, believed + EXCESS_MAX * error)
        self.believed += self._rate * (believed - self.believed)
        self.came += self._rate * (came - self.came)

    @property
    def ratio(self) -> float:
        """Return what the mean is to be multiplied by."""
        if self.believed <= 0.0:
            return 1.0
        return min(max(self.came / self.believed, 1.0 / RATIO_MAX), RATIO_MAX)
