"""Offsets that broke the fold itself: written to disk before the worker ends, so that the replay passes over them."""

import os
from pathlib import Path

import msgspec

SKIPS = "skips.jsonl"  # in the folder of the snapshots


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
                try:
                    skip = decode(line)
                except msgspec.DecodeError:  # torn by a crash: its record breaks the fold again and is noted again
                    continue
                self._skips[skip.topic, skip.partition, skip.offset] = skip

    def add(self, skip: Skip) -> None:
        """Remember `skip`; it is durable when this returns."""
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(skip) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._skips[skip.topic, skip.partition, skip.offset] = skip

    def forget(self, topic: str, partition: int) -> None:
        """Drop the skips of a partition: in a log made anew these offsets are other records."""
        self._skips = {place: skip for place, skip in self._skips.items() if place[:2] != (topic, partition)}
        aside = self._path.with_suffix(".aside")
        with aside.open("wb") as file:
            file.writelines(msgspec.json.encode(skip) + b"\n" for skip in self._skips.values())
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._path)

    def find(self, topic: str, partition: int, offset: int) -> Skip | None:
        """Return the skip at a place, or None."""
        return self._skips.get((topic, partition, offset))
