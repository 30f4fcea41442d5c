"""What a worker says of itself: counts in, one `WorkerHealth` a second out."""

from collections import deque
from collections.abc import Iterable, Sequence

from streams.health_events import PartitionHealth, WorkerHealth

DURATIONS_MAX = 1000  # newest decision times that percentiles are taken of
RATE_WINDOW_S = 5.0


class Health:
    """Counters of one worker process."""

    def __init__(self, worker_id: str) -> None:
        self._worker_id = worker_id
        self._counters: dict[str, int] = {}
        self._durations: deque[float] = deque(maxlen=DURATIONS_MAX)
        self._marks: deque[tuple[float, int]] = deque(maxlen=32)  # (wall_s, events_total)

    def count(self, what: str, by: int = 1) -> None:
        """Count `by` more of `what`, e.g. "decisions:policy"."""
        self._counters[what] = self._counters.get(what, 0) + by

    def decided_in(self, duration_s: float) -> None:
        """Take note of the time from reading a view to the acknowledged action."""
        self._durations.append(duration_s)

    def report(
        self, partitions: Sequence[PartitionHealth], folded: Iterable[dict[str, int]], *, at_s: float, rss_bytes: int
    ) -> WorkerHealth:
        """Return the health at wall time `at_s`; `folded` are the counters of each shard."""
        counters = dict(self._counters)
        for shard in folded:
            for name, count in shard.items():
                counters[name] = counters.get(name, 0) + count
        return WorkerHealth(
            worker_id=self._worker_id,
            at_s=at_s,
            events_per_s=self._rate(at_s, sum(one.events_total for one in partitions)),
            rss_bytes=rss_bytes,
            partitions=tuple(partitions),
            counters=counters,
            decision_p50_s=self._percentile(0.5),
            decision_p99_s=self._percentile(0.99),
        )

    def _rate(self, at_s: float, events_total: int) -> float:
        self._marks.append((at_s, events_total))
        while len(self._marks) > 2 and at_s - self._marks[0][0] > RATE_WINDOW_S:
            self._marks.popleft()
        (first_s, first), (last_s, last) = self._marks[0], self._marks[-1]
        return (last - first) / (last_s - first_s) if last_s > first_s and last >= first else 0.0

    def _percentile(self, ratio: float) -> float | None:
        if not self._durations:
            return None
        ordered = sorted(self._durations)
        return ordered[min(int(len(ordered) * ratio), len(ordered) - 1)]
