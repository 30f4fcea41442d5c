"""Event ids in, "seen before" out: exact for open buckets, within a stated bound for what comes after their close.

An event sent again has its old time, so while its bucket is open it meets its own id there, and afterwards it is late:
only late events are held against the ids of closed buckets, which are therefore kept small rather than quick.
"""

import sys
from array import array
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Literal

import msgspec
import numpy as np
from xxhash import xxh3_64_intdigest

RECENT_IDS_MAX = (
    4_096  # ids of closed buckets kept a pool, 8 bytes each: the bound within which late events are deduped
)
_ID_BYTES = 8

Hash = Literal["blake2b", "xxh3"]


def id64(text: str) -> int:
    """Return 64 bits that stand for `text`, the same in every process.

    >>> id64("489434-1") == id64("489434-1"), id64("489434-1") == id64("489434-2")
    (True, False)
    """
    return xxh3_64_intdigest(text.encode())


def _blake2b(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=_ID_BYTES).digest(), "little")


HASHES: Mapping[Hash, Callable[[bytes], int]] = {
    "blake2b": _blake2b,
    "xxh3": xxh3_64_intdigest,
}  # the first: states of version 1


class Seen(msgspec.Struct):
    """The ids of one pool: all of its open buckets, and the last `RECENT_IDS_MAX` of closed ones.

    >>> seen = Seen()
    >>> seen.add("a", bucket_start_s=0.0), seen.add("a", bucket_start_s=0.0)
    (True, False)
    >>> seen.close(0.0)
    >>> seen.add("a", bucket_start_s=None)
    False
    """

    open: dict[float, set[int]] = msgspec.field(default_factory=dict)  # bucket start -> ids
    recent: bytes = b""  # of closed buckets and late events, 8 bytes each, little-endian, oldest first
    hashed_by: Hash = "xxh3"  # a pool keeps the hash that it began with

    def add(self, text: str, *, bucket_start_s: float | None) -> bool:
        """Remember `text` and return whether it is new. `bucket_start_s` None: its bucket is closed."""
        number = HASHES[self.hashed_by](text.encode())
        if any(number in ids for ids in self.open.values()):
            return False
        if bucket_start_s is not None:
            self.open.setdefault(bucket_start_s, set()).add(number)
            return True
        if self._is_recent(number):
            return False
        self._remember(packed([number]))
        return True

    def close(self, bucket_start_s: float) -> None:
        """Move the ids of a closed bucket to the bounded rest."""
        closed = self.open.pop(bucket_start_s, set())
        ids = np.frombuffer(packed(list(closed)), "<u8")
        self._remember(np.sort(ids).tobytes())  # sorted, because a set that was restored may have another order

    def _is_recent(self, number: int) -> bool:
        wanted = number.to_bytes(_ID_BYTES, "little")
        at = self.recent.find(wanted)
        while at >= 0 and at % _ID_BYTES:  # found across two ids
            at = self.recent.find(wanted, at + 1)
        return at >= 0

    def _remember(self, ids: bytes) -> None:
        self.recent = (self.recent + ids)[-RECENT_IDS_MAX * _ID_BYTES :]


def packed(numbers: list[int]) -> bytes:
    """Return ids as `Seen.recent` keeps them."""
    words = array("Q", numbers)
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()
