"""Features and a target in, a weighted sum out: River's StandardScaler | LinearRegression, made unable to diverge.

Scaled features are bounded, the step shrinks where they are large (normalised least mean squares), the gradient is
clipped, and weights that are not finite start again from zero. The state is plain values: no pickle.

A model keeps only the numbers it has learnt, in one array. For the length of a call they are lent to River's own
objects, of which there is one pair a thread: thousands of series need no dictionaries and optimisers each.
"""

import functools
import math
import threading
from array import array
from typing import Any

SCALED_MAX = 5.0  # standard deviations: further out is an outlier that would only tear at the weights
GRADIENT_MAX = 6.0  # of a squared error: a target missed by more than 3 of its scales teaches as 3 do
LEARNING_RATE = 0.002  # of the rates tried, 0.001 to 0.03, this or the next lower was best on every set
SHRINKAGE = 1e-3  # l2: features say the same thing twice; without need a weight goes back to zero

Features = dict[str, float]


Term = tuple[float, float, float]  # weight, mean, 1 / standard deviation (0: never varied) of one feature


def added(term: Term, value: float) -> float:
    """Return what a feature of this value adds to a prediction: weighted, scaled, bounded.

    >>> added((0.5, 10.0, 2.0), 11.0), added((0.5, 10.0, 2.0), 99.0)
    (1.0, 2.5)
    """
    weight, mean, per_deviation = term
    return weight * bounded((value - mean) * per_deviation)


def bounded(scaled: float) -> float:
    """Return a scaled feature within its bounds."""
    return scaled if -SCALED_MAX <= scaled <= SCALED_MAX else math.copysign(SCALED_MAX, scaled)


class Linear:
    """One online linear regression. A feature that is absent from a call is masked, not zero."""

    __slots__ = ("_intercept", "_learnt", "_names")

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()  # features seen so far, shared with every model that saw the same
        self._learnt = array("d")  # four rows of a number a name: examples, means, variances, weights
        self._intercept = 0.0

    def learn(self, features: Features, target: float) -> None:
        """Learn one example; the target is in units of its own running scale, so about 1 in size."""
        if tuple(features) != self._names:
            self._grow(features)
        scaler, regression = self._lent()
        scaler.learn_one(features)
        scaled = _scaled(scaler, features)
        energy = sum([value * value for value in scaled.values()])
        regression.learn_one(scaled, target, w=1.0 / max(1.0, energy / max(len(scaled), 1)))
        self._take_back(scaler, regression)

    def predict(self, features: Features) -> float:
        """Return the prediction, in scales of the target."""
        scaler, regression = self._lent()
        return float(regression.predict_one(_scaled(scaler, features)))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the features seen so far."""
        return self._names

    @property
    def learnt(self) -> "array[float]":
        """Return four rows of a number a name: examples, means, variances, weights; River's numbers."""
        return self._learnt

    @property
    def intercept(self) -> float:
        """Return what is predicted when every feature stands at its mean, in scales of the target."""
        return self._intercept

    def _grow(self, features: Features) -> None:
        """Make room for features not seen before, at the end of each row."""
        new = [name for name in features if name not in self._names]
        if not new:
            return
        size, learnt = len(self._names), self._learnt
        self._learnt = array("d")
        for row in range(4):
            self._learnt += learnt[row * size : (row + 1) * size] + array("d", bytes(8 * len(new)))
        self._names = _shared((*self._names, *new))

    def _lent(self) -> tuple[Any, Any]:
        """Return this thread's scaler and regression of River, as this model has taught them."""
        scaler, regression, vector = _river()
        names, row_by_row = self._names, iter(self._learnt)
        scaler.counts = dict(zip(names, row_by_row))  # noqa: B905  each zip takes a row and leaves the rest
        scaler.means = dict(zip(names, row_by_row))  # noqa: B905
        scaler.vars = dict(zip(names, row_by_row))  # noqa: B905
        regression._weights = vector(dict(zip(names, row_by_row)))  # noqa: B905, SLF001  no setter
        regression.intercept = self._intercept
        return scaler, regression

    def _take_back(self, scaler: Any, regression: Any) -> None:
        weights, intercept = regression.weights, regression.intercept
        if not math.isfinite(intercept + sum(weights.values())):
            weights, intercept = dict.fromkeys(weights, 0.0), 0.0
        counts, means, variances = scaler.counts, scaler.means, scaler.vars
        self._learnt = array("d", [*counts.values(), *means.values(), *variances.values(), *weights.values()])
        self._intercept = intercept

    def state(self) -> tuple[Any, ...]:
        """Return everything learnt, as plain values for msgpack."""
        return self._names, self._learnt.tobytes(), self._intercept

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` returned."""
        names, learnt, self._intercept = state
        self._names = _shared(tuple(names))
        self._learnt = array("d", learnt)


def _scaled(scaler: Any, features: Features) -> Features:
    """Return the features in standard deviations from their mean, bounded."""
    scaled: Features = scaler.transform_one(features)
    if scaled and (max(scaled.values()) > SCALED_MAX or min(scaled.values()) < -SCALED_MAX):
        return {name: bounded(value) for name, value in scaled.items()}
    return scaled


@functools.lru_cache(maxsize=1024)
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    return names


_threads = threading.local()


def _river() -> tuple[Any, Any, Any]:
    """Return this thread's scaler and regression, and the class of the regression's weights."""
    found: tuple[Any, Any, Any] | None = getattr(_threads, "river", None)
    if found is None:
        found = _threads.river = _made()
    return found


def preload() -> None:
    """Import River now: who is about to serve forecasts should not wait for it in the middle of a stream."""
    _made()


def _made() -> tuple[Any, Any, Any]:
    # River loads SciPy, 85 MB and seconds: only who makes a model pays, not a feed that checks a name in a catalog.
    from river import linear_model, optim, preprocessing  # noqa: PLC0415
    from river.utils import VectorDict  # noqa: PLC0415

    regression = linear_model.LinearRegression(
        optimizer=optim.SGD(LEARNING_RATE),
        intercept_lr=LEARNING_RATE,
        l2=SHRINKAGE,
        clip_gradient=GRADIENT_MAX,
    )
    return preprocessing.StandardScaler(), regression, VectorDict
