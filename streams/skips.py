"""Offsets that broke the fold itself: written to disk before the worker ends, so that the replay passes over them."""

from bisect import bisect_left, bisect_right, insort
from pathlib import Path

import msgspec

from streams.durable_lines import DurableLines

SKIPS = "skips.jsonl"  # in the folder of the snapshots


class Skip(msgspec.Struct, frozen=True):
    """One record that no replay may fold again."""

    topic: str
    partition: int
    offset: int
    message: str = ""  # type of the exception, never its text: that could hold what the record held
    deaths: int = 0  # times that the process ended inside it; 0: it raised

    def reason(self) -> str:
        """Return why it is passed over, for a dead letter.

        >>> Skip("readings", 1, 42, "KeyError").reason()
        'folding it raised KeyError; it was passed over'
        """
        what = f"ended the process {self.deaths} times" if self.deaths else f"raised {self.message}"
        return f"folding it {what}; it was passed over"


class SkipList:
    """A durable list, one JSON line a record."""

    def __init__(self, path: Path) -> None:
        self._file = DurableLines(path, Skip)
        self._skips: dict[tuple[str, int, int], Skip] = {}
        self._offsets: dict[tuple[str, int], list[int]] = {}  # ascending, by place
        for skip in self._file.read():
            self._note(skip)

    def add(self, skip: Skip) -> None:
        """Remember `skip`; it is durable when this returns."""
        self._file.append(skip)
        self._note(skip)

    def forget(self, topic: str, partition: int) -> None:
        """Drop the skips of a partition: in a log made anew these offsets are other records."""
        self._skips = {place: skip for place, skip in self._skips.items() if place[:2] != (topic, partition)}
        self._offsets.pop((topic, partition), None)
        self._file.replace(self._skips.values())

    def find(self, topic: str, partition: int, offset: int) -> Skip | None:
        """Return the skip at a place, or None."""
        return self._skips.get((topic, partition, offset))

    def any_in(self, topic: str, partition: int, first: int, last: int) -> bool:
        """Return whether a record from `first` to `last`, both included, is to be passed over."""
        offsets = self._offsets.get((topic, partition))
        return offsets is not None and bisect_left(offsets, first) < bisect_right(offsets, last)

    def between(self, topic: str, partition: int, first: int, last: int) -> list[Skip]:
        """Return the skips from `first` to `last`, both included."""
        offsets = self._offsets.get((topic, partition), [])
        inside = offsets[bisect_left(offsets, first) : bisect_right(offsets, last)]
        return [self._skips[topic, partition, offset] for offset in inside]

    def _note(self, skip: Skip) -> None:
        place = (skip.topic, skip.partition, skip.offset)
        if place not in self._skips:
            insort(self._offsets.setdefault(place[:2], []), skip.offset)
        self._skips[place] = skip
