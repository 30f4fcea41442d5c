"""How models are held against what came, weighed and mixed, series by series; see `online_models.mixture`."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

ROOTED = 3.0 / 8.0  # added before the root is taken: counts then spread alike (Anscombe 1948, Biometrika 35)
WAY = 0.5  # to what a model says, that the mixture might have gone
EVIDENCE_MAX = 300.0  # of an exponent

Ints = NDArray[np.intp]
Float32s = NDArray[np.float32]


def score(
    said: Float32s,
    periods: int,
    knots: Ints,
    values: Float64s,
    regret: Float64s,
    square: Float64s,
    error: Float64s,
    count: Float64s,
    rate: float,
) -> bool:
    """Hold what was said of this period against what came; return whether anything could be held against it.

    said: (periods, models + 1, knots, series) the ring, the mixture last
    regret, square: (models, knots, series); error, count: (knots, series)
    """
    found = False
    for one in range(values.shape[0]):
        if values[one] != values[one]:  # not a number: missing
            continue
        came = (max(values[one], 0.0) + ROOTED) ** 0.5
        for knot in range(knots.shape[0]):
            place = (periods + said.shape[0] - knots[knot]) % said.shape[0]
            mixed = float(said[place, regret.shape[0], knot, one])
            if mixed != mixed:
                continue
            found = True
            root = (max(mixed, 0.0) + ROOTED) ** 0.5
            count[knot, one] += 1.0
            error[knot, one] += max(rate, 1.0 / count[knot, one]) * ((root - came) ** 2 - error[knot, one])
            _regretted(said, place, knot, one, root, came, regret, square, rate)
    return found


def _regretted(
    said: Float32s,
    place: int,
    knot: int,
    one: int,
    root: float,
    came: float,
    regret: Float64s,
    square: Float64s,
    rate: float,
) -> None:
    """Add by how much the mixture would have lost less a part of the way towards each model, of one series and knot.

    With m, k and y the roots of what the mixture said, the model said and what came, and w the way:
    (m - y)^2 - (m + w (k - m) - y)^2 = w (2 (m - y) (m - k) - w (m - k)^2), here divided by w.
    """
    for model in range(regret.shape[0]):
        told = (max(float(said[place, model, knot, one]), 0.0) + ROOTED) ** 0.5
        step = 2.0 * (root - came) * (root - told) - WAY * (root - told) ** 2
        regret[model, knot, one] += step - rate * regret[model, knot, one]
        square[model, knot, one] += step * step - rate * square[model, knot, one]


def weigh(regret: Float64s, square: Float64s, error: Float64s, rate: float, weights: Float64s) -> None:
    """Write the weights of models, (models, knots, series)."""
    for knot in range(regret.shape[1]):
        for model in range(regret.shape[0]):
            pool = _shared(model, knot, regret, square, error)
            for one in range(regret.shape[2]):
                own = _evidence(regret[model, knot, one], square[model, knot, one])
                weights[model, knot, one] = exp(min(max(rate * (own + pool), -EVIDENCE_MAX), EVIDENCE_MAX))


def _shared(model: int, knot: int, regret: Float64s, square: Float64s, error: Float64s) -> float:
    """Return the regret of all series together, each in its own unit, in standard deviations."""
    total = spread = 0.0
    for one in range(regret.shape[2]):
        unit = error[knot, one]
        if unit > 0.0:
            total += regret[model, knot, one] / unit
            spread += square[model, knot, one] / (unit * unit)
    return _evidence(total, spread)


def _evidence(regret: float, square: float) -> float:
    """Return a regret in its standard deviations."""
    return regret / square**0.5 if square > 0.0 else 0.0


def mix(said: Float64s, weights: Float64s, near: Ints, far: Ints, way: Float64s, mixed: Float64s) -> bool:
    """Write the weighted means, (series, steps), of what the models say, (models, series, steps); NaN says nothing.

    Weights, (models, knots, series), are those between the knots `near` and `far` of each step. Return whether of every
    series something is said.
    """
    whole = True
    for one in range(said.shape[1]):
        for step in range(said.shape[2]):
            mean = _mean(said, weights, one, step, near[step], far[step], way[step])
            mixed[one, step] = mean
            whole = whole and mean == mean
    return whole


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


def remember(said: Float64s, mixed: Float64s, knots: Ints, kept: Float32s) -> None:
    """Keep, (models + 1, knots, series), what each model says of the knots, and last the mixture.

    A model that is silent is taken to say what the mixture does.
    """
    for knot in range(knots.shape[0]):
        if knots[knot] <= said.shape[2]:
            _remember(said, mixed, knot, knots[knot] - 1, kept)


def _remember(said: Float64s, mixed: Float64s, knot: int, step: int, kept: Float32s) -> None:
    models = said.shape[0]
    for one in range(said.shape[1]):
        kept[models, knot, one] = mixed[one, step]
        for model in range(models):
            told = said[model, one, step]
            kept[model, knot, one] = told if told == told else mixed[one, step]
