"""Demand with a law one can write down: noise around a level that may have seasons, drift and hidden regimes."""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.chance import Amount, amounts
from simulator.inventory.demand import PERIODS_PER_WEEK, Demand
from simulator.inventory.types import Float64s

NOISES = ("poisson", "geometric", "negative-binomial")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Whole units with the mean `mean_units` x season x drift x regime, and the noise of a counting law.

    The geometric law counts failures before a success, P(k) = q (1 - q)^k, mean (1 - q) / q: the negative binomial
    with shape 1. The negative binomial is a Poisson law whose rate is a gamma of mean 1 and the given shape.
    """

    noise: str = "poisson"  # one of NOISES
    mean_units: Amount = 5.0  # per period, of an average day in an average state
    shape: Amount = 1.0  # of the negative binomial; small is lumpy
    profile: tuple[float, ...] = ()  # factors of the season's periods, repeated; () is no season
    profile_spread: float = 0.0  # standard deviation of the logarithm of the factors of a drawn week
    drift: Amount = 0.0  # standard deviation of a period's step of the logarithm of the level
    regime_factors: tuple[float, ...] = ()  # of the level in each hidden state; () is one state
    stay_ratio: float = 0.9  # probability that a period's state is the last one's; else any other, all alike

    def draw(self, rng: np.random.Generator, worlds: int, items: int, periods: int, history_periods: int) -> Demand:  # noqa: ARG002  a kind of demand may need to know where the decided periods begin
        """Return the demand of `worlds` pools of `items` over `periods`."""
        rows = (worlds, items)
        profile = self._profile(rng, rows)
        level = amounts(rng, self.mean_units, rows)[..., np.newaxis] * self._drifted(rng, rows, periods)
        level = level * self._regime(rng, (*rows, periods))
        dispersion = self._dispersion(rng, rows)
        mean = level * profile[..., np.arange(periods) % profile.shape[-1]]
        shape = np.divide(1.0, dispersion, out=np.ones_like(dispersion), where=dispersion > 0)
        lumps = rng.gamma(shape, 1.0 / shape, size=mean.shape) if (dispersion > 0).any() else np.ones_like(mean)
        units = rng.poisson(mean * np.where(dispersion > 0, lumps, 1.0)).astype(np.float64)
        return Demand(level, profile, units, hidden=len(self.regime_factors) > 1, dispersion=dispersion)

    def _profile(self, rng: np.random.Generator, rows: tuple[int, int]) -> Float64s:
        if self.profile:
            factors = np.broadcast_to(np.asarray(self.profile), (*rows, len(self.profile)))
        elif self.profile_spread > 0:
            factors = np.exp(rng.standard_normal((*rows, PERIODS_PER_WEEK)) * self.profile_spread)
        else:
            factors = np.ones((*rows, PERIODS_PER_WEEK))
        return np.asarray(factors / factors.mean(axis=-1, keepdims=True), dtype=np.float64)

    def _drifted(self, rng: np.random.Generator, rows: tuple[int, int], periods: int) -> Float64s:
        spread = amounts(rng, self.drift, rows)
        if not spread.any():
            return np.ones((*rows, periods))
        walk = np.cumsum(rng.standard_normal((*rows, periods)) * spread[..., np.newaxis], axis=-1)
        return np.asarray(np.exp(np.clip(walk, -np.log(3.0), np.log(3.0))), dtype=np.float64)

    def _regime(self, rng: np.random.Generator, shape: tuple[int, int, int]) -> Float64s:
        states = len(self.regime_factors)
        if states < 2:
            return np.full(shape, self.regime_factors[0] if states else 1.0)
        moves = np.where(rng.random(shape) < self.stay_ratio, 0, rng.integers(1, states, size=shape))
        moves[..., 0] = rng.integers(states, size=shape[:2])  # moves are alike: every state is as likely as any other
        factors = np.asarray(self.regime_factors, dtype=np.float64)
        return np.asarray(factors[np.cumsum(moves, axis=-1) % states], dtype=np.float64)

    def _dispersion(self, rng: np.random.Generator, rows: tuple[int, int]) -> Float64s:
        """Return (worlds, n, 1) what variance exceeds the mean by, in squared means: 0, 1, or 1 / shape."""
        if self.noise == "negative-binomial":
            return np.asarray(1.0 / amounts(rng, self.shape, rows)[..., np.newaxis], dtype=np.float64)
        return np.full((*rows, 1), {"poisson": 0.0, "geometric": 1.0}[self.noise])
