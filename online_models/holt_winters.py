"""A pool's demand in, its level, damped trend and additive season out: Holt-Winters that starts and ends well.

Source: Hyndman and Athanasopoulos 2021, "Forecasting: Principles and Practice", 3rd ed., sections 8.2 and 8.3 (additive
season, damped trend). Departures: the smoothing of level and trend is not fitted but chosen for each series, at every
period, among `GRID` by the discounted error of the next period; what one miss teaches the season is bounded; the
season is additive, so that a week of zeros divides nothing by zero, and begins as the deviations of the first week from
its mean, not as ratios.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry

GRID = np.array([(alpha, beta) for alpha in (0.05, 0.2, 0.5, 0.9) for beta in (0.0, 0.1)])  # of level and trend
GAMMA = 0.1  # of the season
SEASON_MISS_MAX = 2.0  # usual misses: a change of level teaches the season of its day no more than this
DAMPED = 0.95  # the trend of each further period is this share of the last one's
ERROR_RATE = 0.02  # of the discounted squared error: about the last 50 periods


class HoltWinters:
    """Keeps the contract `online_models.together.PoolMeans`; season of a week."""

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        del horizon_periods
        shape = (len(GRID), series)
        self._season = np.full(
            (slots_per_week, series), np.nan, dtype=np.float32
        )  # units; first values, then deviations
        self._level = np.zeros(shape)  # units
        self._trend = np.zeros(shape)  # units per period
        self._error = np.zeros(shape)  # squared units, discounted
        self._started = np.zeros(series, dtype=bool)
        self._periods = np.zeros(series)  # since the series' first value
        self._learnt = np.zeros(series)  # values learnt since the start

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        del covariates
        given = ~np.isnan(values)
        self._step(slot.of_week, values, given & self._started)
        waiting = ~self._started
        np.copyto(self._season[slot.of_week], values, where=given & waiting, casting="same_kind")
        self._periods += given | (self._periods > 0)
        self._start(waiting & (self._periods >= len(self._season)))

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series before its first whole week."""
        best = np.argmin(self._error, axis=0)[None]
        level = np.take_along_axis(self._level, best, axis=0)[0]
        trend = np.take_along_axis(self._trend, best, axis=0)[0]
        damped = np.cumsum(DAMPED ** np.arange(1, len(slots) + 1))
        season = self._season[[slot.of_week for slot in slots]].T
        path: Float64s = level[:, None] + damped * trend[:, None] + season
        path[~self._started] = np.nan
        return path

    def _step(self, slot: int, values: Float64s, given: Any) -> None:
        """Learn where there is a value; where there is none, time goes on: the trend moves the level."""
        season = self._season[slot].astype(np.float64)
        ahead = self._level + DAMPED * self._trend
        missed = np.where(given, values - season - ahead, 0.0)
        alpha, beta = GRID[:, :1], GRID[:, 1:]
        usual = np.sqrt(self._error.min(axis=0))
        self._learnt += given
        rate = np.maximum(ERROR_RATE, 1.0 / np.maximum(self._learnt, 1.0))
        np.add(self._error, rate * (missed**2 - self._error), out=self._error, where=given[None])
        self._level = np.where(self._started, ahead + alpha * missed, self._level)
        self._trend = np.where(self._started, DAMPED * self._trend + alpha * beta * missed, self._trend)
        best = np.argmin(self._error, axis=0)[None]
        left = np.take_along_axis((1.0 - alpha) * missed, best, axis=0)[0]
        left = np.clip(left, -SEASON_MISS_MAX * usual, SEASON_MISS_MAX * usual)
        np.copyto(self._season[slot], season + GAMMA * left, where=given, casting="same_kind")

    def _start(self, full: Any) -> None:
        """Begin where a whole week has gone by: its mean is the level, what is left the season."""
        if not full.any():
            return
        first = self._season[:, full]
        mean = np.nanmean(first, axis=0)
        self._season[:, full] = np.where(np.isnan(first), 0.0, first - mean)
        self._level[:, full] = mean
        self._started |= full

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        for name in _KEPT:
            carry(getattr(self, name), getattr(old, name), places, axis=-1)

    def state(self) -> tuple[bytes, ...]:
        """Return everything kept, as plain values for msgpack."""
        return tuple(getattr(self, name).tobytes() for name in _KEPT)

    def restore(self, state: tuple[bytes, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        for name, data in zip(_KEPT, state, strict=True):
            own = getattr(self, name)
            setattr(self, name, np.frombuffer(data, own.dtype).reshape(own.shape).copy())


_KEPT = ("_season", "_level", "_trend", "_error", "_started", "_periods", "_learnt")
