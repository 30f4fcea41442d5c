"""The forecast of a pool as it stands and chance in, paths that its demand may take out, and what is known along them.

Each period's demand has the forecast's own distribution; within an item the periods move together as far as the
quantiles of the lead time's demand are wider than those of independent periods (one common factor, a Gaussian copula).
Beyond the horizon demand goes on as in the last season of the forecast. Forecasts do not learn along a path.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from online_models.base import QUANTILE_LEVELS
from policies.observation import Observation
from simulator.inventory.types import Float64s, Int64s

_LEVELS = np.array(QUANTILE_LEVELS)
_GRID = (np.arange(400) + 0.5) / 400  # of probabilities at which a distribution's moments are taken
_UPPER, _LOWER = np.log((1 - _LEVELS[-3]) / (1 - _LEVELS[-1])), np.log(_LEVELS[1] / _LEVELS[0])  # widths of the tails
TOGETHER_RATIO_MAX = 0.95  # correlation of an item's periods
PROBABILITY_MIN = 1e-6  # of a tail: no path is less likely


@dataclass(frozen=True, slots=True)
class Draws:
    """All that chance decides, the same for every case that is compared."""

    common: Float64s  # (paths, 1, n) normal
    own: Float64s  # (paths, periods, n) normal
    rounding: Float64s  # (paths, periods, n) in [0, 1): makes whole units, up as often as the fraction says


def draw(rng: np.random.Generator, *, paths: int, periods: int, items: int) -> Draws:
    """Return the chance of `paths` paths; more periods change nothing about the first ones."""
    common, own, rounding = rng.spawn(3)
    return Draws(
        common=common.standard_normal((paths, 1, items)),
        own=own.standard_normal((periods, paths, items)).transpose(1, 0, 2),
        rounding=rounding.random((periods, paths, items)).transpose(1, 0, 2),
    )


def slots(periods: int, horizon: int, season: int) -> Int64s:
    """Return which forecast period each coming period is like.

    >>> slots(11, horizon=8, season=7).tolist()
    [0, 1, 2, 3, 4, 5, 6, 7, 1, 2, 3]
    """
    ahead = np.arange(periods)
    last = min(season, horizon)
    return np.where(ahead < horizon, ahead, horizon - last + (ahead - horizon) % last)


def demand_at(probability: Float64s, quantiles: Float64s) -> Float64s:
    """Return demand (..., n) below which it stays with `probability` (..., n), given `quantiles` (..., n, levels).

    Linear between the levels; beyond the outermost the tails fall exponentially, as fast as between the 95 % and the
    99 % quantile above and between the 10 % and the 5 % quantile below, never under zero.

    >>> quantiles = np.array([[1, 2, 3, 4, 5, 6, 7, 8, 9.0]])
    >>> [round(float(demand_at(np.array([one]), quantiles)[0]), 2) for one in (0.5, 0.025, 0.01, 0.99, 0.998)]
    [4.0, 0.0, 0.0, 9.0, 11.0]
    """
    values = np.broadcast_to(
        np.maximum.accumulate(np.maximum(quantiles, 0.0), axis=-1), (*probability.shape, _LEVELS.size)
    )
    above = np.clip(np.searchsorted(_LEVELS, probability), 1, _LEVELS.size - 1)
    low = np.take_along_axis(values, (above - 1)[..., np.newaxis], axis=-1)[..., 0]
    high = np.take_along_axis(values, above[..., np.newaxis], axis=-1)[..., 0]
    part = np.clip((probability - _LEVELS[above - 1]) / (_LEVELS[above] - _LEVELS[above - 1]), 0.0, 1.0)
    over = np.maximum(np.log((1 - _LEVELS[-1]) / np.maximum(1 - probability, PROBABILITY_MIN)), 0.0)
    under = np.maximum(np.log(_LEVELS[0] / np.maximum(probability, PROBABILITY_MIN)), 0.0)
    tail = (values[..., -1] - values[..., -3]) / _UPPER * over - (values[..., 1] - values[..., 0]) / _LOWER * under
    return np.asarray(np.maximum(low + part * (high - low) + tail, 0.0), dtype=np.float64)


def together_ratio(observation: Observation) -> Float64s:
    """Return (n,) the correlation between an item's periods that makes their sum as uncertain as the lead quantiles."""
    single = _spread(observation.demand_quantile_units.astype(np.float64))  # (n, horizon)
    horizon = single.shape[1]
    inside = np.arange(horizon) <= observation.lead_time_periods[:, np.newaxis]
    apart = (np.where(inside, single, 0.0) ** 2).sum(axis=1)
    wholly = np.where(inside, single, 0.0).sum(axis=1) ** 2
    found = _spread(observation.lead_demand_quantile_units.astype(np.float64)) ** 2
    ratio = np.divide(found - apart, wholly - apart, out=np.zeros_like(apart), where=wholly - apart > 1e-9)
    return np.asarray(np.clip(ratio, 0.0, TOGETHER_RATIO_MAX), dtype=np.float64)


def demand(observation: Observation, draws: Draws, ratio: Float64s, *, season: int) -> Float64s:
    """Return whole units (paths, periods, n) that may be asked for from now on; `ratio` is `together_ratio`."""
    periods = draws.own.shape[1]
    place = slots(periods, observation.demand_quantile_units.shape[1], season)
    quantiles = observation.demand_quantile_units.astype(np.float64)[:, place].transpose(
        1, 0, 2
    )  # (periods, n, levels)
    normal = np.sqrt(ratio) * draws.common + np.sqrt(1.0 - ratio) * draws.own
    probability = ndtr(normal)
    asked = np.stack([demand_at(probability[:, at], quantiles[at]) for at in range(periods)], axis=1)
    return np.asarray(np.floor(asked + draws.rounding), dtype=np.float64)


def lead_quantiles(asked: Float64s, lead_time_periods: NDArray[np.float32], periods: int) -> Float64s:
    """Return (periods, n, levels) quantiles over the paths of demand over lead time + 1 periods from each period on.

    `asked` (paths, periods + longest lead time, n) goes far enough beyond the periods.
    """
    total = np.concatenate([np.zeros_like(asked[:, :1]), np.cumsum(asked, axis=1)], axis=1)
    found = np.empty((periods, asked.shape[2], len(QUANTILE_LEVELS)))
    for item, lead in enumerate(lead_time_periods.astype(int)):
        sums = total[:, lead + 1 : lead + 1 + periods, item] - total[:, :periods, item]
        found[:, item] = np.quantile(sums, QUANTILE_LEVELS, axis=0).T
    return found


def _spread(quantiles: Float64s) -> Float64s:
    """Return the standard deviation (...) of distributions given by `quantiles` (..., levels)."""
    shape = (*quantiles.shape[:-1], len(_GRID))
    wide = np.broadcast_to(quantiles[..., np.newaxis, :], (*shape, quantiles.shape[-1]))
    return np.asarray(demand_at(np.broadcast_to(_GRID, shape), wide).std(axis=-1), dtype=np.float64)
