"""Features and a target in, a weighted sum out: River's StandardScaler | LinearRegression, made unable to diverge.

Scaled features are bounded, the step shrinks where they are large (normalised least mean squares), the gradient is
clipped, and weights that are not finite start again from zero. The state is plain values: no pickle.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from online_models.base import Float64s

SCALED_MAX = 5.0  # standard deviations: further out is an outlier that would only tear at the weights
GRADIENT_MAX = 6.0  # of a squared error: a target missed by more than 3 of its scales teaches as 3 do
LEARNING_RATE = 0.002  # of the rates tried, 0.001 to 0.03, this or the next lower was best on every set
SHRINKAGE = 1e-3  # l2: features say the same thing twice; without need a weight goes back to zero

Features = dict[str, float]


class Term(NamedTuple):
    """What one feature adds to a prediction."""

    weight: float
    mean: float
    deviation: float  # 0: the feature never varied and scales to 0

    def of(self, value: float) -> float:
        """Return the weighted, scaled, bounded feature."""
        if not self.deviation:
            return 0.0
        return self.weight * min(max((value - self.mean) / self.deviation, -SCALED_MAX), SCALED_MAX)

    def of_all(self, values: Float64s) -> Float64s:
        """Return the same for each of `values`."""
        if not self.deviation:
            return np.zeros(len(values))
        scaled = np.minimum(np.maximum((values - self.mean) / self.deviation, -SCALED_MAX), SCALED_MAX)
        return np.asarray(self.weight * scaled)


Terms = dict[str, Term]


class Linear:
    """One online linear regression. A feature that is absent from a call is masked, not zero."""

    def __init__(self) -> None:
        self._scaler: Any = _scaler()  # River's methods have no types
        self._regression: Any = _regression()

    def learn(self, features: Features, target: float) -> None:
        """Learn one example; the target is in units of its own running scale, so about 1 in size."""
        self._scaler.learn_one(features)
        scaled = self.scaled(features)
        energy = sum(value * value for value in scaled.values())
        self._regression.learn_one(scaled, target, w=1.0 / max(1.0, energy / max(len(scaled), 1)))
        if not self._finite():
            self._regression = _regression()

    def predict(self, features: Features) -> float:
        """Return the prediction, in scales of the target."""
        return float(self._regression.predict_one(self.scaled(features)))

    def scaled(self, features: Features) -> Features:
        """Return the features in standard deviations from their mean, bounded."""
        return {
            name: min(max(value, -SCALED_MAX), SCALED_MAX)
            for name, value in self._scaler.transform_one(features).items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Return the features seen so far."""
        return tuple(self._scaler.counts)

    def terms(self) -> tuple[Terms, float]:
        """Return the term of each feature by name, and the intercept: River's numbers, for a quick recursion.

        Their sum is what `predict` returns for the same features.
        """
        means, variances = self._scaler.means, self._scaler.vars
        weights: dict[str, float] = self._regression.weights
        terms = {name: Term(weight, means[name], math.sqrt(variances[name])) for name, weight in weights.items()}
        return terms, float(self._regression.intercept)

    def _finite(self) -> bool:
        return math.isfinite(self._regression.intercept + sum(self._regression.weights.values()))

    def state(self) -> dict[str, Any]:
        """Return everything learnt, as plain values for msgpack; order matters for sums, so lists of pairs."""
        return {
            "counts": list(self._scaler.counts.items()),
            "means": list(self._scaler.means.items()),
            "vars": list(self._scaler.vars.items()),
            "weights": list(self._regression.weights.items()),
            "intercept": self._regression.intercept,
            "iterations": self._regression.optimizer.n_iterations,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state()` returned."""
        from river.utils import VectorDict  # noqa: PLC0415  see `_scaler`

        self._scaler = _scaler()
        self._scaler.counts.update(dict(state["counts"]))
        self._scaler.means.update(dict(state["means"]))
        self._scaler.vars.update(dict(state["vars"]))
        self._regression = _regression()
        self._regression._weights = VectorDict(dict(state["weights"]))  # noqa: SLF001  River has no setter
        self._regression.intercept = float(state["intercept"])
        self._regression.optimizer.n_iterations = int(state["iterations"])


def _scaler() -> Any:
    # River loads SciPy, 85 MB and seconds: only who makes a model pays, not a feed that checks a name in a catalog.
    from river.preprocessing import StandardScaler  # noqa: PLC0415

    return StandardScaler()


def _regression() -> Any:
    from river import linear_model, optim  # noqa: PLC0415  see `_scaler`

    return linear_model.LinearRegression(
        optimizer=optim.SGD(LEARNING_RATE),
        intercept_lr=LEARNING_RATE,
        l2=SHRINKAGE,
        clip_gradient=GRADIENT_MAX,
    )
