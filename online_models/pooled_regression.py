"""Inputs and what came of all series of a pool in, one set of weights for each step ahead out.

Recursive least squares with forgetting, in its information form: the sums of products are kept, decayed, and solved
for the weights with a ridge. That is the same estimate as the usual recursion (Haykin 2014, "Adaptive Filter Theory",
5th ed., chapter 10), but nothing is inverted step by step, so nothing can drift or blow up, and a pool's series share
one solution. It is solved by a sweep of Gauss and Seidel's each few periods, begun at the weights of before: as good as
solving it each time (within 0.1 % on the development spans), at a fiftieth of the cost. A miss teaches no more than a
few usual ones (Huber 1964), measured from what had been said.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from online_models import regression_loops
from online_models.base import Float64s
from online_models.hinges import Inputs, design
from online_models.plan import nearest_knots

MEMORY_DAYS = 150.0  # until a period's weight has fallen to 1/e; 60 to 400 differ by 1 % on most development spans
MEMORY_PERIODS = 1000.0  # and at least so many: fewer days cannot carry so many weights
RIDGE = 15.0  # periods of evidence, in squared scales, that a weight has to outweigh
TARGET_MAX = 8.0  # scales: a period further from its profile teaches as this
MISS_MAX = 2.5  # usual misses, measured from what had been said; less makes the mean of skewed demand too small
MISS_DAYS = 33.0  # that the usual miss looks back over
MISS_TO_DEVIATION = 1.25  # standard deviations of a normal variable in its mean absolute miss, sqrt(pi / 2)
FIRST_MISS = 1.0  # scales

Float32s = NDArray[np.float32]
Places64 = NDArray[np.intp]


class PooledRegression:
    """Weights for each of `knots` steps ahead, which `loops` holds against what comes and asks.

    Covariates may be added, never taken away.

    >>> regression = PooledRegression(np.array([1]), 1, Inputs(3, (0, 1, 2), (1, 2), 5, 3, 3, 0))
    >>> said = np.array([[[[0.0, 1.0, 0.0]]]], np.float32)  # profile, scale and forecast, once a period
    >>> targets, found = np.empty((1, 1)), np.empty((1, 1))
    >>> for period in range(800):
    ...     regression.loops.meet(np.array([period % 3 - 1.0]), said, period, targets)
    ...     inputs = np.array([[[1.0, period % 3 - 1.0, 0.0]]], np.float32)
    ...     regression.learn(inputs, [0, 1], period, targets[:, None])
    >>> steps = (np.array([0]), np.array([0]), np.array([0.0]))
    >>> regression.loops.say(np.array([[[1.0, -1.0, 0.0]]]), *steps, found)
    >>> found.round(1).tolist()
    [[-1.0]]
    """

    def __init__(self, knots: Places64, slots_per_day: int, inputs: Inputs) -> None:
        self._knots = knots
        self._inputs = inputs
        self._keep = float(np.exp(-1.0 / max(MEMORY_DAYS * slots_per_day, MEMORY_PERIODS)))  # a period
        self._miss_rate = 1.0 / (MISS_DAYS * slots_per_day)
        self._limits = np.array([TARGET_MAX, MISS_MAX, MISS_TO_DEVIATION])
        self._misses = np.array([(FIRST_MISS, 0.0)] * len(knots))
        self.widen(0)

    def widen(self, covariates: int) -> None:
        """Make room for the inputs of so many covariates; what was learnt stays."""
        self._places, self._gains = design(self._inputs, covariates)
        count, knots = self._places.shape[1], len(self._knots)
        products = np.zeros((knots, count, count), dtype=np.float32)  # of features with each other, decayed sums
        moments, weights = np.zeros((knots, count)), np.zeros((knots, count))
        if covariates:
            old = self._weights.shape[1]
            products[:, :old, :old], moments[:, :old], weights[:, :old] = self._products, self._moments, self._weights
        self._products: Float32s = products
        self._moments: Float64s = moments  # of features with the target, decayed sums
        self._weights: Float64s = weights
        misses = (self._knots, self._limits, self._miss_rate, self._misses)
        self.loops = regression_loops.Weights(*misses, self._places, self._gains, self._weights)

    def learn(self, made_from: Float32s, firsts: Sequence[int], first: int, targets: Float64s) -> None:
        """Learn some periods from `first` on: targets (knots, periods, series), scales, NaN teaches nothing.

        made_from: (places, series, inputs), each knot's ring from its place in `firsts` to the next one's
        """
        _, periods, series = targets.shape
        features = np.empty((periods * series, self._places.shape[1]), dtype=np.float32)
        came = np.empty(periods * series, dtype=np.float32)
        keep = self._keep**periods
        for knot, ahead in enumerate(self._knots.tolist()):
            ring = (firsts[knot], firsts[knot + 1] - firsts[knot], first - ahead)
            regression_loops.expand(made_from, *ring, targets[knot], self._places, self._gains, features, came)
            products = self._products[knot]
            products *= np.float32(keep)
            products += features.T @ features
            self._moments[knot] = keep * self._moments[knot] + came @ features
        found = np.matmul(self._products, self._weights[..., None].astype(np.float32))[..., 0]
        slack = self._moments - found - RIDGE * self._weights
        regression_loops.sweep(self._products, RIDGE, slack, self._weights)

    def adopt(self, old: Self, covariates: int) -> None:
        """Take over what `old` learnt, which knew so many covariates; of other knots, of the nearest of its own."""
        self.widen(0)
        self.widen(covariates)
        near = nearest_knots(self._knots.tolist(), old._knots.tolist())
        for name in ("_products", "_moments", "_weights", "_misses"):
            getattr(self, name)[...] = getattr(old, name)[near]

    def state(self) -> tuple[int, bytes, bytes, bytes, bytes]:
        """Return everything kept, as plain values for msgpack."""
        count = self._weights.shape[1]
        upper = np.triu_indices(count)  # the rest is the same, mirrored
        arrays = (self._products[:, *upper], self._moments, self._weights, self._misses)
        products, moments, weights, misses = (one.tobytes() for one in arrays)
        return count, products, moments, weights, misses

    def restore(self, state: tuple[int, bytes, bytes, bytes, bytes], covariates: int) -> None:
        """Take over what `state()` of an object of as many knots returned, which knew so many covariates."""
        count, products, moments, weights, misses = state
        self.widen(0)
        self.widen(covariates)
        shape = self._weights.shape
        if shape[1] != count:
            raise ValueError(f"a regression of {count} features; wanted {shape[1]}")
        rows, columns = np.triu_indices(count)
        self._products[:, rows, columns] = np.frombuffer(products, np.float32).reshape(shape[0], -1)
        self._products[:, columns, rows] = self._products[:, rows, columns]
        self._moments[...] = np.frombuffer(moments).reshape(shape)
        self._weights[...] = np.frombuffer(weights).reshape(shape)
        self._misses[...] = np.frombuffer(misses).reshape(self._misses.shape)
