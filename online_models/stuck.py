"""Values of a pool's series in, the same without those that a sensor only repeats because it is stuck out.

How often a value above zero is followed by the same one is counted for each series. A run of equal values that would
come by chance less than once in `1 / CHANCE_MIN` times, were repeats independent, is masked as missing until another
value comes, or until a week of it has shown that this is how it is now. Zeros are never masked: a shop may sell none.
"""

from typing import Self

import numpy as np

from online_models.base import Float64s
from online_models.carry import Places, carry
from online_models.stuck_layout import CHANGES, LAST, NUMBERS, REPEATS
from online_models.stuck_loops import mask

PRIOR = (1.0, 9.0)  # repeats and changes that each series is taken to have shown before


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
        self._repeats = np.zeros((NUMBERS, series))  # as `online_models.stuck_loops` names them
        self._repeats[LAST] = np.nan
        self._repeats[REPEATS], self._repeats[CHANGES] = PRIOR

    def masked(self, values: Float64s) -> Float64s:
        """Return the next period's values, (series,) units, with NaN in place of what a stuck sensor says."""
        found = np.empty(len(values))
        mask(np.ascontiguousarray(values, np.float64), self._repeats, self._week, found)
        return found

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old` counted of the series that stay."""
        carry(self._repeats, old._repeats, places, axis=1)

    def state(self) -> bytes:
        """Return everything kept."""
        return self._repeats.tobytes()

    def restore(self, state: bytes) -> None:
        """Take over what `state()` of an object of as many series returned."""
        self._repeats[...] = np.frombuffer(state).reshape(self._repeats.shape)
