"""Units and a season in, the level as exponential smoothing knows it before each period out."""

import numpy as np

from simulator.inventory.types import Float64s

RATES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5)  # of which each series takes the best one on its history
_FIRST_PERIODS = 14  # whose mean is the first level


def smoothed_level(units: Float64s, season: Float64s, history_periods: int) -> Float64s:
    """Return (worlds, n, periods) the level before each period, knowing only the units of earlier ones.

    `season` (worlds, n, periods) are the factors of each period; a period with factor 0 teaches nothing. The rate is
    the one with the smallest squared error over the history, so that the decided periods choose nothing.

    >>> steady = smoothed_level(np.full((1, 1, 30), 4.0), np.ones((1, 1, 30)), 20)
    >>> steady.min(), steady.max()
    (np.float64(4.0), np.float64(4.0))
    """
    known = np.divide(units, season, out=np.full_like(units, np.nan), where=season > 0)
    candidates = np.stack([_smoothed(known, rate) for rate in RATES])
    begin = min(_FIRST_PERIODS, history_periods // 2)
    errors = (candidates * season - units)[..., begin:history_periods] ** 2
    best = errors.mean(axis=-1).argmin(axis=0)
    return np.asarray(np.take_along_axis(candidates, best[np.newaxis, ..., np.newaxis], axis=0)[0], dtype=np.float64)


def _smoothed(known: Float64s, rate: float) -> Float64s:
    first = known[..., :_FIRST_PERIODS]
    there = np.isfinite(first)
    level = np.where(there, first, 0.0).sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
    levels = np.empty_like(known)
    for period in range(known.shape[-1]):
        levels[..., period] = level
        seen = known[..., period]
        level = np.where(np.isfinite(seen), level + rate * (seen - level), level)
    return levels
