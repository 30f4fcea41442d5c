"""Values of a pool's series in, the same without those that a sensor only repeats because it is stuck out.

How often a value above zero is followed by the same one is counted for each series. A run of equal values that would
come by chance less than once in `1 / CHANCE_MIN` times, were repeats independent, is masked as missing until another
value comes, or until a week of it has shown that this is how it is now. Zeros are never masked: a shop may sell none.
"""

import numpy as np

from online_models.base import Float64s
from online_models.carry import Places, carry

CHANCE_MIN = 1e-4
PRIOR = (1.0, 9.0)  # repeats and changes that each series is taken to have shown before
MEMORY_PERIODS = 1000.0  # that repeats are counted over, about
KNOWN_MIN = 50.0  # values above zero before anything is masked


class Stuck:
    """The repeats of each series of a pool.

    >>> stuck = Stuck(series=1, slots_per_week=168)
    >>> values = [float(20 + hour % 9) for hour in range(99)] + [25.0] * 9
    >>> masked = [bool(np.isnan(stuck.masked(np.array([value]))[0])) for value in values]
    >>> sum(masked[:99]), sum(masked[99:])
    (0, 6)
    """

    def __init__(self, series: int, slots_per_week: int) -> None:
        self._week = slots_per_week
        self._last = np.full(series, np.nan)  # the last value, units
        self._run = np.zeros(series)  # periods that it has been repeated for
        self._repeats, self._changes = (np.full(series, count) for count in PRIOR)

    def masked(self, values: Float64s) -> Float64s:
        """Return the next period's values, (series,) units, with NaN in place of what a stuck sensor says."""
        given = ~np.isnan(values)
        same = given & (values == self._last) & (values > 0.0)
        self._run = np.where(same, self._run + 1.0, np.where(given, 0.0, self._run))
        total = self._repeats + self._changes
        chance = (self._repeats / total) ** self._run
        is_stuck = same & (chance < CHANCE_MIN) & (total >= KNOWN_MIN) & (self._run < self._week)
        counts = given & ~is_stuck & (self._last > 0.0)
        keep = np.where(counts, 1.0 - 1.0 / MEMORY_PERIODS, 1.0)
        self._repeats = self._repeats * keep + (counts & same)
        self._changes = self._changes * keep + (counts & ~same)
        self._last = np.where(given, values, self._last)
        return np.where(is_stuck, np.nan, values)

    def adopt(self, old: "Stuck", places: Places) -> None:
        """Take over what `old` counted of the series that stay."""
        for name in _KEPT:
            carry(getattr(self, name), getattr(old, name), places, axis=0)

    def state(self) -> list[bytes]:
        """Return everything kept, as plain values for msgpack."""
        return [getattr(self, name).tobytes() for name in _KEPT]

    def restore(self, state: list[bytes]) -> None:
        """Take over what `state()` of an object of as many series returned."""
        for name, data in zip(_KEPT, state, strict=True):
            setattr(self, name, np.frombuffer(data).copy())


_KEPT = ("_last", "_run", "_repeats", "_changes")
