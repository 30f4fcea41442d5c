"""A fitted AutoETS in, the quantiles of the sum of its next periods out, of paths drawn from its own recursions.

statsforecast tells the distribution of single periods alone. Periods of one path share its level, so that the sum has
neither the sum of their variances nor that of their deviations; drawn paths are right for additive and multiplicative
errors and seasons alike. Errors are normal, as in the bands of single periods.

Source: Hyndman, Koehler, Ord and Snyder 2008, "Forecasting with Exponential Smoothing", tables 2.2 and 2.3.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from online_models.base import Float64s

PATHS = 2000  # a quantile at 0.95 is then right within a twentieth of a standard deviation
SEED = 6
NEAR_ZERO = 1e-10  # a level that nothing is divided by


def sum_quantiles(model: Mapping[str, Any], is_open: Sequence[bool], levels: Sequence[float]) -> Float64s:
    """Return the quantiles (levels,) of the sum of those of the next periods that are open."""
    found: Float64s = np.quantile(paths(model, len(is_open))[:, list(is_open)].sum(axis=1), levels)
    return found


def paths(model: Mapping[str, Any], periods: int) -> Float64s:
    """Return drawn futures, (paths, periods), of a fitted `model_`: additive trend or none, any error and season."""
    error, trend, season, damped = model["components"]
    alpha, beta, gamma, phi = (0.0 if np.isnan(one) else float(one) for one in model["par"][:4])
    phi = phi if damped == "D" else 1.0
    last = np.asarray(model["states"][-1], np.float64)
    level, slope = np.full(PATHS, last[0]), np.full(PATHS, last[1] if trend != "N" else 0.0)
    neutral = 1.0 if season == "M" else 0.0
    cycle = last[1 + (trend != "N") :] if season != "N" else np.array([neutral])
    seasons = [np.full(PATHS, one) for one in cycle]  # newest first: the last one is the next period's
    drawn = np.random.default_rng(SEED).normal(0.0, np.sqrt(model["sigma2"]), (periods, PATHS))
    found = np.empty((PATHS, periods))
    for step, miss in enumerate(drawn):
        base, now = level + phi * slope, seasons.pop()
        expected = base * now if season == "M" else base + now
        came = expected + miss if error == "A" else expected * (1.0 + miss)
        found[:, step] = came
        without = _divided(came, now) if season == "M" else came - now
        level = base + alpha * (without - base)
        if alpha > 0.0:
            slope = phi * slope + beta * (without - base)
        if season != "N":
            now = now + gamma * ((_divided(came, base) if season == "M" else came - base) - now)
        seasons.insert(0, now)
    return found


def _divided(above: Float64s, below: Float64s) -> Float64s:
    return above / np.where(np.abs(below) < NEAR_ZERO, NEAR_ZERO, below)
