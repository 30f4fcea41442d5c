"""Offsets that broke the fold itself: written to disk before the worker ends, so that the replay passes over them."""

import os
from pathlib import Path

import msgspec


class Skip(msgspec.Struct, frozen=True):
    """One record that no replay may fold again."""

    topic: str
    partition: int
    offset: int
    message: str  # type of the exception, never its text: that could hold what the record held


class SkipList:
    """A durable list, one JSON line a record."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._skips: dict[tuple[str, int, int], Skip] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            decode = msgspec.json.Decoder(Skip).decode
            for line in path.read_bytes().splitlines():
                skip = decode(line)
                self._skips[skip.topic, skip.partition, skip.offset] = skip

    def add(self, skip: Skip) -> None:
        """Remember `skip`; it is durable when this returns."""
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(skip) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._skips[skip.topic, skip.partition, skip.offset] = skip

    def find(self, topic: str, partition: int, offset: int) -> Skip | None:
        """Return the skip at a place, or None."""
        return self._skips.get((topic, partition, offset))
