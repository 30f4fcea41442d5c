"""An imitation of the live forecasts, fast: generated demand in, means and quantiles with a forecaster's errors out.

The live forecasts come from an online model with empirical residual quantiles. They lag behind the level, know
the weekly profile roughly, and take their quantiles from a short history, sometimes too wide or too narrow. A
policy that learnt on perfect forecasts would trust them too much.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np

from online_models.base import QUANTILE_LEVELS
from simulator.inventory.demand import Demand
from simulator.inventory.outlook import Outlook, Repeated, Span
from simulator.inventory.smoothing import smoothed_level
from simulator.inventory.types import Float64s, Int64s


@dataclass(frozen=True, slots=True)
class Errors:
    """How wrong forecasts are; spreads are standard deviations of logarithms.

    The defaults were set so that error and coverage on generated retail demand are about those of the live mixture of
    models, a little less sure at the top; a test compares the two.
    """

    profile: float = 0.2  # of each weekday's factor
    level: tuple[float, float] = (0.1, 0.6)  # of the level at one origin, uniform per series
    memory: float = 0.7  # how much of the level's error is left a period later
    bias: tuple[float, float] = (-0.07, 0.08)  # mean and spread per series
    width: float = 1.15  # of the quantiles, beside that of the residuals of the history
    dispersion: float = 0.15  # of that width, per series

    def prepare(
        self, rng: np.random.Generator, demand: Demand, lead_time_periods: Int64s, span: Span
    ) -> "BelievedForecasts":
        """Return forecasts with these errors; where the level is hidden they smooth what was asked instead."""
        return BelievedForecasts(
            believe(rng, demand, lead_time_periods, span.history_periods, self), span.horizon_periods
        )


LIVE_LIKE = Errors()


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Forecasts from every origin of a stretch of demand; origin 0 is the first period after the history."""

    level_units: Float64s  # (worlds, n, origins) level as believed
    profile: Float64s  # (worlds, n, season) factors as believed
    residual_units: Float64s  # (worlds, n, quantiles) of one period at the average level
    lead_residual_units: Float64s  # (worlds, n, quantiles) of the periods until an order is there, together
    scaling: Float64s  # (worlds, n, 1) power of the mean by which residuals grow: 0, 0.5 or 1
    average_units: Float64s  # (worlds, n, 1) mean of a period over the history
    lead_time_periods: Int64s  # (worlds, n)
    start: int  # slot of the season of origin 0

    def means(self, origin: int, horizon: int) -> Float64s:
        """Return (worlds, n, horizon) units per period from `origin` on."""
        slots = (self.start + origin + np.arange(horizon)) % self.profile.shape[-1]
        return np.asarray(self.level_units[..., origin, np.newaxis] * self.profile[..., slots], dtype=np.float64)

    def quantiles(self, means: Float64s) -> Float64s:
        """Return (worlds, n, horizon, quantiles) units of the periods with the given means."""
        grown = _growth(means, self.average_units, self.scaling)
        around = self.residual_units[..., np.newaxis, :] * grown[..., np.newaxis]
        return np.asarray(np.maximum(means[..., np.newaxis] + around, 0.0), dtype=np.float64)

    def lead_quantiles(self, means: Float64s) -> Float64s:
        """Return (worlds, n, quantiles) units over lead time + 1 periods, whose means come first in `means`."""
        inside = np.arange(means.shape[-1]) <= self.lead_time_periods[..., np.newaxis]
        total = np.where(inside, means, 0.0).sum(axis=-1, keepdims=True)
        usual = self.average_units * (self.lead_time_periods[..., np.newaxis] + 1)
        around = self.lead_residual_units * _growth(total, usual, self.scaling)
        return np.asarray(np.maximum(total + around, 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class BelievedForecasts:
    """Forecasts that were all drawn before the first order, and learn nothing more."""

    believed: Forecasts
    horizon_periods: int
    _last: dict[int, Outlook] = field(default_factory=dict, repr=False)  # of one origin: runs side by side ask again

    @property
    def average_units(self) -> Float64s:
        """Mean of a period over the history, (worlds, n, 1)."""
        return self.believed.average_units

    def start(self) -> Self:
        """Return themselves: a run changes nothing."""
        return self

    def repeated(self, copies: int) -> Repeated:
        """Return the same forecasts for `copies` times the worlds."""
        return Repeated(self, copies)

    def at(self, origin: int) -> Outlook:
        """Return what is believed at the start of the decided period `origin`."""
        if origin not in self._last:
            means = self.believed.means(origin, self.horizon_periods)
            self._last.clear()
            self._last[origin] = Outlook(means, self.believed.quantiles(means), self.believed.lead_quantiles(means))
        return self._last[origin]

    def learn(self, seen_units: Float64s, *, censored: Float64s) -> None:
        """Learn nothing: what is believed of every period is drawn already."""


def _growth(means: Float64s, usual: Float64s, scaling: Float64s) -> Float64s:
    return np.asarray(np.power(np.maximum(means, 0.0) / np.maximum(usual, 1e-9), scaling), dtype=np.float64)


def believe(
    rng: np.random.Generator, demand: Demand, lead_time_periods: Int64s, history: int, errors: Errors = LIVE_LIKE
) -> Forecasts:
    """Return the forecasts of `demand` from period `history` on, residuals measured on the periods before it."""
    rows = demand.profile.shape[:2]
    profile = demand.profile * np.exp(rng.standard_normal(demand.profile.shape) * errors.profile)
    level = demand.level_units * np.exp(_level_errors(rng, demand.level_units.shape, errors))
    if demand.hidden:  # the truth would give the next state away
        level = smoothed_level(demand.units, demand.season(), history)
    slots = np.arange(history) % demand.profile.shape[-1]
    bias = np.exp(errors.bias[0] + rng.standard_normal((*rows, 1)) * errors.bias[1])
    width = errors.width * np.exp(rng.standard_normal((*rows, 1)) * errors.dispersion)
    residual = _residuals(demand.units[..., :history], level[..., :history], profile[..., slots], lead_time_periods)
    return Forecasts(
        level_units=level[..., history:] * bias,  # after the residuals were taken: they do not know of it
        profile=profile,
        residual_units=residual[0] * width,
        lead_residual_units=residual[1] * width,
        scaling=rng.choice([0.0, 0.5, 1.0], size=(*rows, 1)),
        average_units=(level[..., :history] * profile[..., slots]).mean(axis=-1, keepdims=True),
        lead_time_periods=lead_time_periods,
        start=history % demand.profile.shape[-1],
    )


def _level_errors(rng: np.random.Generator, shape: tuple[int, ...], errors: Errors) -> Float64s:
    """Return an autoregressive error of the logarithm of the level, (worlds, n, periods)."""
    spread = rng.uniform(*errors.level, size=shape[:2])
    shocks = rng.standard_normal(shape) * spread[..., np.newaxis]
    result = np.empty(shape)
    result[..., 0] = shocks[..., 0]
    step = np.sqrt(1.0 - errors.memory**2)
    for period in range(1, shape[-1]):
        result[..., period] = errors.memory * result[..., period - 1] + step * shocks[..., period]
    return result


def _residuals(
    units: Float64s, level: Float64s, profile: Float64s, lead_time_periods: Int64s
) -> tuple[Float64s, Float64s]:
    """Return the residual quantiles of one period and of lead time + 1 periods, each (worlds, n, quantiles)."""
    one = _quantiles(units - level * profile)
    lead = np.empty_like(one)
    for periods in np.unique(lead_time_periods):
        chosen = lead_time_periods == periods
        lead[chosen] = _quantiles(_window_residuals(units[chosen], level[chosen], profile[chosen], int(periods) + 1))
    return one, lead


def _window_residuals(units: Float64s, level: Float64s, profile: Float64s, width: int) -> Float64s:
    """Return, per origin, the demand of the next `width` periods less what the level at the origin promised."""
    ends = units.shape[-1] - width + 1
    asked = _running_sum(units, width)
    return np.asarray(asked - level[..., :ends] * _running_sum(profile, width), dtype=np.float64)


def _running_sum(values: Float64s, width: int) -> Float64s:
    total = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)
    return np.asarray(total[..., width:] - total[..., :-width], dtype=np.float64)


def _quantiles(values: Float64s) -> Float64s:
    return np.moveaxis(np.quantile(values, QUANTILE_LEVELS, axis=-1), 0, -1)
