"""A pool's demand in, last week's value of the same slot out: `seasonal_naive.SeasonalNaive` of all series at once."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.next_slots import next_slots
from online_models.seasonal_naive import SEEN_RATIO
from online_models.smoothing_loops import repeated
from online_models.weekly_naive_layout import CLOSED


class PoolNaive:
    """Keeps the contract `online_models.together.PoolMeans`.

    >>> model = PoolNaive(1, 7, 7)
    >>> for day in range(6):
    ...     model.learn(Slot(day), np.array([float(day)]), ())
    >>> model.paths([Slot(5), Slot(6)]).tolist()  # a slot that was never seen is as the mean of the others
    [[5.0, 2.5]]
    """

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        del horizon_periods
        self._last = np.full((series, slots_per_week), np.nan)  # units per period; NaN: never seen, CLOSED: never open

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Keep the values of the slot, (series,) units; a missing one, NaN, leaves the last known."""
        del covariates
        last = self._last[:, slot.of_week]
        np.copyto(last, values, where=~np.isnan(values))
        if slot.closed:
            last[np.isnan(last)] = CLOSED

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return last week's values, (series, slots), units; NaN before six sevenths of a series' week were seen."""
        path = np.empty((len(self._last), len(slots)))
        path.fill(np.nan)
        places = next_slots(slots).of_week
        repeated(places, SEEN_RATIO * self._last.shape[1], self._last, path)
        return path

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        carry(self._last, old._last, places, axis=0)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return (self._last.tobytes(),)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        (last,) = state
        self._last[...] = np.frombuffer(last).reshape(self._last.shape)
