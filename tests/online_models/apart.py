"""A model of one series' mean in, one of a pool's means out: what the pool's own loops are held to."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.forecaster import Mean


class Apart:
    """Learns, says and keeps what `online_models.together.PoolMeans` does, series by series."""

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

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return tuple(one.state() for one in self._series)
