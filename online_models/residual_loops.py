"""What was missed of late and where a period lies in, its features out: the loops of `online_models.residual_features`.

A residual is demand minus profile, in the slot's usual misses ("scales"), 0 of a missing value. Arrays: ring (periods
kept, series) of residuals; smoothed (series, smoothed ones); told (slots, series, TOLD) and numbers (series, NUMBERS),
see `season_layout`; slots (slots,) places in the week; holidays (slots, 3): 1 of a holiday, of one the day before and
the day after.
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.residual_layout import (
    DAY,
    FIXED,
    GUESSES,
    HOLIDAY,
    NEAR,
    ORIGIN,
    POOL,
    RATIO,
    SEASONAL,
    SMOOTHED,
    TURNING,
    VOLUME,
)
from online_models.season_layout import BASE, EXPECTED, LEVEL, OTHERS, SCALE, SUNDAY

Float32s = NDArray[np.float32]
Places64 = NDArray[np.intp]

RESIDUAL_MAX = 8.0  # scales: further out is an outlier that would only tear at the weights
GUESS_MAX = 4.0  # scales that another profile may lie from the mean
BASE_UNIT, BASE_MAX = 3.0, 3.0  # brings a target's profile to about the size of the rest, and bounds it
LEVEL_UNIT = 3.0  # brings the logarithm of the level to about the size of the rest
LEVEL_RATIO_MAX = 4.0  # the level may say at most this many times the profile, and at least its inverse


class Residuals:
    """The arrays of a pool, held as C sees them.

    rates: of the smoothed residuals; lags: (3,) periods of a day, a week, two; day: (slots of the week, 5) waves
    """

    def __init__(self, ring: Float32s, smoothed: Float64s, rates: Float64s, lags: Places64, day: Float64s) -> None:
        self.ring, self.smoothed, self.rates, self.lags, self.day = ring, smoothed, rates, lags, day
        self.origin = np.zeros((ring.shape[1], ORIGIN))  # what is known now of each series

    def remember(self, values: Float64s, told: Float64s, ready: Float64s, periods: int) -> None:
        """Do what `remember` does, after so many periods."""
        remember(values, told, ready, self.rates, self.smoothed, self.ring, periods % self.ring.shape[0])

    def describe(
        self,
        periods: int,
        slots: Places64,
        holidays: Places64,
        told: Float64s,
        numbers: Float64s,
        observed: Float64s,
        found: Float64s,
    ) -> None:
        """Do what `look_back` and `describe` do."""
        look_back(self.ring, periods, self.smoothed, numbers, self.origin)
        describe(
            self.origin, self.ring, periods, self.lags, slots, holidays, self.day, told, numbers, observed, found
        )  # fmt: skip


def remember(
    values: Float64s, told: Float64s, ready: Float64s, rates: Float64s, smoothed: Float64s, ring: Float32s, place: int
) -> None:
    """Take in what was missed in one period, of which `told` (1, series, TOLD) was known before it."""
    for one in range(values.shape[0]):
        residual = 0.0
        if ready[one] > 0.0 and not math.isnan(values[one]):
            residual = _within((values[one] - told[0, one, BASE]) / told[0, one, SCALE], RESIDUAL_MAX)
        ring[place, one] = residual
        for row in range(rates.shape[0]):
            smoothed[one, row] += rates[row] * (residual - smoothed[one, row])


def look_back(ring: Float32s, periods: int, smoothed: Float64s, numbers: Float64s, origin: Float64s) -> None:
    """Write what is known now of each series, (series, ORIGIN); the constant stands first."""
    length, series = ring.shape[0], ring.shape[1]
    last, slow = 0.0, 0.0
    for one in range(series):
        origin[one, 0] = 1.0
        for back in range(3):
            origin[one, NEAR + back] = float(ring[(periods + length - 1 - back) % length, one])
        for row in range(smoothed.shape[1]):
            origin[one, SMOOTHED + row] = smoothed[one, row]
        origin[one, RATIO] = LEVEL_UNIT * _ratio(float(numbers[one, LEVEL]), float(numbers[one, EXPECTED]))
        last += origin[one, NEAR]
        slow += origin[one, SMOOTHED]
    for one in range(series):
        others = max(series - 1, 1)
        origin[one, POOL] = (last - origin[one, NEAR]) / others if series > 1 else 0.0
        origin[one, POOL + 1] = (slow - origin[one, SMOOTHED]) / others if series > 1 else 0.0


def describe(
    origin: Float64s,
    ring: Float32s,
    periods: int,
    lags: Places64,
    slots: Places64,
    holidays: Places64,
    day: Float64s,
    told: Float64s,
    numbers: Float64s,
    observed: Float64s,
    found: Float64s,
) -> None:
    """Write what is known of the next periods, (slots, series, FIXED + 3 x covariates).

    day: (slots of the week, 5) waves; observed: (covariates,) in standard deviations
    """
    for step in range(slots.shape[0]):
        slot, holiday = slots[step], holidays[step, 0]
        for one in range(origin.shape[0]):
            for place in range(ORIGIN):
                found[step, one, place] = origin[one, place]
            for place in range(lags.shape[0]):
                back = lags[place] - step  # periods before the next one
                known = back >= 1 and back <= periods and back <= ring.shape[0]
                row = (periods + ring.shape[0] - back) % ring.shape[0] if known else 0
                found[step, one, SEASONAL + place] = float(ring[row, one]) if known else 0.0
            mean, scale = told[step, one, BASE], told[step, one, SCALE]
            volume = (mean - float(numbers[one, LEVEL])) / scale / BASE_UNIT
            found[step, one, VOLUME] = _within(volume, BASE_MAX)
            for place in range(5):
                found[step, one, DAY + place] = day[slot, place]
                guess = (told[step, one, OTHERS + place] - mean) / scale
                found[step, one, GUESSES + place] = _within(guess, GUESS_MAX)
            for place in range(2):
                found[step, one, TURNING + place] = origin[one, NEAR] * day[slot, place]
                found[step, one, TURNING + 2 + place] = origin[one, SMOOTHED] * day[slot, place]
            found[step, one, TURNING + 4] = origin[one, SMOOTHED] * day[slot, 4]
            found[step, one, HOLIDAY] = float(holiday)
            sunday = _within((told[step, one, SUNDAY] - mean) / scale, RESIDUAL_MAX)
            found[step, one, HOLIDAY + 1] = sunday if holiday else 0.0
            found[step, one, HOLIDAY + 2] = float(holidays[step, 1])
            found[step, one, HOLIDAY + 3] = float(holidays[step, 2])
            for place in range(observed.shape[0]):
                first = FIXED + 3 * place
                found[step, one, first] = observed[place]
                found[step, one, first + 1] = observed[place] * day[slot, 0]
                found[step, one, first + 2] = observed[place] * day[slot, 1]


def _within(value: float, largest: float) -> float:
    return min(max(value, -largest), largest)


def _ratio(level: float, expected: float) -> float:
    """Return the logarithm of how many times its profile a series runs at."""
    ratio = level / expected if expected > 0.0 else 1.0
    return math.log(min(max(ratio, 1.0 / LEVEL_RATIO_MAX), LEVEL_RATIO_MAX))
