"""Batches of features that a learner saw in, the range of each out: outside of them nobody knows what it would do."""

import numpy as np

from policies.inventory.ranges import Ranges
from policies.observation import Float32s
from simulator.training.kept_state import Arrays


class SeenRanges:
    """The lowest and the highest of each feature so far."""

    def __init__(self, features: int) -> None:
        """Start with nothing seen."""
        self._low = np.full(features, np.inf, dtype=np.float32)
        self._high = -self._low

    def add(self, seen: Float32s) -> None:
        """Widen by rows (n, features)."""
        self._low = np.minimum(self._low, seen.min(axis=0))
        self._high = np.maximum(self._high, seen.max(axis=0))

    def ranges(self) -> Ranges:
        """Return (low, high) of each feature; empty when nothing was seen.

        >>> seen = SeenRanges(2)
        >>> seen.add(np.array([[1.0, 5.0], [3.0, 4.0]], dtype=np.float32))
        >>> seen.ranges()
        ((1.0, 3.0), (4.0, 5.0))
        """
        if not np.isfinite(self._low).all():
            return ()
        return tuple(zip(self._low.tolist(), self._high.tolist(), strict=True))

    def arrays(self) -> Arrays:
        """Return what `restore` needs."""
        return {"low": self._low.copy(), "high": self._high.copy()}

    def restore(self, arrays: Arrays) -> None:
        """Go on from `arrays`."""
        self._low, self._high = arrays["low"], arrays["high"]
