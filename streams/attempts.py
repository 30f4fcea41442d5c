"""Deaths of the process inside the fold: counted on disk, so that a record that kills the worker is found and skipped.

Before a batch is folded its place is written into a small mapped file, and wiped after: the file's pages outlive the
process. A worker that starts and finds a place there knows that its predecessor died inside, notes it, and from then
on the records of that batch are folded one by one, so that the next death names a single record. A record that the
process died in three times, the first batch included, goes on the skip list.

A kill that is nobody's fault counts too, once. To skip an innocent record three kills have to hit it, two of them
in the microseconds that it is folded in alone. Where many neighbours seem to kill, it is not the records: see NEAR.
"""

import logging
import mmap
import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import msgspec

from streams.durable_lines import DurableLines
from streams.errors import StateError
from streams.skips import Skip, SkipList

log = logging.getLogger(__name__)

FOLDER = "attempts"  # in the data folder
DEATHS = "deaths.jsonl"
ATTEMPTS_MAX = 3  # deaths, after which a record is passed over
NEAR = 1000  # offsets to both sides ...
NEAR_SKIPS_MAX = 10  # ... in which so many records may be passed over for killing the process; then nothing is skipped
DEATHS_MAX = 100  # kept for each partition, newest last
_PLACE = struct.Struct("<qqq255p")  # partition, first and last offset, topic
_ARMED = 0  # byte that says whether the rest holds
_PLACE_AT = 8
_SIZE = mmap.PAGESIZE


class Death(msgspec.Struct, frozen=True):
    """The process ended while it folded the records from `first` to `last`, both included."""

    topic: str
    partition: int
    first: int
    last: int


@dataclass(slots=True)
class _Suspects:
    """What the process died in, of one partition."""

    ranges: list[tuple[int, int]] = field(default_factory=list)

    def has_any(self, first: int, last: int) -> bool:
        """Return whether one of them has a record from `first` to `last`."""
        return any(begin <= last and first <= end for begin, end in self.ranges)

    def deaths_at(self, offset: int) -> int:
        """Return how often one record may have ended the process: each time it was alone, and once in a batch."""
        alone = sum(begin == end == offset for begin, end in self.ranges)
        return alone + any(begin <= offset <= end and begin < end for begin, end in self.ranges)


class Attempts:
    """What a worker process knows of the ends of those before it, and the place it is folding now."""

    def __init__(self, folder: Path, worker_id: str, skips: SkipList) -> None:
        """Read what the processes before left; the record that ended three of them is then on `skips`."""
        self._skips = skips
        self._suspects: dict[tuple[str, int], _Suspects] = {}
        deaths = DurableLines(folder / DEATHS, Death)
        self._note(deaths.read())
        self._cell = _mapped(folder / f"{quote(worker_id, safe='')}.cell")
        if self._cell[_ARMED]:
            self._take_over(deaths)
            self._cell[_ARMED] = 0

    def is_suspect(self, topic: str, partition: int, first: int, last: int) -> bool:
        """Return whether a process has died in a record from `first` to `last`: then fold them one by one."""
        if not self._suspects:
            return False
        suspects = self._suspects.get((topic, partition))
        return suspects is not None and suspects.has_any(first, last)

    def folding(self, topic: str, partition: int, first: int, last: int) -> "Attempts":
        """Say that the records from `first` to `last` are folded inside the `with` that this opens."""
        _PLACE.pack_into(self._cell, _PLACE_AT, partition, first, last, topic.encode())
        self._cell[_ARMED] = 1  # last: a process killed while it wrote the place was not yet folding
        return self

    def __enter__(self) -> None:
        """Begin; `folding` has said what."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End: also an exception leaves the process alive."""
        self._cell[_ARMED] = 0

    def _take_over(self, deaths: DurableLines[Death]) -> None:
        partition, first, last, topic = _PLACE.unpack_from(self._cell, _PLACE_AT)
        if first > last:
            return  # it had folded its last record
        death = Death(topic.decode(), partition, first, last)
        self._note([death])
        deaths.append(death)
        place = f"{death.topic}/{partition}/{first}" + f"-{last}" * (last > first)
        log.error("the worker before this one ended while it folded %s; folding that range one by one", place)
        if first == last:
            self._judge(death)

    def _judge(self, death: Death) -> None:
        topic, partition, offset = death.topic, death.partition, death.first
        count = self._suspects[topic, partition].deaths_at(offset)
        if count < ATTEMPTS_MAX or self._skips.find(topic, partition, offset) is not None:
            return
        near = self._skips.between(topic, partition, offset - NEAR, offset + NEAR)
        if sum(skip.deaths > 0 for skip in near) >= NEAR_SKIPS_MAX:
            log.critical(
                "%s/%d/%d ended the worker %d times, and so did %d records near it: that is not the records' fault "
                "(memory? a library?), so none is passed over any more",
                *(topic, partition, offset, count, NEAR_SKIPS_MAX),
            )
            return
        self._skips.add(Skip(topic, partition, offset, deaths=count))
        log.error("%s/%d/%d ended the worker %d times; it is passed over", topic, partition, offset, count)

    def _note(self, deaths: Iterable[Death]) -> None:
        for death in deaths:
            ranges = self._suspects.setdefault((death.topic, death.partition), _Suspects()).ranges
            ranges.append((death.first, death.last))
            del ranges[:-DEATHS_MAX]


def forget_deaths(folder: Path, topic: str, partition: int) -> None:
    """Drop the deaths in a partition: in a log made anew these offsets are other records."""
    file = DurableLines(folder / DEATHS, Death)
    file.replace(death for death in file.read() if (death.topic, death.partition) != (topic, partition))


def _mapped(path: Path) -> mmap.mmap:
    """Return the mapped cell, its space reserved: a page that finds no room when it is written kills the process."""
    try:
        with path.open("ab+") as file:
            os.posix_fallocate(file.fileno(), 0, _SIZE)
            return mmap.mmap(file.fileno(), _SIZE)
    except OSError as error:
        raise StateError(f"{path} cannot be made: {error}; make room or set HEADGATE_DATA_DIR") from error
