"""Demand slot by slot in, its level and weekly shape out: simple exponential smoothing times a slot-of-week profile.

The profile is a smoothed mean per slot of the week. The level is the ratio of two smoothed sums, demand and
what the profile had said of the same periods: it follows a change of volume at once in all slots, and a closed
day (profile near zero) neither divides by zero nor moves it.
"""

import math
from array import array
from collections.abc import Sequence
from typing import Any

SEEN_MAX = 10  # values of a slot that are counted: from there on each weighs a tenth in its slot
LEVEL_DAYS = 14.0  # that the level looks back over, about
LEVEL_RATIO_MAX = 4.0  # the level may say at most this many times the profile, and at least its inverse


class Season:
    """Level and weekly profile of one series."""

    __slots__ = ("_expected", "_profile", "_rate", "_seen", "count", "demand", "slots_per_day", "slots_per_week")

    def __init__(self, slots_per_week: int) -> None:
        self.slots_per_week = slots_per_week
        self.slots_per_day = max(slots_per_week // 7, 1)
        self._rate = 1.0 / (LEVEL_DAYS * self.slots_per_day)
        self._profile = array("f", [math.nan]) * slots_per_week  # units per period; NaN: never seen
        self._seen = bytearray(slots_per_week)  # values learnt in each slot, up to SEEN_MAX
        self.count = 0  # values learnt
        self.demand = 0.0  # smoothed demand, units per period
        self._expected = 0.0  # smoothed profile over the same periods

    @property
    def ready(self) -> bool:
        """Return whether a week of days or a day of shorter periods was learnt: before that, nothing is said."""
        return self.count >= 7 and self.count >= self.slots_per_day

    @property
    def ratio(self) -> float:
        """Return how many times the profile demand runs at now."""
        if self._expected <= 0.0:
            return 1.0
        return min(max(self.demand / self._expected, 1.0 / LEVEL_RATIO_MAX), LEVEL_RATIO_MAX)

    def profile(self, slots_of_week: Sequence[int]) -> list[float]:
        """Return the profile of `slots_of_week`; the smoothed demand where a slot has never been seen."""
        found = list(map(self._profile.__getitem__, slots_of_week))
        if 0 in self._seen:
            return [self.demand if math.isnan(value) else value for value in found]
        return found

    def at(self, slot_of_week: int) -> float:
        """Return the profile of one slot, as `profile` does."""
        found = self._profile[slot_of_week]
        return self.demand if math.isnan(found) else found

    def learn(self, slot_of_week: int, value: float) -> None:
        """Learn the demand of one period."""
        rate = max(self._rate, 1.0 / (self.count + 1))
        expected = self._profile[slot_of_week]
        if math.isnan(expected):
            expected = value
        self.demand += rate * (value - self.demand)
        self._expected += rate * (expected - self._expected)
        self.count += 1
        seen = min(self._seen[slot_of_week] + 1, SEEN_MAX)
        self._seen[slot_of_week] = seen
        step = (value - expected) / seen
        self._profile[slot_of_week] = expected + step
        # What moved the profile must not move the level as well: its past periods count with the new profile.
        self._expected += step / self.slots_per_week
        if seen == 1:
            self._lend(slot_of_week, value)

    def _lend(self, slot_of_week: int, value: float) -> None:
        """Let the same hour of days never seen start from this one."""
        if self.slots_per_day == 1:
            return
        for slot in range(slot_of_week % self.slots_per_day, self.slots_per_week, self.slots_per_day):
            if not self._seen[slot]:
                self._profile[slot] = value

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return self._profile.tobytes(), self._seen, self.count, self.demand, self._expected

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same slots per week returned."""
        profile, seen, self.count, self.demand, self._expected = state
        self._profile = array("f", profile)
        self._seen = bytearray(seen)
