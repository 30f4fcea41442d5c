"""Demand slot by slot in, its level and weekly shape out: simple exponential smoothing times a slot-of-week profile.

The profile is a smoothed mean per slot of the week. The level is the ratio of two smoothed sums, demand and
what the profile had said of the same periods: it follows a change of volume at once in all slots, and a closed
day (profile near zero) neither divides by zero nor moves it.
"""

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from online_models.base import Float64s

PROFILE_RATE = 0.1  # weight of this week's value in its slot, once the slot has been seen ten times
LEVEL_DAYS = 14.0  # that the level looks back over, about
LEVEL_RATIO_MAX = 4.0  # the level may say at most this many times the profile, and at least its inverse


class Season:
    """Level and weekly profile of one series."""

    def __init__(self, slots_per_week: int) -> None:
        self.slots_per_week = slots_per_week
        self.slots_per_day = max(slots_per_week // 7, 1)
        self._rate = 1.0 / (LEVEL_DAYS * self.slots_per_day)
        self._profile = array("f", [math.nan] * slots_per_week)  # units per period; NaN: never seen
        self._seen = [0] * slots_per_week  # values learnt in each slot
        self.count = 0  # values learnt
        self.demand = 0.0  # smoothed demand, units per period
        self._expected = 0.0  # smoothed profile over the same periods

    @property
    def ready(self) -> bool:
        """Return whether a week of days or a day of shorter periods was learnt: before that, nothing is said."""
        return self.count >= max(7, self.slots_per_day)

    @property
    def ratio(self) -> float:
        """Return how many times the profile demand runs at now."""
        if self._expected <= 0.0:
            return 1.0
        return min(max(self.demand / self._expected, 1.0 / LEVEL_RATIO_MAX), LEVEL_RATIO_MAX)

    def profile(self, slots_of_week: Sequence[int]) -> Float64s:
        """Return the profile of `slots_of_week`; the smoothed demand where a slot has never been seen."""
        return np.array([self.at(slot) for slot in slots_of_week])

    def at(self, slot_of_week: int) -> float:
        """Return the profile of one slot, as `profile` does."""
        found = self._profile[slot_of_week]
        return self.demand if math.isnan(found) else found

    def learn(self, slot_of_week: int, value: float) -> None:
        """Learn the demand of one period."""
        rate = max(self._rate, 1.0 / (self.count + 1))
        before = self._profile[slot_of_week]
        expected = value if math.isnan(before) else before
        self.demand += rate * (value - self.demand)
        self._expected += rate * (expected - self._expected)
        self.count += 1
        self._seen[slot_of_week] += 1
        share = max(1.0 / self._seen[slot_of_week], PROFILE_RATE)
        self._profile[slot_of_week] = expected + share * (value - expected)
        # What moved the profile must not move the level as well: its past periods count with the new profile.
        self._expected += share * (value - expected) / self.slots_per_week
        if self._seen[slot_of_week] == 1:
            self._lend(slot_of_week, value)

    def _lend(self, slot_of_week: int, value: float) -> None:
        """Let the same hour of days never seen start from this one."""
        if self.slots_per_day == 1:
            return
        for slot in range(slot_of_week % self.slots_per_day, self.slots_per_week, self.slots_per_day):
            if not self._seen[slot]:
                self._profile[slot] = value

    def state(self) -> dict[str, Any]:
        """Return everything kept, as plain values for msgpack."""
        return {
            "profile": self._profile.tobytes(),
            "seen": self._seen,
            "count": self.count,
            "demand": self.demand,
            "expected": self._expected,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state()` of an object of the same slots per week returned."""
        self._profile = array("f", state["profile"])
        self._seen = list(state["seen"])
        self.count = int(state["count"])
        self.demand = float(state["demand"])
        self._expected = float(state["expected"])
