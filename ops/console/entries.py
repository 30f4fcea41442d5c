"""What the console keeps of one pool, one item, one line of a decision and one connection; each bounded."""

from collections import deque
from dataclasses import dataclass, field

from online_models.base import QUANTILE_LEVELS
from ops.console.track import Track
from streams.catalog import PoolSpec
from streams.events import ActionLine, Allocation, Outcome, PoolView, SeriesView
from streams.model_events import ModelChanged

BUCKETS_MAX = 400  # kept of each series
MODEL_CHANGES_MAX = 20  # kept of each pool
RATE_WINDOW_S = 30.0  # wall time over which the speed of event time is measured
_LOW, _HIGH = QUANTILE_LEVELS.index(0.1), QUANTILE_LEVELS.index(0.9)


@dataclass(slots=True)
class SeriesState:
    """One resource: what came, what had been said, stock and orders."""

    pool_id: str
    resource_id: str
    version: int = 0
    buckets: Track = field(default_factory=lambda: Track(4, BUCKETS_MAX))  # value, said mean, said 10 %, said 90 %
    stock: Track = field(default_factory=lambda: Track(2, BUCKETS_MAX))  # on hand, on order
    orders: Track = field(default_factory=lambda: Track(2, BUCKETS_MAX))  # order, what the policy proposed
    view: SeriesView | None = None
    censored: bool = False  # the last closed bucket
    stale: bool = False  # the forecast has expired by the pool's event time
    last_action: "Decided | None" = None


@dataclass(slots=True)
class PoolState:
    """One pool: its declaration and its newest view."""

    pool_id: str
    version: int = 0
    spec: PoolSpec | None = None
    view: PoolView | None = None
    written: PoolView | None = None  # as it was read; `view` is the same with its time moved on to when it was read
    seen_at_s: float = 0.0  # wall time when the view last changed
    models: deque[ModelChanged] = field(default_factory=lambda: deque(maxlen=MODEL_CHANGES_MAX))  # oldest first
    clock: deque[tuple[float, float, float]] = field(
        default_factory=lambda: deque(maxlen=120)
    )  # wall, event, watermark

    @property
    def catching_up(self) -> bool:
        """Return whether the watermark gains on the run's event time: history is being learnt."""
        if len(self.clock) < 2:
            return False
        (_, first_s, first_mark_s), (_, last_s, last_mark_s) = self.clock[0], self.clock[-1]
        return last_s - last_mark_s < first_s - first_mark_s

    @property
    def speed(self) -> float | None:
        """Return seconds of event time in a second, over `RATE_WINDOW_S`; None before it can be told."""
        if len(self.clock) < 2 or self.clock[-1][0] - self.clock[0][0] <= 1.0:
            return None
        return (self.clock[-1][1] - self.clock[0][1]) / (self.clock[-1][0] - self.clock[0][0])


@dataclass(slots=True)
class Decided:
    """One line of a decision, and what became of it."""

    version: int
    at_s: float  # wall time when it was written to its topic
    allocation: Allocation
    line: ActionLine
    outcome: Outcome | None = None


@dataclass(slots=True)
class Connection:
    """Whether a server is reached, and in which words it is not."""

    text: str
    ok: bool = False
    since_s: float = 0.0  # wall time of the last change; 0 before the first answer


def band(quantiles: tuple[float, ...]) -> tuple[float, float]:
    """Return the 10 % and 90 % quantiles out of `quantiles`, which stand at `QUANTILE_LEVELS`.

    >>> band((1, 2, 3, 4, 5, 6, 7, 8, 9))
    (2, 6)
    """
    return quantiles[_LOW], quantiles[_HIGH]
