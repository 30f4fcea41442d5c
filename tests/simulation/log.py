"""Records in, a broker's topics out: partitions that only grow, with append times, and nothing that fails by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from streams.topics import partition_of

BASE_S = 1_600_000_000.0  # Unix seconds of the run's second 0


@dataclass(frozen=True, slots=True)
class Record:
    """One record as a consumer gets it."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # Unix milliseconds of its append
    value: bytes


class Log:
    """All topics of the simulated cluster."""

    def __init__(self, now_s: Callable[[], float], partitions: dict[str, int]) -> None:
        self.topics: dict[str, list[list[Record]]] = {name: [[] for _ in range(n)] for name, n in partitions.items()}
        self.watchers: dict[str, Callable[[Record], None]] = {}  # told of each record when it is appended
        self._now_s = now_s

    def append(self, topic: str, key: str, value: bytes, partition: int | None = None) -> Record:
        """Append one record; its place follows from `key` unless it is given."""
        parts = self.topics[topic]
        place = partition_of(key, len(parts)) if partition is None else partition
        record = Record(topic, place, len(parts[place]), int((BASE_S + self._now_s()) * 1000), value)
        parts[place].append(record)
        watcher = self.watchers.get(topic)
        if watcher is not None:
            watcher(record)
        return record

    def end(self, topic: str, partition: int) -> int:
        """Return the offset that the next record will have."""
        return len(self.topics[topic][partition])

    def all(self, topic: str) -> list[Record]:
        """Return all records of a topic, partition by partition."""
        return [record for part in self.topics[topic] for record in part]
