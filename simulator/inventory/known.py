"""Forecasts of textbooks: the law of demand and its true parameters in, exact means and quantiles out.

Live nobody has them; worlds whose optimum is known are stated with them. A level that drifts is known as it is at the
origin; hidden regimes have no such forecast.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.stats import nbinom, poisson

from online_models.base import QUANTILE_LEVELS
from simulator.inventory.demand import Demand
from simulator.inventory.outlook import Outlook, Repeated, Span
from simulator.inventory.types import Float64s, Int64s

LEVELS = np.asarray(QUANTILE_LEVELS)


@dataclass(frozen=True, slots=True)
class Known:
    """The source of exact forecasts."""

    def prepare(
        self,
        rng: np.random.Generator,  # noqa: ARG002  nothing is left to chance
        demand: Demand,
        lead_time_periods: Int64s,
        span: Span,
    ) -> "KnownForecasts":
        """Return exact forecasts; raise ValueError for demand without a known law, or with hidden regimes."""
        if demand.hidden or demand.dispersion is None:
            raise ValueError("no exact forecast exists of this demand; take another forecast than 'known'")
        return KnownForecasts(demand, demand.dispersion, lead_time_periods, span, {})


@dataclass(frozen=True, slots=True)
class KnownForecasts:
    """Exact forecasts; what repeats with the season is computed once."""

    demand: Demand
    dispersion: Float64s  # (worlds, n, 1)
    lead_time_periods: Int64s  # (worlds, n)
    span: Span
    kept: dict[int, Outlook]  # by slot of the season, where the level is steady

    @property
    def average_units(self) -> Float64s:
        """Mean of a period over the history, (worlds, n, 1)."""
        past = self.demand.mean_units()[..., : self.span.history_periods]
        return np.asarray(past.mean(axis=-1, keepdims=True), dtype=np.float64)

    def start(self) -> Self:
        """Return themselves: a run changes nothing."""
        return self

    def repeated(self, copies: int) -> Repeated:
        """Return the same forecasts for `copies` times the worlds."""
        return Repeated(self, copies)

    def learn(self, seen_units: Float64s, *, censored: Float64s) -> None:
        """Learn nothing: everything is known."""

    def at(self, origin: int) -> Outlook:
        """Return the exact outlook at the start of the decided period `origin`."""
        now = self.span.history_periods + origin
        slot = now % self.demand.profile.shape[-1]
        if self._steady and slot in self.kept:
            return self.kept[slot]
        slots = (now + np.arange(self.span.horizon_periods)) % self.demand.profile.shape[-1]
        means = self.demand.level_units[..., now, np.newaxis] * self.demand.profile[..., slots]
        inside = np.arange(self.span.horizon_periods) <= self.lead_time_periods[..., np.newaxis]
        covered = np.where(inside, means, 0.0)
        outlook = Outlook(
            mean_units=means,
            quantile_units=quantiles(means, self.dispersion * means**2),
            lead_quantile_units=quantiles(covered.sum(axis=-1), (self.dispersion * covered**2).sum(axis=-1)),
        )
        if self._steady:
            self.kept[slot] = outlook
        return outlook

    @property
    def _steady(self) -> bool:
        level = self.demand.level_units
        return bool((level == level[..., :1]).all())


def quantiles(mean: Float64s, excess: Float64s) -> Float64s:
    """Return (..., levels) of the Poisson law, or of the negative binomial whose variance is mean + `excess` (...).

    Sums of negative binomials with one mean and shape are such laws exactly; with several means nearly.

    >>> quantiles(np.array([5.0]), np.array([0.0]))[0, 3], quantiles(np.array([5.0]), np.array([25.0]))[0, 3]
    (np.float64(5.0), np.float64(3.0))
    """
    mean, excess = np.broadcast_arrays(mean[..., np.newaxis], excess[..., np.newaxis])
    shape = np.divide(mean**2, excess, out=np.ones_like(mean), where=excess > 0)
    lumpy = nbinom.ppf(LEVELS, shape, shape / (shape + np.maximum(mean, 1e-12)))
    return np.asarray(np.where(excess > 0, lumpy, poisson.ppf(LEVELS, mean)), dtype=np.float64)
