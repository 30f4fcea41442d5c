"""A pool's period in, its weekly profiles moved; a later slot in, what they say of it out: loops of `season_profile`.

Arrays: week (series, slots of the week, WEEK) and days (series, kinds of day, slots of the day, DAYS), units, NaN where
never seen; seen, days_seen (the same without the last axis); numbers (series, NUMBERS). See `season_layout`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.season_layout import (
    BASE,
    COUNT,
    DAY_FAST,
    DAY_SLOW,
    EXPECTED,
    FAST,
    LEVEL,
    MEAN,
    MISS,
    OTHERS,
    SCALE,
    SLOW,
    SPREAD,
    SPREADS,
    SUNDAY,
)

Float32s = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Slots = NDArray[np.intp]

SEEN_MAX = 255

MEAN_RATE, FAST_RATE, SLOW_RATE = 0.1, 0.3, 0.02  # at least, of a slot's means
DAY_RATE, DAY_FAST_RATE = 0.05, 0.3
SPREAD_POWER = 0.75  # a slot's miss grows with this power of its mean, while few misses of the slot itself are known
LEAST_SHARE = 0.05  # of the level: quieter slots are taken to spread as this
SLOT_SEEN, SLOT_TRUST = 10.0, 12.0  # weeks that are counted, and that a slot's own misses would need to count for all
MISS_TO_DEVIATION = 1.25  # standard deviations of a normal variable in its mean absolute miss, sqrt(pi / 2)
SCALE_MIN = 1e-6


class Profiles:
    """The arrays of a pool, held as C sees them: to hand one over costs as much as to read a hundred numbers.

    rate: of the level; least: values and misses learnt before a series is ready
    """

    def __init__(
        self,
        week: Float32s,
        seen: Bytes,
        days: Float32s,
        days_seen: Bytes,
        numbers: Float64s,
        rate: float,
        least: float,
    ) -> None:
        self.week, self.seen, self.days, self.days_seen, self.numbers = week, seen, days, days_seen, numbers
        self.rate, self.least = rate, least

    def learn(self, values: Float64s, slot: int, is_rest: int) -> None:
        """Do what `learn` does."""
        learn(values, slot, is_rest, self.rate, self.week, self.seen, self.days, self.days_seen, self.numbers)

    def tell(self, slots: Slots, told: Float64s) -> None:
        """Do what `tell` does."""
        tell(slots, self.week, self.seen, self.days, self.numbers, told)

    def ready(self, found: Float64s) -> None:
        """Write 1 of each series that has learnt enough, else 0, into `found` (series,)."""
        for one in range(found.shape[0]):
            is_ready = self.numbers[one, COUNT] >= self.least and self.numbers[one, SPREADS] >= self.least
            found[one] = 1.0 if is_ready else 0.0


def learn(
    values: Float64s,
    slot: int,
    is_rest: int,
    level_rate: float,
    week: Float32s,
    seen: Bytes,
    days: Float32s,
    days_seen: Bytes,
    numbers: Float64s,
) -> None:
    """Learn the demand of one period, (series,) units; is_rest: 1 of a weekend or a holiday."""
    slots, per_day = week.shape[1], days.shape[2]
    for one in range(values.shape[0]):
        value = float(values[one])
        if math.isnan(value):
            continue
        before = float(week[one, slot, MEAN])
        if math.isnan(before):
            before = value
        rate = max(level_rate, 1.0 / (numbers[one, COUNT] + 1.0))
        numbers[one, LEVEL] += rate * (value - numbers[one, LEVEL])
        numbers[one, EXPECTED] += rate * (before - numbers[one, EXPECTED])
        numbers[one, COUNT] += 1.0
        _learn_day(one, value, slot % per_day, is_rest, days, days_seen)
        if seen[one, slot] > 0:
            _learn_miss(one, slot, abs(value - before) * MISS_TO_DEVIATION, before, level_rate, week, seen, numbers)
        if seen[one, slot] < SEEN_MAX:
            seen[one, slot] += 1
        first = 1.0 / float(seen[one, slot])
        step = max(first, MEAN_RATE) * (value - before)
        week[one, slot, MEAN] = before + step
        # What moved the profile must not move the level as well: its past periods count with the new profile.
        numbers[one, EXPECTED] += step / slots
        week[one, slot, FAST] = _moved(float(week[one, slot, FAST]), value, max(first, FAST_RATE))
        week[one, slot, SLOW] = _moved(float(week[one, slot, SLOW]), value, max(first, SLOW_RATE))
        if seen[one, slot] == 1 and per_day > 1:
            _lend(one, slot, value, per_day, week, seen)


def tell(
    slots: Slots,
    week: Float32s,
    seen: Bytes,
    days: Float32s,
    numbers: Float64s,
    told: Float64s,
) -> None:
    """Write what the profiles say of later `slots`, places in the week: (slots, series, TOLD) units.

    It is the mean where something was never seen.
    """
    count, per_day = week.shape[1], days.shape[2]
    for step in range(slots.shape[0]):
        slot = slots[step]
        rest = 1 if slot >= 5 * per_day else 0
        for one in range(week.shape[0]):
            mean = _mean(one, slot, week, numbers)
            told[step, one, BASE] = mean
            told[step, one, SCALE] = _scale(one, slot, mean, week, seen, numbers)
            told[step, one, OTHERS] = _either(float(week[one, slot, FAST]), mean)
            told[step, one, OTHERS + 1] = _either(float(week[one, slot, SLOW]), mean)
            before = _mean(one, (slot + count - 1) % count, week, numbers)
            told[step, one, OTHERS + 2] = 0.5 * (before + _mean(one, (slot + 1) % count, week, numbers))
            told[step, one, OTHERS + 3] = _either(float(days[one, rest, slot % per_day, DAY_SLOW]), mean)
            told[step, one, OTHERS + 4] = _either(float(days[one, rest, slot % per_day, DAY_FAST]), mean)
            told[step, one, SUNDAY] = _mean(one, 6 * per_day + slot % per_day, week, numbers)


def _lend(one: int, slot: int, value: float, per_day: int, week: Float32s, seen: Bytes) -> None:
    """Let the same hour of days never seen start from this one."""
    for other in range(slot % per_day, week.shape[1], per_day):
        if seen[one, other] == 0:
            week[one, other, MEAN] = value


def _learn_day(one: int, value: float, slot: int, is_rest: int, days: Float32s, days_seen: Bytes) -> None:
    if days_seen[one, is_rest, slot] < SEEN_MAX:
        days_seen[one, is_rest, slot] += 1
    first = 1.0 / float(days_seen[one, is_rest, slot])
    slow, fast = float(days[one, is_rest, slot, DAY_SLOW]), float(days[one, is_rest, slot, DAY_FAST])
    days[one, is_rest, slot, DAY_SLOW] = _moved(slow, value, max(first, DAY_RATE))
    days[one, is_rest, slot, DAY_FAST] = _moved(fast, value, max(first, DAY_FAST_RATE))


def _learn_miss(
    one: int, slot: int, miss: float, mean: float, level_rate: float, week: Float32s, seen: Bytes, numbers: Float64s
) -> None:
    numbers[one, SPREADS] += 1.0
    rate = max(level_rate, 1.0 / numbers[one, SPREADS])
    numbers[one, SPREAD] += rate * (miss / _power(one, mean, numbers) - numbers[one, SPREAD])
    week[one, slot, MISS] = _moved(float(week[one, slot, MISS]), miss, max(1.0 / float(seen[one, slot]), MEAN_RATE))


def _moved(mean: float, value: float, rate: float) -> float:
    return value if math.isnan(mean) else mean + rate * (value - mean)


def _either(value: float, other: float) -> float:
    return other if math.isnan(value) else value


def _mean(one: int, slot: int, week: Float32s, numbers: Float64s) -> float:
    return _either(float(week[one, slot, MEAN]), float(numbers[one, LEVEL]))


def _scale(one: int, slot: int, mean: float, week: Float32s, seen: Bytes, numbers: Float64s) -> float:
    """Return the usual miss in a slot, units, above 0."""
    spread = float(numbers[one, SPREAD]) if numbers[one, SPREADS] > 0.0 else 1.0
    guess = spread * _power(one, mean, numbers)
    own = float(week[one, slot, MISS])
    trust = min(float(seen[one, slot]), SLOT_SEEN) / SLOT_TRUST
    scale = guess if math.isnan(own) else trust * own + (1.0 - trust) * guess
    return max(scale, SCALE_MIN)


def _power(one: int, mean: float, numbers: Float64s) -> float:
    least = max(LEAST_SHARE * float(numbers[one, LEVEL]), 1e-9)
    return float(max(mean, least) ** SPREAD_POWER)
