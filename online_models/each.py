"""A model of one series' mean in, a model of a whole pool's means out: one such model a series."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places
from online_models.forecaster import Mean


class Each:
    """Keeps the contract `online_models.together.PoolMeans`."""

    def __init__(self, mean: Callable[[int], Mean], series: int, slots_per_week: int) -> None:
        self._series = [mean(slots_per_week) for _ in range(series)]

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Let each series learn its own value; what it says of a missing one stands in for it in its lags."""
        for one, value in zip(self._series, values.tolist(), strict=True):
            if np.isnan(value):
                path = one.path((slot.of_week,))
                one.learn(slot.of_week, None, None if path is None else path[0], covariates)
            else:
                one.learn(slot.of_week, value, None, covariates)

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series that knows too little."""
        wanted = tuple([slot.of_week for slot in slots])
        unknown = [np.nan] * len(wanted)
        return np.array([one.path(wanted) or unknown for one in self._series])

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        for place, before in enumerate(places):
            if before is not None:
                self._series[place] = old._series[before]

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return tuple(one.state() for one in self._series)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        for one, kept in zip(self._series, state, strict=True):
            one.restore(kept)
