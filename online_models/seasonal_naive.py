"""A series in, last week's value of the same slot out: the frozen simple model that every other one has to beat."""

from typing import Any

import numpy as np

from online_models.base import Covariates, Float64s, Slots


class SeasonalNaive:
    """The next Monday is as the last Monday was. Learns nothing else."""

    __slots__ = ("_last",)

    def __init__(self, slots_per_week: int) -> None:
        self._last = np.full(slots_per_week, np.nan, dtype=np.float64)  # units per period; NaN: never seen

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Keep the value of the slot; a missing one leaves the last known. All of it is believed."""
        del said, covariates
        if value is not None:
            self._last[slot_of_week] = value
        return value or 0.0

    def path(self, slots_of_week: Slots) -> Float64s | None:
        """Return last week's values; before a whole week was seen, None."""
        if np.isnan(self._last).any():
            return None
        return np.asarray(self._last[np.asarray(slots_of_week)])

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return (self._last.tobytes(),)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same slots per week returned."""
        (last,) = state
        self._last = np.frombuffer(last, dtype=np.float64).copy()
