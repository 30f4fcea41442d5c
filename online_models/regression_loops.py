"""Inputs and what came in, features, weights and what they say out: the loops of `online_models.pooled_regression`.

A feature is offset + gain x input + gain x another one, held within two limits. Arrays: places (2, features) of the two
inputs; gains (5, features): the offset, the gain of each, the limits.
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

Float32s = NDArray[np.float32]
Places64 = NDArray[np.intp]

NAN = float("nan")


class Weights:
    """The arrays of a pool's regression, held as C sees them.

    limits, rate, misses: see `meet`; places, gains, weights: see `say`
    """

    def __init__(
        self,
        knots: Places64,
        limits: Float64s,
        rate: float,
        misses: Float64s,
        places: Places64,
        gains: Float64s,
        weights: Float64s,
    ) -> None:
        self.knots, self.limits, self.rate, self.misses = knots, limits, rate, misses
        self.places, self.gains, self.weights = places, gains, weights
        self.blended = np.zeros(weights.shape[1])

    def meet(self, values: Float64s, said: Float32s, periods: int, targets: Float64s) -> None:
        """Do what `meet` does."""
        meet(values, said, periods, self.knots, self.limits, self.rate, self.misses, targets)

    def say(self, inputs: Float64s, near: Places64, far: Places64, way: Float64s, said: Float64s) -> None:
        """Do what `say` does."""
        say(inputs, self.places, self.gains, self.weights, near, far, way, self.blended, said)


def meet(
    values: Float64s,
    said: Float32s,
    periods: int,
    knots: Places64,
    limits: Float64s,
    rate: float,
    misses: Float64s,
    targets: Float64s,
) -> None:
    """Write what each knot's forecast of this period should have said, (knots, series) scales; NaN teaches nothing.

    said: (periods, knots, series, 3) by the period it was made in: profile and scale, units; forecast, scales, or NaN
    limits: the largest target, scales, and how many usual misses it may lie from the forecast
    misses: (knots, 2) the usual miss, scales, and periods in it
    """
    for knot in range(knots.shape[0]):
        place = (periods + said.shape[0] - knots[knot]) % said.shape[0]
        limit = limits[1] * misses[knot, 0]
        total, known = 0.0, 0
        for one in range(values.shape[0]):
            base, scale = float(said[place, knot, one, 0]), float(said[place, knot, one, 1])
            told = float(said[place, knot, one, 2])
            value = float(values[one])
            if math.isnan(value) or math.isnan(told):
                targets[knot, one] = NAN
                continue
            miss = _within((value - base) / scale, limits[0]) - told
            targets[knot, one] = told + _within(miss, limit)
            total += min(abs(miss), 2.0 * limit)
            known += 1
        if known > 0:
            misses[knot, 1] += 1.0
            step = max(rate, 1.0 / (misses[knot, 1] + 20.0))
            misses[knot, 0] += step * (limits[2] * total / known - misses[knot, 0])


def expand(
    made_from: Float32s,
    first: int,
    length: int,
    made: int,
    targets: Float64s,
    places: Places64,
    gains: Float64s,
    features: Float32s,
    came: Float32s,
) -> None:
    """Write what was known of `targets` (periods, series) and what came: rows by period, then series.

    made: when what was said of the first of them was; of its knot the ring is `length` places from `first` on. Zeros
    where the target is NaN, (rows, features) and (rows,).
    """
    series = targets.shape[1]
    for period in range(targets.shape[0]):
        place = first + (made + period + length) % length
        for one in range(series):
            row = period * series + one
            is_known = not math.isnan(targets[period, one])
            came[row] = targets[period, one] if is_known else 0.0
            for feature in range(places.shape[1]):
                value = gains[0, feature] + gains[1, feature] * float(made_from[place, one, places[0, feature]])
                value += gains[2, feature] * float(made_from[place, one, places[1, feature]])
                value = min(max(value, gains[3, feature]), gains[4, feature])
                features[row, feature] = value if is_known else 0.0


def say(
    inputs: Float64s,
    places: Places64,
    gains: Float64s,
    weights: Float64s,
    near: Places64,
    far: Places64,
    way: Float64s,
    blended: Float64s,
    said: Float64s,
) -> None:
    """Write what the weights say of `inputs` (steps, series, inputs), (steps, series) scales.

    Each step's weights lie `way` between those of the knots `near` and `far`; blended: (features,) is scratch.
    """
    count = places.shape[1]
    for step in range(inputs.shape[0]):
        for feature in range(count):
            weight = weights[near[step], feature]
            blended[feature] = weight + (weights[far[step], feature] - weight) * way[step]
        for one in range(inputs.shape[1]):
            total = 0.0
            for feature in range(count):
                value = gains[0, feature] + gains[1, feature] * inputs[step, one, places[0, feature]]
                value += gains[2, feature] * inputs[step, one, places[1, feature]]
                total += blended[feature] * min(max(value, gains[3, feature]), gains[4, feature])
            said[step, one] = total


def sweep(products: Float32s, ridge: float, slack: Float64s, weights: Float64s) -> None:
    """Bring each weight in turn to where it does best by the others, of each knot (a sweep of Gauss and Seidel's).

    products: (knots, features, features); slack: (knots, features) moments less (products + ridge) x weights, is moved
    """
    count = weights.shape[1]
    for knot in range(weights.shape[0]):
        for feature in range(count):
            step = slack[knot, feature] / (float(products[knot, feature, feature]) + ridge)
            weights[knot, feature] += step
            for other in range(count):
                slack[knot, other] -= step * float(products[knot, feature, other])
            slack[knot, feature] -= step * ridge


def _within(value: float, largest: float) -> float:
    return min(max(value, -largest), largest)
