"""What was fetched of one partition in, one value out that the fold takes whole: offsets, append times and bytes."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from streams.values import Values


@dataclass(frozen=True, slots=True)
class Records:
    """Records of one partition that were fetched together. All sequences share one order and length."""

    offsets: Sequence[int]  # (n,) ascending; an offset may be missing after compaction or an aborted transaction
    wall_s: Sequence[float]  # (n,) Unix seconds at which the broker appended them
    values: Values  # (n,)

    @classmethod
    def of(cls, fetched: Sequence["Fetched"]) -> "Records":
        """Return what Kafka's client made of each record, without what else it knows of it."""
        return cls(
            [record.offset for record in fetched],
            [(-1 if record.timestamp is None else record.timestamp) / 1000.0 for record in fetched],
            Values.of(record.value or b"" for record in fetched),
        )

    def after(self, next_offset: int) -> "Records":
        """Return the records from `next_offset` on; it may leave none.

        >>> Records([3, 4, 7], [0.0, 0.0, 0.0], Values.of([b"a", b"b", b"c"])).after(5).offsets
        [7]
        """
        start = bisect_left(self.offsets, next_offset)
        return Records(self.offsets[start:], self.wall_s[start:], self.values[start:]) if start else self

    def before(self, end_offset: int) -> "Records":
        """Return the records below `end_offset`; it may leave none."""
        end = bisect_left(self.offsets, end_offset)
        return Records(self.offsets[:end], self.wall_s[:end], self.values[:end])

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.offsets)


class Stretch(NamedTuple):
    """A stretch of one partition's log as it was read: all its records, but not every offset need have one."""

    start_offset: int
    end_offset: int
    records: Records


class Fetched:
    """The three things that are asked of a record of any Kafka client."""

    offset: int
    timestamp: int | None  # Unix milliseconds; what is older than Kafka 0.10 has none, which Kafka calls -1
    value: bytes | None
