"""Features and targets of a pool's series in, one step of River's StandardScaler | LinearRegression of each out.

What `online_models.linear.Linear` does with River's own objects, number for number.
"""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.linear import GRADIENT_MAX, LEARNING_RATE, SCALED_MAX, SHRINKAGE

EXAMPLES, MEAN, VARIANCE, WEIGHT = 0, 1, 2, 3  # rows of what is learnt


class Linears:
    """The regressions of a pool.

    learnt: (series, 4, columns), a column each feature; zeros where there is none; intercepts: (series,)
    """

    def __init__(self, learnt: Float64s, intercepts: Float64s) -> None:
        self.learnt, self.intercepts = learnt, intercepts
        self.values = np.zeros(learnt.shape[2])  # of the features of one example
        self.columns: NDArray[np.intp] = np.zeros(learnt.shape[2], np.intp)  # where each of them stands

    def put(self, at: int, column: int, value: float) -> None:
        """Make a feature of this column the example's `at`-th."""
        self.columns[at], self.values[at] = column, value

    def learn(self, one: int, count: int, target: float) -> None:
        """Learn an example of the first `count` features put; its target is in scales."""
        energy = predicted = 0.0
        for at in range(count):
            value = self.scaled(one, self.columns[at], self.values[at])
            self.values[at] = value
            energy += value * value
            predicted += self.learnt[one, WEIGHT, self.columns[at]] * value
        start = float(self.intercepts[one])
        gradient = 2.0 * (predicted + start - target) * (1.0 / max(1.0, energy / count))
        gradient = min(max(gradient, -GRADIENT_MAX), GRADIENT_MAX)
        self.intercepts[one] = start - LEARNING_RATE * gradient
        for at in range(count):
            weight = self.learnt[one, WEIGHT, self.columns[at]]
            weight -= LEARNING_RATE * (self.values[at] * gradient + SHRINKAGE * weight)
            self.learnt[one, WEIGHT, self.columns[at]] = weight
        self.keep_finite(one)

    def scaled(self, one: int, column: int, value: float) -> float:
        """Let the scaler learn a feature's value and return it in standard deviations from its mean, bounded."""
        seen, before = self.learnt[one, EXAMPLES, column] + 1.0, self.learnt[one, MEAN, column]
        mean = before + (value - before) / seen
        variance = self.learnt[one, VARIANCE, column]
        variance += ((value - before) * (value - mean) - variance) / seen
        self.learnt[one, EXAMPLES, column], self.learnt[one, MEAN, column] = seen, mean
        self.learnt[one, VARIANCE, column] = variance
        if variance == 0.0:
            return 0.0
        found: float = (value - mean) / variance**0.5
        return min(max(found, -SCALED_MAX), SCALED_MAX)

    def keep_finite(self, one: int) -> None:
        """Begin again from zero where a weight is no finite number."""
        total = float(self.intercepts[one])
        for column in range(self.learnt.shape[2]):
            total += self.learnt[one, WEIGHT, column]
        if total - total == 0.0:
            return
        self.intercepts[one] = 0.0
        for column in range(self.learnt.shape[2]):
            self.learnt[one, WEIGHT, column] = 0.0

    def per_deviation(self, one: int, column: int) -> float:
        """Return 1 / the standard deviation of a feature; 0 of one that never varied, or has no column (below 0)."""
        if column < 0 or self.learnt[one, VARIANCE, column] == 0.0:
            return 0.0
        found: float = 1.0 / self.learnt[one, VARIANCE, column] ** 0.5
        return found

    def added(self, one: int, column: int, per_deviation: float, value: float) -> float:
        """Return what a feature of this value adds to a prediction, as `online_models.linear.added`, scales."""
        if per_deviation == 0.0:
            return 0.0
        scaled = (value - self.learnt[one, MEAN, column]) * per_deviation
        found: float = self.learnt[one, WEIGHT, column] * min(max(scaled, -SCALED_MAX), SCALED_MAX)
        return found
