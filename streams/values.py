"""The values of many records in one piece of memory: each out when asked for, all of them without an object each."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import overload

import numpy as np
import numpy.typing as npt

GAP = b"  "  # between values that are brought together: room for what joins them

Int64s = npt.NDArray[np.int64]


class Values(Sequence[bytes]):
    """Values in the order of their places in `body`, with at least `len(GAP)` bytes of anything between neighbours.

    >>> values = Values.of([b"a", b"", b"bc"])
    >>> values[2], list(values[:2]), values.size_bytes
    (b'bc', [b'a', b''], 7)
    """

    __slots__ = ("body", "starts", "stops")

    def __init__(self, body: bytes, starts: Int64s, stops: Int64s) -> None:
        """`starts` and `stops`, both (n,), are each value's first place and the place after its last."""
        self.body = body
        self.starts = starts
        self.stops = stops

    @classmethod
    def of(cls, values: Iterable[bytes]) -> "Values":
        """Return `values` brought together."""
        parts = list(values)
        lengths = list(map(len, parts))
        stops = np.array([*accumulate(length + len(GAP) for length in lengths)], np.int64) - len(GAP)
        return cls(GAP.join(parts), stops - np.array(lengths, np.int64), stops)

    @property
    def size_bytes(self) -> int:
        """Return the bytes held in memory: the whole piece, also for some of its values."""
        return len(self.body)

    def __len__(self) -> int:
        """Return how many they are."""
        return len(self.starts)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> "Values": ...
    def __getitem__(self, place: int | slice) -> "bytes | Values":
        """Return one value, or some of them in the same piece of memory."""
        if isinstance(place, slice):
            return Values(self.body, self.starts[place], self.stops[place])
        return self.body[self.starts[place] : self.stops[place]]

    def __iter__(self) -> Iterator[bytes]:
        """Yield each value."""
        for start, stop in zip(self.starts.tolist(), self.stops.tolist(), strict=True):
            yield self.body[start:stop]
