"""How models are held against what came, weighed and mixed, series by series; see `online_models.mixture`."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

ROOTED = 3.0 / 8.0  # added before the root is taken: counts then spread alike (Anscombe 1948, Biometrika 35)
WORSE_MAX = 300.0  # of an exponent: beyond it a weight is nothing

Ints = NDArray[np.intp]


def score(
    said: Float64s, periods: int, knots: Ints, values: Float64s, loss: Float64s, count: Float64s, rate: float
) -> bool:
    """Hold what was said of this period against what came; return whether anything could be held against it.

    said: (periods, models, knots, series) the ring; loss and count: (models, knots, series)
    """
    found = False
    for one in range(values.shape[0]):
        if values[one] != values[one]:
            continue
        came = (max(values[one], 0.0) + ROOTED) ** 0.5
        for knot in range(knots.shape[0]):
            place = (periods + said.shape[0] - knots[knot]) % said.shape[0]
            found = _held(said, place, knot, one, came, loss, count, rate) or found
    return found


def _held(
    said: Float64s, place: int, knot: int, one: int, came: float, loss: Float64s, count: Float64s, rate: float
) -> bool:
    """Hold what the models said of one series and knot against the root of what came."""
    found = False
    for model in range(loss.shape[0]):
        told = said[place, model, knot, one]
        if told == told:
            found = True
            miss = (max(told, 0.0) + ROOTED) ** 0.5 - came
            count[model, knot, one] += 1.0
            step = max(rate, 1.0 / count[model, knot, one])
            loss[model, knot, one] += step * (miss * miss - loss[model, knot, one])
    return found


def weigh(loss: Float64s, count: Float64s, share: float, memory: float, rate: float, weights: Float64s) -> None:
    """Write the weights of models, (models, knots, series); `count` forecasts count as `share` of one each."""
    models, series = loss.shape[0], loss.shape[2]
    pool, seen = np.zeros(models), np.zeros(models)
    for knot in range(loss.shape[1]):
        for model in range(models):
            total = told = 0.0
            for one in range(series):
                known = min(share * count[model, knot, one], memory)
                told += known
                total += known * loss[model, knot, one]
            seen[model] = told
            pool[model] = total / max(told, 1.0)
        pool_least = pool[0]
        for model in range(1, models):
            pool_least = min(pool_least, pool[model])
        for one in range(series):
            least = loss[0, knot, one]
            for model in range(1, models):
                least = min(least, loss[model, knot, one])
            for model in range(models):
                known = min(share * count[model, knot, one], memory)
                evidence = known**0.5 * _worse(loss[model, knot, one], least)
                evidence += seen[model] ** 0.5 * _worse(pool[model], pool_least)
                weights[model, knot, one] = exp(-min(rate * evidence, WORSE_MAX))


def _worse(loss: float, least: float) -> float:
    """Return by what share a loss is above the least."""
    return loss / least - 1.0 if least > 0.0 else 0.0


def mix(said: Float64s, weights: Float64s, near: Ints, far: Ints, way: Float64s, mixed: Float64s) -> None:
    """Write the weighted means, (series, steps), of what the models say, (models, series, steps); NaN says nothing.

    Weights, (models, knots, series), are those between the knots `near` and `far` of each step.
    """
    for one in range(said.shape[1]):
        for step in range(said.shape[2]):
            mixed[one, step] = _mean(said, weights, one, step, near[step], far[step], way[step])


def _mean(said: Float64s, weights: Float64s, one: int, step: int, near: int, far: int, way: float) -> float:
    total = weighed = 0.0
    for model in range(said.shape[0]):
        told = said[model, one, step]
        if told == told:
            weight = weights[model, near, one]
            weight += (weights[model, far, one] - weight) * way
            total += weight
            weighed += weight * told
    return weighed / total if total > 0.0 else float("nan")
