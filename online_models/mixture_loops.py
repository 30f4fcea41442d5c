"""How models are held against what came, weighed and mixed, series by series; see `online_models.mixture`."""

from math import exp

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

ROOTED = 3.0 / 8.0  # added before the root is taken: counts then spread alike (Anscombe 1948, Biometrika 35)
WAY = 0.5  # to what a model says, that the mixture might have gone
EVIDENCE_MAX = 300.0  # of an exponent

NAN = float("nan")

Ints = NDArray[np.intp]
Float32s = NDArray[np.float32]
Flags = NDArray[np.uint8]


class Regrets:
    """The arrays of a pool, held as C sees them.

    said: (periods, models + 1, knots, series) units, the ring of what was said, the mixture last; NaN is nothing
    regret, square: (models, knots, series); error, count: (knots, series); weights: (models, knots, series)
    awake: (models,) 1 of each that counts; limits: forgetting, the rate of a regret, how many times the others' weight
    the first model has, and the least share that counts
    """

    def __init__(
        self,
        knots: Ints,
        said: Float32s,
        regret: Float64s,
        square: Float64s,
        error: Float64s,
        count: Float64s,
        weights: Float64s,
        awake: Flags,
        limits: Float64s,
    ) -> None:
        self.knots, self.said, self.regret, self.square = knots, said, regret, square
        self.error, self.count, self.weights, self.awake, self.limits = error, count, weights, awake, limits

    def learn(self, values: Float64s, periods: int) -> None:
        """Hold what was said of a period, (series,) units, against what came, and make room for what will be said."""
        if _score(
            self.said, periods, self.knots, values, self.regret, self.square, self.error, self.count, self.limits[0]
        ):
            self.weigh()
        self.forget(periods % self.said.shape[0])

    def forget(self, place: int) -> None:
        """Let nothing have been said after the period whose place this is."""
        for model in range(self.said.shape[1]):
            for knot in range(self.said.shape[2]):
                for one in range(self.said.shape[3]):
                    self.said[place, model, knot, one] = NAN

    def weigh(self) -> None:
        """Take the weights from the regrets; models that nothing is known of yet are as good as each other."""
        _weigh(self.regret, self.square, self.error, self.limits[1], self.weights)
        for model in range(self.awake.shape[0]):
            self.awake[model] = 0
        for knot in range(self.weights.shape[1]):
            for one in range(self.weights.shape[2]):
                self.weights[0, knot, one] *= self.limits[2]
                self.wake(knot, one)
        self.awake[0] = 1  # it learns from what it says

    def wake(self, knot: int, one: int) -> None:
        """Mark the models that count in a series at a step ahead."""
        total = 0.0
        for model in range(self.awake.shape[0]):
            total += self.weights[model, knot, one]
        for model in range(self.awake.shape[0]):
            if self.weights[model, knot, one] / total >= self.limits[3]:
                self.awake[model] = 1

    def mix(self, said: Float64s, near: Ints, far: Ints, way: Float64s, mixed: Float64s) -> bool:
        """Do what `_mix` does."""
        return _mix(said, self.weights, near, far, way, mixed)

    def remember(self, said: Float64s, mixed: Float64s, periods: int) -> None:
        """Keep what each model says after a period, and last the mixture; who is silent is taken to say the same.

        said: (models, series, steps) and mixed: (series, steps) units; periods: learnt before that one
        """
        place = periods % self.said.shape[0]
        for knot in range(self.knots.shape[0]):
            if self.knots[knot] <= said.shape[2]:
                _remember(said, mixed, knot, self.knots[knot] - 1, place, self.said)


def _score(
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


def _weigh(regret: Float64s, square: Float64s, error: Float64s, rate: float, weights: Float64s) -> None:
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


def _mix(said: Float64s, weights: Float64s, near: Ints, far: Ints, way: Float64s, mixed: Float64s) -> bool:
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
    return weighed / total if total > 0.0 else NAN


def _remember(said: Float64s, mixed: Float64s, knot: int, step: int, place: int, kept: Float32s) -> None:
    models = said.shape[0]
    for one in range(said.shape[1]):
        kept[place, models, knot, one] = mixed[one, step]
        for model in range(models):
            told = said[model, one, step]
            kept[place, model, knot, one] = told if told == told else mixed[one, step]
