"""Event ids in, "seen before" out: exact for open buckets, within a stated bound for what comes later."""

import msgspec
from xxhash import xxh3_64_intdigest

RECENT_IDS_MAX = 10_000  # ids of closed buckets kept a pool: the bound within which late events are deduped


def id64(text: str) -> int:
    """Return 64 bits that stand for `text`, the same in every process.

    >>> id64("489434-1") == id64("489434-1"), id64("489434-1") == id64("489434-2")
    (True, False)
    """
    return xxh3_64_intdigest(text.encode())


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
    recent: dict[int, None] = msgspec.field(default_factory=dict)  # oldest first

    def add(self, text: str, *, bucket_start_s: float | None) -> bool:
        """Remember `text` and return whether it is new. `bucket_start_s` None: its bucket is closed."""
        number = id64(text)
        if number in self.recent or any(number in ids for ids in self.open.values()):
            return False
        if bucket_start_s is None:
            self._remember(number)
        else:
            self.open.setdefault(bucket_start_s, set()).add(number)
        return True

    def close(self, bucket_start_s: float) -> None:
        """Move the ids of a closed bucket to the bounded rest."""
        for number in sorted(self.open.pop(bucket_start_s, ())):
            self._remember(number)

    def _remember(self, number: int) -> None:
        self.recent[number] = None
        while len(self.recent) > RECENT_IDS_MAX:
            del self.recent[next(iter(self.recent))]
