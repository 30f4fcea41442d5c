"""What was forecast and what came in, scores out. Arrays share one leading shape; what is NaN in either is left out."""

import numpy as np

from online_models.base import Float64s


def absolute_error(forecast: Float64s, came: Float64s) -> float:
    """Return the mean absolute error, units.

    >>> absolute_error(np.array([1.0, 4.0, 9.0]), np.array([2.0, 2.0, np.nan]))
    1.5
    """
    return float(np.nanmean(np.abs(forecast - came)))


def bias_ratio(forecast: Float64s, came: Float64s) -> float:
    """Return by how much the sum of forecasts is above that of what came, as a share of it.

    >>> round(bias_ratio(np.array([1.0, 4.0]), np.array([2.0, 2.0])), 2)
    0.25
    """
    both = ~np.isnan(forecast) & ~np.isnan(came)
    total = float(came[both].sum())
    return float(forecast[both].sum()) / total - 1.0 if total else np.nan


def pinball(quantiles: Float64s, levels: Float64s, came: Float64s) -> float:
    """Return the mean over quantiles (..., levels) and `came` (...) of the pinball loss, units.

    Source: Koenker and Bassett, Regression Quantiles, Econometrica 46 (1978), 33-50.

    >>> pinball(np.array([[2.0, 5.0]]), np.array([0.1, 0.5]), np.array([3.0]))
    0.55
    """
    error = came[..., None] - quantiles
    return float(np.nanmean(np.maximum(levels * error, (levels - 1.0) * error)))


def coverage(low: Float64s, high: Float64s, came: Float64s) -> float:
    """Return the share that came inside [low, high].

    >>> coverage(np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.array([2.0, 4.0]))
    0.5
    """
    known = ~np.isnan(low) & ~np.isnan(high) & ~np.isnan(came)
    return float(np.mean(((low <= came) & (came <= high))[known])) if known.any() else np.nan


def interval_score(low: Float64s, high: Float64s, came: Float64s, *, missed: float) -> float:
    """Return the mean score of central intervals that should miss a share `missed`, units; smaller is better.

    The width, and 2 / missed for each unit outside. Source: Gneiting and Raftery, Strictly Proper Scoring Rules,
    Prediction, and Estimation, JASA 102 (2007), 359-378, equation 43.

    >>> interval_score(np.array([1.0]), np.array([3.0]), np.array([4.0]), missed=0.2)
    12.0
    """
    outside = np.maximum(low - came, 0.0) + np.maximum(came - high, 0.0)
    return float(np.nanmean(high - low + 2.0 / missed * outside))


def seasonal_scale(values: Float64s, season: int) -> Float64s:
    """Return of each series (periods, series) -> (series,) the mean absolute seasonal difference, units; NaN if none.

    What errors are divided by in the mean absolute scaled error. Source: Hyndman and Koehler, Another Look at Measures
    of Forecast Accuracy, International Journal of Forecasting 22 (2006), 679-688, with its season.

    >>> seasonal_scale(np.array([[1.0], [5.0], [2.0], [8.0]]), 2).tolist()
    [2.0]
    """
    steps = np.abs(values[season:] - values[:-season])
    known = ~np.isnan(steps)
    count, total = known.sum(axis=0), np.where(known, steps, 0.0).sum(axis=0)
    return np.where((count > 0) & (total > 0), total / np.maximum(count, 1), np.nan)
