"""How demand scatters about its level: a generator and mean demand (items, periods) in, as many draws out.

A spread may change once or drift; some series are correlated from period to period, some have outliers.
"""

from collections.abc import Callable

import numpy as np

from simulator.inventory.chance import log_uniform
from simulator.inventory.types import Float64s
from simulator.inventory.unsteady_levels import autoregressive

# Mean demand and its coefficient of variation in, both (items, periods); draws of the same shape out, of any sign.
Scatter = Callable[[np.random.Generator, Float64s, Float64s], Float64s]

POISSON_MEAN_MAX = 1e6


def spread_ratio(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return (items, periods) coefficients of variation; a quarter of them change by a step or drift."""
    usual = rng.random((items, 1)) < 0.8
    first = np.where(usual, log_uniform(rng, (0.1, 0.45), (items, 1)), log_uniform(rng, (0.03, 0.9), (items, 1)))
    factor, time = log_uniform(rng, (0.15, 6.0), (items, 1)), np.arange(periods)
    drifting = factor ** (time / periods)
    stepping = np.where(time >= rng.integers(4, periods, (items, 1)), factor, 1.0)
    path = np.where(rng.random((items, 1)) < 0.5, drifting, stepping)
    return first * np.where(rng.random((items, 1)) < 0.25, path, 1.0)


def relative(rng: np.random.Generator, mean: Float64s, spread: Float64s) -> Float64s:
    """Return normal demand whose spread follows its level; three in ten are correlated."""
    return mean * (1.0 + spread * _perhaps_correlated(rng, *mean.shape))


def absolute(rng: np.random.Generator, mean: Float64s, spread: Float64s) -> Float64s:
    """Return normal demand whose spread does not follow its level; three in ten are correlated."""
    usual: Float64s = mean.mean(axis=1, keepdims=True)
    return mean + usual * spread * _perhaps_correlated(rng, *mean.shape)


def poisson(rng: np.random.Generator, mean: Float64s, _spread: Float64s) -> Float64s:
    """Return counts with no more than counting noise."""
    return rng.poisson(np.minimum(mean, POISSON_MEAN_MAX)).astype(np.float64)


def negative_binomial(rng: np.random.Generator, mean: Float64s, spread: Float64s) -> Float64s:
    """Return counts of a mean that itself scatters by `spread`."""
    return poisson(rng, gamma(rng, mean, np.clip(spread, 0.05, 2.0)), spread)


def log_normal(rng: np.random.Generator, mean: Float64s, spread: Float64s) -> Float64s:
    """Return demand of the mean, with a long tail."""
    return mean * np.exp(spread * rng.normal(0.0, 1.0, mean.shape) - spread**2 / 2.0)


def uniform(rng: np.random.Generator, mean: Float64s, spread: Float64s) -> Float64s:
    """Return demand that is nowhere likelier than elsewhere between its bounds."""
    half: Float64s = np.clip(spread * np.sqrt(3.0), 0.0, 1.0)
    return mean * (1.0 + half * rng.uniform(-1.0, 1.0, mean.shape))


def gamma(rng: np.random.Generator, mean: Float64s, spread: Float64s) -> Float64s:
    """Return skewed demand."""
    shape = 1.0 / np.clip(spread, 0.05, 2.0) ** 2
    return np.asarray(rng.gamma(shape, mean / shape), dtype=np.float64)


def exponential(rng: np.random.Generator, mean: Float64s, _spread: Float64s) -> Float64s:
    """Return demand without any memory, as spread as its mean."""
    return mean * rng.exponential(1.0, mean.shape)


def intermittent(rng: np.random.Generator, mean: Float64s, spread: Float64s) -> Float64s:
    """Return demand that comes in some periods only."""
    asked_ratio = rng.uniform(0.2, 0.95, (len(mean), 1))
    asked = rng.random(mean.shape) < asked_ratio
    return np.where(asked, log_normal(rng, mean, spread) / asked_ratio, 0.0)


def with_outliers(rng: np.random.Generator, demand: Float64s) -> Float64s:
    """Return the demand of which one item in seven has a few periods that are far off."""
    often = np.where(rng.random((len(demand), 1)) < 0.15, rng.uniform(0.01, 0.1, (len(demand), 1)), 0.0)
    return np.where(rng.random(demand.shape) < often, demand * log_uniform(rng, (0.1, 6.0), demand.shape), demand)


def _perhaps_correlated(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    kept = np.where(rng.random(items) < 0.3, rng.uniform(-0.6, 0.9, items), 0.0)
    return autoregressive(rng, kept, periods)


SCATTERS: dict[Scatter, float] = {  # and how often each is drawn, in shares
    absolute: 2.0,
    exponential: 0.4,
    gamma: 1.2,
    intermittent: 0.4,
    log_normal: 3.0,
    negative_binomial: 2.0,
    poisson: 1.0,
    relative: 3.0,
    uniform: 1.0,
}
