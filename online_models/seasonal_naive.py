"""A series in, last week's value of the same slot out: the frozen simple model that every other one has to beat."""

import math
from array import array
from collections.abc import Sequence
from typing import Any

from online_models.base import Covariates

SEEN_RATIO = 6 / 7  # of a week's slots that have to be known


class SeasonalNaive:
    """The next Monday is as the last Monday was. Learns nothing else."""

    __slots__ = ("_last",)

    def __init__(self, slots_per_week: int) -> None:
        self._last = array("d", [math.nan]) * slots_per_week  # units per period; NaN: never seen

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Keep the value of the slot; a missing one leaves the last known. All of it is believed."""
        del said, covariates
        if value is not None:
            self._last[slot_of_week] = value
        return value or 0.0

    def path(self, slots_of_week: Sequence[int]) -> list[float] | None:
        """Return last week's values; before six sevenths of a week were seen, None.

        A slot that was never seen, as of a day on which nothing is ever open, is given the mean of the others.
        """
        if not math.isnan(sum(self._last)):
            return [self._last[slot] for slot in slots_of_week]
        seen = [value for value in self._last if not math.isnan(value)]
        if len(seen) < SEEN_RATIO * len(self._last):
            return None
        mean = sum(seen) / len(seen)
        return [mean if math.isnan(self._last[slot]) else self._last[slot] for slot in slots_of_week]

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return (self._last.tobytes(),)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same slots per week returned."""
        (last,) = state
        self._last = array("d", last)
