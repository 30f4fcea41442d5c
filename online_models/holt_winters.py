"""A pool's demand in, its level, damped trend and additive season out: Holt-Winters that starts and ends well.

Source: Hyndman and Athanasopoulos 2021, "Forecasting: Principles and Practice", 3rd ed., sections 8.2 and 8.3 (additive
season, damped trend). Departures: the smoothing of level and trend is not fitted but chosen for each series, at every
period, among `GRID` by the discounted error of the next period; what one miss teaches the season is bounded; the
season is additive, so that a week of zeros divides nothing by zero, and begins as the deviations of the first week from
its mean, not as ratios.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.holt_winters_loops import learn, say
from online_models.kept_arrays import packed, unpack
from online_models.next_slots import next_slots

GRID = np.array([(alpha, beta) for alpha in (0.05, 0.2, 0.5, 0.9) for beta in (0.0, 0.1)])  # of level and trend
GAMMA = 0.1  # of the season
SEASON_MISS_MAX = 2.0  # usual misses: a change of level teaches the season of its day no more than this
DAMPED = 0.95  # the trend of each further period is this share of the last one's
ERROR_RATE = 0.02  # of the discounted squared error: about the last 50 periods
_RATES = np.array([GAMMA, SEASON_MISS_MAX, DAMPED, ERROR_RATE])


class HoltWinters:
    """Keeps the contract `online_models.together.PoolMeans`; season of a week.

    >>> model = HoltWinters(1, 7, 7)
    >>> for day in range(70):  # ten more on Sundays
    ...     model.learn(Slot(day % 7), np.array([20.0 + 10.0 * (day % 7 == 6)]), ())
    >>> model.paths([Slot(day) for day in range(7)]).round(2).tolist()
    [[20.0, 20.0, 20.0, 20.0, 20.0, 20.0, 30.0]]
    """

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        del horizon_periods
        shape = (len(GRID), series)
        self._season = np.full((slots_per_week, series), np.nan)  # units; first values, then deviations
        self._level = np.zeros(shape)  # units
        self._trend = np.zeros(shape)  # units per period
        self._error = np.zeros(shape)  # squared units, discounted
        self._numbers = np.zeros((3, series))  # started, periods since the first value, values learnt since the start

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        del covariates
        learn(values, slot.of_week, GRID, _RATES, self._season, self._level, self._trend, self._error, self._numbers)

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series before its first whole week."""
        path = np.empty((self._level.shape[1], len(slots)))
        path.fill(np.nan)
        places = next_slots(slots).of_week
        say(places, _RATES, self._season, self._level, self._trend, self._error, self._numbers, path)
        return path

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        for name in _KEPT:
            carry(getattr(self, name), getattr(old, name), places, axis=-1)

    def state(self) -> tuple[bytes, ...]:
        """Return everything kept, as plain values for msgpack."""
        return packed(self, _KEPT)

    def restore(self, state: tuple[bytes, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        unpack(self, _KEPT, state)


_KEPT = ("_season", "_level", "_trend", "_error", "_numbers")
