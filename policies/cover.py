"""Quantiles of demand in, probabilities out, and back: how well a stock position covers what may be asked.

Between the forecast's levels the distribution is taken as linear; below the lowest it falls to zero demand, and
above the highest nothing is known, so no cover above the highest level is ever claimed.
"""

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS
from policies.observation import Float32s

Float64s = NDArray[np.float64]
_LEVELS = np.array((0.0, *QUANTILE_LEVELS))
COVER_RATIO_MAX = QUANTILE_LEVELS[-1]


def demand_at(level: Float64s, quantiles: Float32s) -> Float64s:
    """Return demand (n,) in units that stays below with probability `level` (n,), given `quantiles` (n, levels).

    A level at or below 0 is met by less than nothing: -inf, so that no unit is wanted for it.

    >>> quantiles = np.array([[1, 2, 3, 4, 5, 6, 7, 8, 9]], dtype=np.float32)
    >>> float(demand_at(np.array([0.5]), quantiles)[0])
    4.0
    """
    return demand_between(level, demands_from_zero(quantiles))


def demand_between(level: Float64s, demands: Float64s) -> Float64s:
    """Return what `demand_at` does, of `demands_from_zero` (n, levels + 1): for who asks the same lines many times."""
    above = np.clip(np.searchsorted(_LEVELS, level), 1, len(_LEVELS) - 1)
    rows = np.arange(len(level))
    low, high = demands[rows, above - 1], demands[rows, above]
    start, end = _LEVELS[above - 1], _LEVELS[above]
    found: Float64s = low + np.clip((level - start) / (end - start), 0.0, 1.0) * (high - low)
    return np.where(level > 0, found, -np.inf)


def cover_ratio(position_units: Float64s, quantiles: Float32s) -> Float64s:
    """Return the probability (n,) that `position_units` (n,) meets demand with `quantiles` (n, levels).

    >>> quantiles = np.array([[0, 0, 0, 4, 5, 6, 7, 8, 9]], dtype=np.float32)
    >>> cover_ratio(np.array([0.0]), quantiles).tolist(), cover_ratio(np.array([100.0]), quantiles).tolist()
    ([0.25], [0.99])
    """
    demands = demands_from_zero(quantiles)
    known = position_units >= 0  # neither below zero nor no number
    position = np.where(known, position_units, 0.0)
    above = (demands <= position[:, np.newaxis]).sum(axis=1)  # equal demands: the highest level counts
    beyond = above == demands.shape[1]
    above = np.where(beyond, 1, above)
    rows = np.arange(len(position))
    low, high = demands[rows, above - 1], demands[rows, above]
    part = np.divide(position - low, high - low, out=np.zeros_like(low), where=~beyond)
    inside = _LEVELS[above - 1] + part * (_LEVELS[above] - _LEVELS[above - 1])
    return np.where(known, np.where(beyond, COVER_RATIO_MAX, inside), 0.0)


def demands_from_zero(quantiles: Float32s) -> Float64s:
    """Return demands (n, levels + 1) that never fall along the levels, from zero demand on."""
    known = np.nan_to_num(quantiles.astype(np.float64), nan=0.0, posinf=1e12, neginf=0.0)
    return np.maximum.accumulate(np.concatenate([np.zeros((len(known), 1)), known], axis=1), axis=1)
