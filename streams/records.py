"""What was fetched of one partition in, one value out that the fold takes whole: offsets, append times and bytes."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

_TIMESTAMP, _VALUE = attrgetter("timestamp"), attrgetter("value")


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one partition that were fetched together. All sequences share one order and length."""

    offsets: Sequence[int]  # (n,) ascending; an offset may be missing after compaction or an aborted transaction
    wall_s: Sequence[float]  # (n,) Unix seconds at which the broker appended them
    values: Sequence[bytes]  # (n,)

    @classmethod
    def of(cls, fetched: Sequence["Fetched"]) -> "Records":
        """Return what Kafka's client fetched, without what else it knows of each record."""
        if not fetched:
            return cls((), (), ())
        first, last, count = fetched[0].offset, fetched[-1].offset, len(fetched)
        whole = last - first + 1 == count
        times_ms = list(map(_TIMESTAMP, fetched))
        values = list(map(_VALUE, fetched))
        return cls(
            range(first, last + 1) if whole else [record.offset for record in fetched],
            [times_ms[0] / 1000.0] * count if min(times_ms) == max(times_ms) else [time / 1000.0 for time in times_ms],
            values if None not in values else [value or b"" for value in values],
        )

    def after(self, next_offset: int) -> "Records":
        """Return the records from `next_offset` on; it may leave none.

        >>> Records([3, 4, 7], [0.0, 0.0, 0.0], [b"a", b"b", b"c"]).after(5).offsets
        [7]
        """
        start = bisect_left(self.offsets, next_offset)
        return Records(self.offsets[start:], self.wall_s[start:], self.values[start:]) if start else self

    def before(self, end_offset: int) -> "Records":
        """Return the records below `end_offset`; it may leave none."""
        end = bisect_left(self.offsets, end_offset)
        return Records(self.offsets[:end], self.wall_s[:end], self.values[:end])

    @property
    def size_bytes(self) -> int:
        """Return the bytes of all values."""
        return sum(map(len, self.values))

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.offsets)


class Fetched:
    """The three things that are asked of a record of any Kafka client."""

    offset: int
    timestamp: int  # Unix milliseconds
    value: bytes | None
