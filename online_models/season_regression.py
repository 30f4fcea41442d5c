"""A pool's demand in, the means of its next periods out: weekly profiles, corrected by one regression for all series.

What demand misses its profile by, in usual misses of the slot, is regressed on what it missed it by of late, a day and
a week before the target, in the series beside it, and on covariates as observed. One regression for some steps ahead
each ("direct" forecasts); between these the weights are interpolated. With no weight learnt it is the profile alone.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Bools, Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.observed import NAMES_MAX, Observed
from online_models.plan import knots_of, steps_between
from online_models.pooled_regression import PooledRegression
from online_models.residual_features import ORIGIN, RESIDUAL_MAX, ResidualHistory, features
from online_models.season_profile import SeasonProfile, Slots

KNOTS_MAX = 4  # steps ahead with weights of their own; 8 are no better on any development span, at twice the cost
NEXT = np.array([1])  # steps ahead
SOLVES_A_DAY = 6  # weights move slowly: a solution costs more than all the rest of a period


class SeasonRegression:
    """Keeps the contract `online_models.together.PoolMeans`."""

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        self._season = SeasonProfile(series, slots_per_week)
        self._history = ResidualHistory(series, slots_per_week)
        self._observed = Observed()
        self._knots = np.array(knots_of(horizon_periods, KNOTS_MAX))
        self._regression = PooledRegression(len(self._knots), self._season.slots_per_day)
        self._lags = np.array([self._season.slots_per_day, slots_per_week, 2 * slots_per_week])
        reach = int(self._knots[-1])
        self._origins = np.zeros((reach, series, ORIGIN), dtype=np.float32)  # ring: features of past origins
        self._weather = np.zeros((reach, NAMES_MAX), dtype=np.float32)  # ring: covariates at past origins, scaled
        self._begun: int | None = None  # the first period whose origin is kept
        self._names = 0  # covariates seen so far

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        season, at = self._season, np.array([slot.of_week])
        base, scale, ready = season.at(at)[:, 0], season.scale(at)[:, 0], season.ready
        residuals = (values - base) / scale
        if self._begun is not None:
            self._learn_weights(at, (base - season.level) / scale, residuals, ready & ~np.isnan(values))
        season.learn(slot.of_week, values)
        bounded = np.clip(residuals, -RESIDUAL_MAX, RESIDUAL_MAX)
        self._history.learn(np.where(ready & ~np.isnan(values), bounded, 0.0))
        self._keep_origin(covariates)
        if self._history.periods % max(season.slots_per_day // SOLVES_A_DAY, 1) == 0:
            self._regression.solve()

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series in its first days."""
        season, at = self._season, np.array([slot.of_week for slot in slots])
        base, scale = season.at(at), season.scale(at)
        steps = np.arange(1, len(at) + 1)
        last = (self._history.periods - 1) % len(self._origins)
        known = features(
            self._origins[last][None].astype(np.float64),
            self._history.seasonal(steps, self._lags),
            ((base - season.level[:, None]) / scale).T,
            self._weather[last, : self._names][None].astype(np.float64),
            at,
            season.slots_per_week,
        )
        weights = self._weights(len(at), known.shape[-1])
        path: Float64s = base + scale * np.einsum("hsf,hf->sh", known, weights)
        path[~season.ready] = np.nan
        return path

    def _learn_weights(self, at: Slots, base: Float64s, residuals: Float64s, given: Bools) -> None:
        """Learn what each knot's forecast of this period should have been."""
        periods, knots = self._history.periods, self._knots
        places = (periods - knots) % len(self._origins)
        in_time = self._lags >= knots[:, None]  # (knots, lags): known when the forecast was made
        known = features(
            self._origins[places].astype(np.float64),
            self._history.seasonal(NEXT, self._lags) * in_time[:, None, :],
            base[None],
            self._weather[places, : self._names].astype(np.float64),
            np.repeat(at, len(knots)),
            self._season.slots_per_week,
        )
        begun = periods - knots >= (self._begun or 0)
        self._regression.learn(known, residuals, given[None] & begun[:, None])

    def _keep_origin(self, covariates: Covariates) -> None:
        periods = self._history.periods
        observed = self._observed.learn(covariates)
        self._names = len(observed)
        place = (periods - 1) % len(self._origins)
        self._origins[place] = self._history.origin(np.log(self._season.ratio))
        self._weather[place] = 0.0
        self._weather[place, : self._names] = observed
        if self._begun is None and self._season.ready.any():
            self._begun = periods - 1

    def _weights(self, periods: int, count: int) -> Float64s:
        """Return the weights of each step, (periods, count)."""
        weights = self._regression.weights
        if weights.shape[-1] < count:  # a covariate that nothing was learnt of yet
            weights = np.pad(weights, ((0, 0), (0, count - weights.shape[-1])))
        near, far, way = (part[:-1] for part in steps_between(tuple(self._knots.tolist()), periods))
        found: Float64s = weights[near] + (weights[far] - weights[near]) * way
        return found

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        self._season.adopt(old._season, places)
        self._history.adopt(old._history, places)
        self._observed.restore(old._observed.state())
        self._regression.restore(old._regression.state())
        carry(self._origins, old._origins, places, axis=1)
        self._weather[...] = old._weather
        self._begun, self._names = old._begun, old._names

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        parts = (self._season, self._history, self._observed, self._regression)
        rings = (self._origins.tobytes(), self._weather.tobytes())
        return *(part.state() for part in parts), *rings, self._begun, self._names

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        season, history, observed, regression, origins, weather, self._begun, self._names = state
        self._season.restore(season)
        self._history.restore(history)
        self._observed.restore(observed)
        self._regression.restore(regression)
        self._origins[...] = np.frombuffer(origins, np.float32).reshape(self._origins.shape)
        self._weather[...] = np.frombuffer(weather, np.float32).reshape(self._weather.shape)
