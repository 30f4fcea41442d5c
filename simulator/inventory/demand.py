"""Generated demand: a taste and a generator in, the true means and the units asked for out.

Made to look like a wholesaler's days: weekly profiles with closed days, levels that drift, many small
quantities, rare bulk orders. What a forecaster would know of it is in `forecasts.py`.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulator.inventory.chance import log_uniform
from simulator.inventory.types import Float64s

PERIODS_PER_WEEK = 7


@dataclass(frozen=True, slots=True)
class Taste:
    """From which ranges series are drawn; (low, high) are uniform, or uniform in the logarithm where it says so."""

    mean_units: tuple[float, float] = (2.0, 200.0)  # per period, logarithmic
    closed_day_share: float = 0.75  # share of worlds that close on one day a week, all items alike
    profile_spread: float = 0.35  # standard deviation of the logarithm of a weekday's factor
    drift: tuple[float, float] = (0.005, 0.08)  # standard deviation of a period's step of the logarithm of the level
    poisson_share: float = 0.08  # share of items with nothing but counting noise
    shape: tuple[float, float] = (0.3, 3.0)  # of the negative binomial, logarithmic; small is lumpy
    silent_ratio: tuple[float, float] = (0.0, 0.3)  # probability of a day that nobody asks
    bulk_ratio: tuple[float, float] = (0.0, 0.03)  # probability of a day with a bulk order on top
    bulk_size: tuple[float, float] = (3.0, 25.0)  # of a bulk order, in mean periods of demand, logarithmic

    def draw(self, rng: np.random.Generator, worlds: int, items: int, periods: int, history_periods: int) -> "Demand":  # noqa: ARG002  a kind of demand may need to know where the decided periods begin
        """Return the demand of `worlds` pools of `items` over `periods`."""
        return draw(rng, worlds, items, periods, self)


RETAIL = Taste()


@dataclass(frozen=True, slots=True)
class Demand:
    """Series of demand and the truth behind them. The time axis is the last one."""

    level_units: Float64s  # (worlds, n, periods) mean of an average day
    profile: Float64s  # (worlds, n, season) factor of each period of the season, mean 1; mostly of a day of the week
    units: Float64s  # (worlds, n, periods) asked for, whole
    hidden: bool = False  # whether the level moves as nobody sees before the units show it
    dispersion: Float64s | None = None  # (worlds, n, 1) variance above the mean, in squared means; None: no known law

    def season(self) -> Float64s:
        """Return (worlds, n, periods) the factor of each period."""
        return self.profile[..., np.arange(self.level_units.shape[-1]) % self.profile.shape[-1]]

    def mean_units(self) -> Float64s:
        """Return (worlds, n, periods) the true mean of each period."""
        return np.asarray(self.level_units * self.season(), dtype=np.float64)


class Kind(Protocol):
    """A kind of demand; what it draws is the same for the same generator state."""

    def draw(self, rng: np.random.Generator, worlds: int, items: int, periods: int, history_periods: int) -> Demand:
        """Return the demand of `worlds` pools of `items` over `periods`, of which `history_periods` come before orders.

        Raises ValueError when it cannot give that many items or periods.
        """
        ...


def draw(rng: np.random.Generator, worlds: int, items: int, periods: int, taste: Taste = RETAIL) -> Demand:
    """Return the demand of `worlds` pools of `items` over `periods`; the same for the same generator state."""
    rows = (worlds, items)
    level = log_uniform(rng, taste.mean_units, (*rows, 1)) * _drift(rng, (*rows, periods), taste)
    demand = Demand(level_units=level, profile=_profile(rng, rows, taste), units=level)
    return Demand(demand.level_units, demand.profile, _units(rng, demand.mean_units(), taste))


def _drift(rng: np.random.Generator, shape: tuple[int, int, int], taste: Taste) -> Float64s:
    """Return factors around 1: a random walk of the logarithm, kept within a factor of 3."""
    spread = rng.uniform(*taste.drift, size=(*shape[:2], 1))
    walk = np.cumsum(rng.standard_normal(shape) * spread, axis=-1)
    return np.asarray(np.exp(np.clip(walk, -np.log(3.0), np.log(3.0))), dtype=np.float64)


def _profile(rng: np.random.Generator, rows: tuple[int, int], taste: Taste) -> Float64s:
    week = np.exp(rng.standard_normal((*rows, PERIODS_PER_WEEK)) * taste.profile_spread)
    closes = rng.random(rows[0]) < taste.closed_day_share
    closed_day = rng.integers(PERIODS_PER_WEEK, size=rows[0])
    shut = closes[:, np.newaxis] & (closed_day[:, np.newaxis] == np.arange(PERIODS_PER_WEEK))
    week = np.where(shut[:, np.newaxis, :], 0.0, week)
    return np.asarray(week / week.mean(axis=-1, keepdims=True), dtype=np.float64)


def _units(rng: np.random.Generator, mean: Float64s, taste: Taste) -> Float64s:
    """Return whole units with the given means: Poisson, or gamma-mixed with silent days and bulk orders."""
    rows = (*mean.shape[:2], 1)
    silent = rng.uniform(*taste.silent_ratio, size=rows)
    bulk, size = rng.uniform(*taste.bulk_ratio, size=rows), log_uniform(rng, taste.bulk_size, rows)
    shape = log_uniform(rng, taste.shape, rows)
    # Both factors are divided by their means, so that the sum keeps `mean`.
    asked = rng.gamma(shape, 1.0 / shape, size=mean.shape) * (rng.random(mean.shape) >= silent) / (1.0 - silent)
    lumpy = (asked + size * (rng.random(mean.shape) < bulk)) / (1.0 + size * bulk)
    steady = rng.random(rows) < taste.poisson_share
    return rng.poisson(mean * np.where(steady, 1.0, lumpy)).astype(np.float64)
