"""Demand of a pool slot by slot in; each series' weekly profiles, usual miss and level out, as arrays.

What `season.Season` is for one series, for all of a pool, with the size of the usual miss in each slot: divided by it,
a busy hour's residual and a quiet night's say equally much. Beside the profile itself stand others of the same slot, of
a shorter and a longer memory, of the slots beside it and of all working days or days of rest: a model may weigh them.
"""

from typing import Self

import numpy as np

from online_models.base import Float64s
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.season_layout import DAYS, NUMBERS, WEEK
from online_models.season_loops import Profiles

LEVEL_DAYS = 14.0  # that the level looks back over, about


class SeasonProfile:
    """Weekly profiles of `series` series; NaN is a missing value everywhere."""

    def __init__(self, series: int, slots_per_week: int) -> None:
        self.slots_per_week = slots_per_week
        self.slots_per_day = max(slots_per_week // 7, 1)
        self._week = np.full((series, slots_per_week, WEEK), np.nan, dtype=np.float32)  # units per period
        self._seen = np.zeros((series, slots_per_week), dtype=np.uint8)  # values learnt in each slot, up to 255
        self._days = np.full((series, 2, self.slots_per_day, DAYS), np.nan, dtype=np.float32)  # units per period
        self._days_seen = np.zeros((series, 2, self.slots_per_day), dtype=np.uint8)
        self._numbers = np.zeros((series, NUMBERS))
        # A series is ready with a week of days, or a day of shorter periods, and as many misses.
        rate, least = 1.0 / (LEVEL_DAYS * self.slots_per_day), max(7, self.slots_per_day)
        self.loops = Profiles(self._week, self._seen, self._days, self._days_seen, self._numbers, rate, least)

    @property
    def ready(self) -> Float64s:
        """Return 1 of each series that has learnt enough, else 0, (series,)."""
        found = np.empty(len(self._numbers))
        self.loops.ready(found)
        return found

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        for name in _KEPT:
            carry(getattr(self, name), getattr(old, name), places, axis=0)

    def state(self) -> tuple[bytes, ...]:
        """Return everything kept, as plain values for msgpack."""
        return packed(self, _KEPT)

    def restore(self, state: tuple[bytes, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        unpack(self, _KEPT, state)


_KEPT = ("_week", "_seen", "_days", "_days_seen", "_numbers")
