"""A pool's demand in, each series' smoothed level times its weekly profile out: `smoothing.Smoothing` of all at once.

The same in compiled loops, which thousands of Python calls a period are not: what both say is equal but for rounding
(`Season` keeps its profile in single precision).
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.next_slots import next_slots
from online_models.season import LEVEL_DAYS, LEVEL_RATIO_MAX, SEEN_MAX
from online_models.smoothing_loops import follow, smoothed
from online_models.surprise import BELIEVED_MAX, IN_A_ROW_MAX, SCALE_RATE

NUMBERS = 6


class PoolSmoothing:
    """Keeps the contract `online_models.together.PoolMeans`.

    >>> model = PoolSmoothing(1, 7, 7)
    >>> for day in range(70):
    ...     model.learn(Slot(day % 7), np.array([10.0 + 5.0 * (day % 7 == 6)]), ())
    >>> model.paths([Slot(5), Slot(6)]).round(1).tolist()
    [[10.0, 15.0]]
    """

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        del horizon_periods
        self._per_day = max(slots_per_week // 7, 1)
        self._rates = np.array([
            1.0 / (LEVEL_DAYS * self._per_day), SEEN_MAX, LEVEL_RATIO_MAX, SCALE_RATE, BELIEVED_MAX, IN_A_ROW_MAX,
            max(7, self._per_day),
        ])  # fmt: skip
        self._profile = np.full((series, slots_per_week), np.nan)  # units per period; NaN: never seen
        self._seen = np.zeros((series, slots_per_week))  # values learnt in each slot, up to SEEN_MAX
        self._numbers = np.zeros((NUMBERS, series))

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        del covariates
        follow(values, slot.of_week, self._per_day, self._rates, self._profile, self._seen, self._numbers)

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series in its first days."""
        path = np.empty((len(self._profile), len(slots)))
        path.fill(np.nan)
        smoothed(next_slots(slots).of_week, self._rates, self._profile, self._numbers, path)
        return path

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        for name, axis in _KEPT.items():
            carry(getattr(self, name), getattr(old, name), places, axis=axis)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return packed(self, _KEPT)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        unpack(self, _KEPT, state)


_KEPT = {"_profile": 0, "_seen": 0, "_numbers": 1}  # and the axis of the series
