"""Demand of a pool slot by slot in; each series' weekly profile, usual miss and level out, as arrays.

What `season.Season` is for one series, for all of a pool in NumPy, and with the size of the usual miss in each slot:
divided by it, a busy hour's residual and a quiet night's say equally much.
"""

from typing import Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Bools, Float64s
from online_models.carry import Places, carry

Slots = NDArray[np.intp]

RATE_MIN = 0.07  # of a slot's mean: about the last 14 weeks; 0.04 to 0.12 differ by 2 % on the development spans
LEVEL_DAYS = 14.0  # that the level looks back over, about
LEVEL_RATIO_MAX = 4.0  # the level may say at most this many times the profile, and at least its inverse
SPREAD_POWER = 0.75  # a slot's miss grows with this power of its mean, while few misses of the slot itself are known
LEAST_SHARE = 0.05  # of the level: quieter slots are taken to spread as this
SLOT_TRUST = 12.0  # weeks until a slot's own misses count for nearly all
SEEN_MAX = 10
MISS_TO_DEVIATION = 1.25  # standard deviations of a normal variable in its mean absolute miss, sqrt(pi / 2)


class SeasonProfile:
    """Weekly profiles of `series` series; NaN is a missing value everywhere."""

    def __init__(self, series: int, slots_per_week: int) -> None:
        self.slots_per_week = slots_per_week
        self.slots_per_day = max(slots_per_week // 7, 1)
        self._rate = 1.0 / (LEVEL_DAYS * self.slots_per_day)
        self._profile = np.full((series, slots_per_week), np.nan, dtype=np.float32)  # units per period
        self._miss = np.full((series, slots_per_week), np.nan, dtype=np.float32)  # standard deviations, units
        self._seen = np.zeros((series, slots_per_week), dtype=np.uint8)  # values learnt, up to SEEN_MAX
        self.count = np.zeros(series)  # (series,) values learnt
        self.level = np.zeros(series)  # (series,) smoothed demand, units per period
        self._expected = np.zeros(series)  # (series,) smoothed profile over the same periods
        self._spread = np.zeros(series)  # (series,) miss over the power of the mean
        self._spreads = np.zeros(series)  # (series,) misses in it

    @property
    def ready(self) -> Bools:
        """Return which series have learnt a week of days, or a day of shorter periods, and its misses: (series,)."""
        known: Bools = np.minimum(self.count, self._spreads) >= max(7, self.slots_per_day)
        return known

    @property
    def ratio(self) -> Float64s:
        """Return how many times its profile each series runs at now: (series,)."""
        known = self._expected > 0.0
        ratio = np.where(known, self.level / np.where(known, self._expected, 1.0), 1.0)
        return np.clip(ratio, 1.0 / LEVEL_RATIO_MAX, LEVEL_RATIO_MAX)

    def at(self, slots: Slots) -> Float64s:
        """Return the profile of `slots`, units, (series, slots): the level where a slot was never seen."""
        found = self._profile[:, slots].astype(np.float64)
        return np.where(np.isnan(found), self.level[:, None], found)

    def scale(self, slots: Slots) -> Float64s:
        """Return the usual miss in `slots`, units, (series, slots), above 0."""
        guess = np.where(self._spreads > 0, self._spread, 1.0)[:, None] * self._power(self.at(slots))
        own = self._miss[:, slots].astype(np.float64)
        trust = self._seen[:, slots] / SLOT_TRUST
        blended = np.where(np.isnan(own), guess, trust * own + (1.0 - trust) * guess)
        return np.maximum(blended, 1e-6)

    def learn(self, slot: int, values: Float64s) -> None:
        """Learn the demand of one period, (series,) units."""
        given = ~np.isnan(values)
        seen = self._seen[:, slot]
        before = np.where(np.isnan(self._profile[:, slot]), values, self._profile[:, slot])
        rate = np.maximum(self._rate, 1.0 / (self.count + 1.0))
        np.add(self.level, rate * (values - self.level), out=self.level, where=given)
        np.add(self._expected, rate * (before - self._expected), out=self._expected, where=given)
        again = given & (seen > 0)
        self._learn_miss(slot, np.abs(values - before) * MISS_TO_DEVIATION, before, again)
        self.count += given
        np.add(seen, 1, out=seen, where=given & (seen < SEEN_MAX), casting="unsafe")
        step = np.where(given, np.maximum(1.0 / np.maximum(seen, 1), RATE_MIN) * (values - before), 0.0)
        np.copyto(self._profile[:, slot], before + step, where=given, casting="same_kind")
        # What moved the profile must not move the level as well: its past periods count with the new profile.
        self._expected += step / self.slots_per_week
        self._lend(slot, values, given & (seen == 1))

    def _learn_miss(self, slot: int, miss: Float64s, mean: Float64s, given: Bools) -> None:
        self._spreads += given
        rate = np.maximum(self._rate, 1.0 / np.maximum(self._spreads, 1.0))
        spread = miss / self._power(mean[:, None])[:, 0]
        np.add(self._spread, rate * (spread - self._spread), out=self._spread, where=given)
        own = self._miss[:, slot]
        rate = np.maximum(1.0 / np.maximum(self._seen[:, slot], 1), RATE_MIN)
        moved = np.where(np.isnan(own), miss, own + rate * (miss - own))
        np.copyto(own, moved, where=given, casting="same_kind")

    def _power(self, mean: Float64s) -> Float64s:
        least = np.maximum(LEAST_SHARE * self.level, 1e-9)[:, None]
        power: Float64s = np.maximum(mean, least) ** SPREAD_POWER
        return power

    def _lend(self, slot: int, values: Float64s, first: Bools) -> None:
        """Let the same hour of days never seen start from this one."""
        if self.slots_per_day == 1 or not first.any():
            return
        days = slice(slot % self.slots_per_day, None, self.slots_per_day)
        unseen = (self._seen[:, days] == 0) & first[:, None]
        np.copyto(self._profile[:, days], values[:, None], where=unseen, casting="same_kind")

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        for name in _KEPT:
            carry(getattr(self, name), getattr(old, name), places, axis=0)

    def state(self) -> tuple[bytes, ...]:
        """Return everything kept, as plain values for msgpack."""
        return tuple(getattr(self, name).tobytes() for name in _KEPT)

    def restore(self, state: tuple[bytes, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        for name, data in zip(_KEPT, state, strict=True):
            own = getattr(self, name)
            own[...] = np.frombuffer(data, own.dtype).reshape(own.shape)


_KEPT = ("_profile", "_miss", "_seen", "count", "level", "_expected", "_spread", "_spreads")
