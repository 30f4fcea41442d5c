"""Features and what came of all series of a pool in, one set of weights for each step ahead out.

Recursive least squares with forgetting, in its information form: the sums of products are kept, decayed, and solved
for the weights with a ridge. That is the same estimate as the usual recursion (Haykin 2014, "Adaptive Filter Theory",
5th ed., chapter 10), but nothing is inverted step by step, so nothing can drift or blow up, and a pool's series share
one solution. One model over all series beat one a series on every development span that has several.
"""

from collections.abc import Sequence

import numpy as np

from online_models.base import Bools, Float64s

MEMORY_DAYS = 150.0  # until a period's weight has fallen to 1/e; 60 to 400 differ by 1 % on most development spans
RIDGE = 10.0  # periods of evidence, in squared scales, that a weight has to outweigh
TARGET_MAX = 4.0  # scales: a period missed by more teaches as this


class PooledRegression:
    """Weights for each of `knots` steps ahead; features may be added, never taken away.

    >>> regression = PooledRegression(knots=1, slots_per_day=1)
    >>> for period in range(400):
    ...     feature = period % 3 - 1.0
    ...     regression.learn(np.array([[[feature]]]), np.array([2.0 * feature]), np.array([[True]]))
    >>> regression.solve()
    >>> regression.weights.round(1).tolist()
    [[1.8]]
    """

    def __init__(self, knots: int, slots_per_day: int) -> None:
        self._keep = float(np.exp(-1.0 / (MEMORY_DAYS * slots_per_day)))
        self._products: Float64s = np.zeros((knots, 0, 0))  # of features with each other
        self._moments: Float64s = np.zeros((knots, 0))  # of features with the target
        self.weights: Float64s = np.zeros((knots, 0))  # (knots, features)

    def learn(self, features: Float64s, targets: Float64s, known: Bools) -> None:
        """Learn one period: features (knots, series, features), targets (series,) in scales, known (knots, series)."""
        self._widen(features.shape[-1])
        given = features * known[..., None]
        wanted = np.clip(np.where(np.isnan(targets), 0.0, targets), -TARGET_MAX, TARGET_MAX)
        self._products *= self._keep
        self._products += given.transpose(0, 2, 1) @ given
        self._moments *= self._keep
        self._moments += wanted @ given

    def solve(self) -> None:
        """Take the weights from all that was learnt."""
        ridge = RIDGE * np.eye(self._products.shape[-1])
        weights = np.linalg.solve(self._products + ridge, self._moments[..., None])[..., 0]
        if np.isfinite(weights).all():
            self.weights = np.asarray(weights, np.float64)

    def _widen(self, features: int) -> None:
        new = features - self._products.shape[-1]
        if new > 0:
            self._products = np.pad(self._products, ((0, 0), (0, new), (0, new)))
            self._moments = np.pad(self._moments, ((0, 0), (0, new)))
            self.weights = np.pad(self.weights, ((0, 0), (0, new)))

    def state(self) -> tuple[Sequence[int], bytes, bytes, bytes]:
        """Return everything kept, as plain values for msgpack."""
        upper = np.triu_indices(self.weights.shape[-1])  # the rest is the same, mirrored
        products = self._products[:, *upper].tobytes()
        return self.weights.shape, products, self._moments.tobytes(), self.weights.tobytes()

    def restore(self, state: tuple[Sequence[int], bytes, bytes, bytes]) -> None:
        """Take over what `state()` of an object of as many knots returned."""
        (knots, features), products, moments, weights = state
        rows, columns = np.triu_indices(features)
        self._products = np.empty((knots, features, features))
        self._products[:, rows, columns] = np.frombuffer(products).reshape(knots, -1)
        self._products[:, columns, rows] = self._products[:, rows, columns]
        self._moments = np.frombuffer(moments).reshape(knots, features).copy()
        self.weights = np.frombuffer(weights).reshape(knots, features).copy()
