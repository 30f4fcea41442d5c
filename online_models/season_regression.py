"""A pool's demand in, the means of its next periods out: weekly profiles, corrected by one regression for all series.

What demand misses its profile by, in usual misses of the slot, is regressed on what it missed it by of late, a day and
a week before the target, in the series beside it, on what other profiles say, on holidays, on covariates as observed,
and on hinges of all these. One regression for some steps ahead each ("direct" forecasts); between these the weights are
interpolated. With no weight learnt it is the profile alone.
"""

import functools
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.hinges import HINGES, HINGES_PER_COVARIATE, Inputs
from online_models.next_slots import next_slots
from online_models.observed import Observed
from online_models.plan import knots_of, steps_between
from online_models.pooled_regression import PooledRegression
from online_models.residual_features import PER_COVARIATE, ResidualHistory
from online_models.residual_layout import DAY, FIXED, GUESSES, HOLIDAY
from online_models.season_layout import TOLD
from online_models.season_profile import SeasonProfile
from online_models.season_regression_loops import Steps

KNOTS_MAX = 4  # steps ahead with weights of their own; 8 are no better on any development span, at twice the cost
BATCH = 8  # periods that are learnt together: the products of features cost more than all the rest of a period
BATCH_OF_DAYS = 2  # fewer features, and slower news
SAID = 3  # numbers kept of each forecast: profile and scale, units, and what was added, scales

Slots = NDArray[np.intp]


class SeasonRegression:
    """Keeps the contract `online_models.together.PoolMeans`."""

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        self._season = SeasonProfile(series, slots_per_week)
        self._history = ResidualHistory(series, slots_per_week)
        self._observed = Observed()
        self._ahead = knots_of(horizon_periods, KNOTS_MAX)
        self._knots = np.array(self._ahead)
        self._regression = PooledRegression(
            self._knots, self._season.slots_per_day, _inputs(self._season.slots_per_day)
        )
        self._batch = BATCH if self._season.slots_per_day > 1 else BATCH_OF_DAYS
        self._holidays = np.zeros(self._season.slots_per_day, dtype=np.uint8)  # ring: of the last day
        self._ready = np.zeros(series)  # 1 of a series that has learnt enough
        self._weather = np.zeros(0)  # (covariates,) of the last period, in their standard deviations
        knots = self._ahead
        # Rings by the period a forecast was made in: of each knot what it was made from, and what was said.
        self._firsts = np.cumsum([0, *(knot + self._batch for knot in knots)])
        self._made_from = np.zeros((int(self._firsts[-1]), series, FIXED), dtype=np.float32)
        self._said = np.full((knots[-1], len(knots), series, SAID), np.nan, dtype=np.float32)
        self._targets = np.full((len(knots), self._batch, series), np.nan)  # scales, of the periods not learnt yet
        self._is_said = True  # what is said after the last learnt period is kept
        self._steps = self._bound()

    def _bound(self) -> Steps:
        """Return the loops over what is kept now, to be made anew whenever an array is."""
        return Steps(
            self._season.loops, self._history.loops, self._regression.loops, self._knots, self._firsts,
            self._holidays, self._ready, self._made_from, self._said, self._targets,
        )  # fmt: skip

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        values, periods = np.ascontiguousarray(values, np.float64), self._history.periods
        is_rest = int(slot.holiday or slot.of_week >= 5 * self._season.slots_per_day)
        self._steps.learn(values, slot.of_week, int(slot.holiday), is_rest, periods)
        self._history.periods = periods + 1
        self._weather = self._observed.learn(covariates)
        self._is_said = False
        if (periods + 1) % self._batch == 0:
            self._regression.learn(self._made_from, self._firsts.tolist(), periods - self._batch + 1, self._targets)

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series in its first days."""
        known, series, periods = next_slots(slots), len(self._ready), self._history.periods
        told, holidays = np.empty((len(slots), series, TOLD)), np.empty((len(slots), 3), np.intp)
        inputs = np.empty((len(slots), series, FIXED + PER_COVARIATE * len(self._weather)))
        self._steps.describe(periods, known.of_week, known.is_holiday, self._weather, holidays, told, inputs)
        self._widen(inputs.shape[-1])
        added, found = np.empty((len(slots), series)), np.empty((series, len(slots)))
        between = _between(self._ahead, len(slots))
        self._steps.paths(-1 if self._is_said else periods - 1, inputs, told, *between, added, found)
        self._is_said = True
        return found

    def _widen(self, inputs: int) -> None:
        """Make room for a covariate that is new; before, it was 0: its mean."""
        more = inputs - self._made_from.shape[-1]
        if more > 0:
            self._regression.widen((inputs - FIXED) // PER_COVARIATE)
            self._made_from = np.pad(self._made_from, ((0, 0), (0, 0), (0, more)))
            self._steps = self._bound()

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of other series or another horizon but else alike, learnt of those that stay.

        Of another horizon, what was said and waits for its actual is let go of.
        """
        self._season.adopt(old._season, places)
        self._history.adopt(old._history, places)
        self._observed.restore(old._observed.state())
        self._weather = old._weather.copy()
        inputs = old._made_from.shape[-1]
        self._widen(inputs)
        self._regression.adopt(old._regression, (inputs - FIXED) // PER_COVARIATE)
        self._steps = self._bound()
        if self._ahead == old._ahead:
            carry(self._made_from, old._made_from, places, axis=1)
            carry(self._said, old._said, places, axis=2)
            carry(self._targets, old._targets, places, axis=2)
        self._is_said = old._is_said
        self._holidays[...] = old._holidays
        self._ready[...] = self._season.ready

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        parts = (self._season, self._history, self._observed, self._regression)
        arrays = [one.tobytes() for one in (self._made_from, self._said, self._targets, self._holidays)]
        kept = (self._made_from.shape[-1], *arrays, self._weather.tolist(), self._is_said)
        return *(part.state() for part in parts), *kept

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        season, history, observed, regression, inputs, made_from, said, targets, holidays, weather, self._is_said = (
            state
        )
        self._season.restore(season)
        self._history.restore(history)
        self._observed.restore(observed)
        self._weather = np.array(weather, np.float64)
        self._widen(inputs)
        self._regression.restore(regression, (inputs - FIXED) // PER_COVARIATE)
        self._steps = self._bound()
        self._made_from[...] = np.frombuffer(made_from, np.float32).reshape(self._made_from.shape)
        self._ready[...] = self._season.ready
        self._said[...] = np.frombuffer(said, np.float32).reshape(self._said.shape)
        self._holidays[...] = np.frombuffer(holidays, np.uint8)
        self._targets[...] = np.frombuffer(targets).reshape(self._targets.shape)


def _inputs(slots_per_day: int) -> Inputs:
    """Return what features are made of: days have no hour, and hinges of them forecast no better."""
    known = tuple(place for place in range(FIXED) if slots_per_day > 1 or place not in range(DAY, GUESSES))
    if slots_per_day <= 1:
        return Inputs(FIXED, known, (), 0, PER_COVARIATE, 1, 0)
    mixed = tuple(place for place in known if 0 < place < HOLIDAY)
    return Inputs(FIXED, known, mixed, HINGES, PER_COVARIATE, PER_COVARIATE, HINGES_PER_COVARIATE)


@functools.lru_cache(maxsize=256)
def _between(knots: tuple[int, ...], periods: int) -> tuple[Slots, Slots, Float64s]:
    near, far, way = steps_between(knots, periods)
    return near[:-1], far[:-1], way[:-1, 0].copy()
