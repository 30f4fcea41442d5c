"""Misses in, what of them may be believed out: a spike is cut to a few usual misses, a lasting change is not."""

from typing import Any

SCALE_RATE = 0.02  # of the running scale: about the last 50 periods
BELIEVED_MAX = 6.0  # scales: a spike teaches no more than this
IN_A_ROW_MAX = 3  # beyond the limit to the same side: more is no spike but the new level, and is believed


class Surprise:
    """The running scale of one series' misses, and the run of those beyond the limit.

    >>> surprise = Surprise()
    >>> for _ in range(9):
    ...     _ = surprise.believed(1.0)
    >>> [round(surprise.believed(1000.0)) for _ in range(5)]
    [6, 9, 13, 1000, 1000]
    """

    __slots__ = ("_count", "_run", "scale")

    def __init__(self) -> None:
        self.scale = 0.0  # smoothed absolute miss, units
        self._count = 0
        self._run = 0  # surprises in a row; their side is the sign

    def believed(self, miss: float) -> float:
        """Return what of the next period's miss may be learnt, and remember it."""
        known = self._within(miss) if self._count else miss
        self._count += 1
        self.scale += max(SCALE_RATE, 1.0 / self._count) * (abs(known) - self.scale)
        return known

    def _within(self, miss: float) -> float:
        limit = BELIEVED_MAX * self.scale
        if abs(miss) <= limit:
            self._run = 0
            return miss
        side = 1 if miss > 0 else -1
        self._run = self._run + side if self._run * side > 0 else side
        if abs(self._run) > IN_A_ROW_MAX:
            self._run = side * IN_A_ROW_MAX  # stays one short of the next, so that the run goes on, bounded
            return miss
        return side * limit

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return self.scale, self._count, self._run

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` returned."""
        self.scale, self._count, self._run = state
