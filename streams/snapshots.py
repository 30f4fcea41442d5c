"""State kept across restarts: a shard's bytes in, sealed; the newest valid ones out.

A snapshot is named by its rank, `(epoch, next_offset)`, and written aside, synced and renamed: a torn write leaves
those before, and a paused worker that wakes up beside its successor adds an older one and replaces nothing. Two
generations a partition are kept. Replaying the log from a snapshot's own `next_offset` gives the state that was lost.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from streams.errors import StateError

_MAGIC = b"headgate-snapshot-2\n"
_HEAD_BYTES = len(_MAGIC) + hashlib.sha256().digest_size
_SUFFIX = ".snapshot"
GENERATIONS = 2
LOOKS_MAX = 5  # at a folder that somebody else writes to
ASIDE_AGE_S_MAX = 600.0  # what was written aside and is older was left behind by a process that died

Rank = tuple[int, int]  # (epoch, next_offset): the higher knows more


class Head(msgspec.Struct, frozen=True):
    """What a `ShardState` says of itself; its pools are passed over."""

    version: int = 0
    partitions: int = 0
    epoch: int = 0
    next_offset: int = 0
    wall_s: float = 0.0  # no record below `next_offset` was appended later

    @property
    def rank(self) -> Rank:
        """Return what decides which of two snapshots is newer."""
        return self.epoch, self.next_offset

    @property
    def later_ms(self) -> int:
        """Return an append time in Unix milliseconds that no record below `next_offset` has."""
        return round(self.wall_s * 1000) + 1


_HEAD = msgspec.msgpack.Decoder(Head).decode


def head_of(state: bytes) -> Head:
    """Return what `state` says of itself; of what is no state the lowest head, so that it outranks nothing.

    >>> head_of(msgspec.msgpack.encode({"version": 1, "epoch": 2, "next_offset": 7, "pools": {}})).rank
    (2, 7)
    >>> head_of(b"no state").rank
    (0, 0)
    """
    try:
        return _HEAD(state)
    except msgspec.DecodeError:
        return Head()


def seal_of(key: bytes, topic: str, partition: int, state: bytes) -> bytes:
    """Return the HMAC over place and content that makes a snapshot ours."""
    seal = hmac.new(key, _MAGIC + f"{topic}/{partition}\n".encode(), "sha256")
    seal.update(state)
    return seal.digest()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a store had: the newest valid state, and what was wrong with newer ones."""

    state: bytes | None
    damage: tuple[str, ...]  # one line a damaged snapshot, for people


@dataclass(frozen=True, slots=True)
class Generation:
    """One snapshot as people list them."""

    where: str  # "disk" or "topic"
    rank: Rank
    size_bytes: int
    at_s: float  # when it was written
    fault: str  # empty: whole and ours


class SnapshotStore(Protocol):
    """Keeps the highest two states of each partition. A state that `load` returns was saved whole by us."""

    def save(self, topic: str, partition: int, state: bytes) -> None:
        """Keep `state`; it is durable when this returns. Raises StateError when it cannot be kept."""
        ...

    def load(self, topic: str, partition: int) -> Loaded:
        """Return the state of the highest rank that is whole and ours."""
        ...

    def forget(self, topic: str, partition: int) -> None:
        """Drop every generation of the partition."""
        ...


class MemorySnapshots:
    """The in-memory twin of `DiskSnapshots`."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, int], dict[Rank, bytes]] = {}

    def save(self, topic: str, partition: int, state: bytes) -> None:
        """See `SnapshotStore`."""
        held = self._states.setdefault((topic, partition), {})
        rank = head_of(state).rank
        held[rank] = state
        for old in outlived(list(held), rank):
            del held[old]

    def load(self, topic: str, partition: int) -> Loaded:
        """See `SnapshotStore`."""
        held = self._states.get((topic, partition))
        return Loaded(held[max(held)] if held else None, ())

    def forget(self, topic: str, partition: int) -> None:
        """See `SnapshotStore`."""
        self._states.pop((topic, partition), None)


def outlived(ranks: list[Rank], saved: Rank) -> list[Rank]:
    """Return which of `ranks` may go now that `saved` is durable: all below it but the one before.

    What outranks it stays: it is its successor's, or damaged and nothing to count on.

    >>> outlived([(0, 10), (0, 20), (0, 30), (0, 90)], (0, 30))
    [(0, 10)]
    """
    return sorted(rank for rank in ranks if rank <= saved)[:-GENERATIONS]


class DiskSnapshots:
    """`SnapshotStore` in a folder, each file sealed with an HMAC over place and content."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, topic: str, partition: int, state: bytes) -> None:
        """See `SnapshotStore`."""
        rank = head_of(state).rank
        path = self._path(topic, partition, rank)
        aside = self._folder / f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.aside"
        try:
            try:
                self._write(aside, topic, partition, state)
                aside.replace(path)
                self._sync_folder()
                self._drop_old(topic, partition, rank)
            finally:
                with contextlib.suppress(OSError):
                    aside.unlink(missing_ok=True)  # torn: what it takes is needed by the next try
        except OSError as error:
            raise StateError(
                f"snapshot {path} cannot be written: {error}; make room or set HEADGATE_DATA_DIR"
            ) from error

    def load(self, topic: str, partition: int) -> Loaded:
        """See `SnapshotStore`."""
        for _ in range(LOOKS_MAX):
            with contextlib.suppress(
                FileNotFoundError
            ):  # a paused worker woke up beside us and has dropped it just now
                return self._newest(topic, partition)
        return Loaded(None, (f"snapshots of {topic}/{partition} in {self._folder} vanish while they are read",))

    def forget(self, topic: str, partition: int) -> None:
        """See `SnapshotStore`."""
        for rank in self._ranks(topic, partition):
            self._path(topic, partition, rank).unlink(missing_ok=True)

    def places(self) -> list[tuple[str, int]]:
        """Return the (topic, partition) of every snapshot kept, in order."""
        names = {path.name.rsplit(".", 2)[0] for path in self._folder.glob(f"*{_SUFFIX}")}
        return sorted((name.rsplit("-", 1)[0], int(name.rsplit("-", 1)[1])) for name in names)

    def generations(self, topic: str, partition: int) -> list[Generation]:
        """Return every snapshot of the partition, newest first, for people."""
        found = []
        for rank in sorted(self._ranks(topic, partition), reverse=True):
            path = self._path(topic, partition, rank)
            with contextlib.suppress(FileNotFoundError):  # dropped just now
                state, fault = self._read(topic, partition, rank)
                found.append(Generation("disk", rank, len(state), path.stat().st_mtime, fault))
        return found

    def _newest(self, topic: str, partition: int) -> Loaded:
        damage: list[str] = []
        for rank in sorted(self._ranks(topic, partition), reverse=True):
            state, fault = self._read(topic, partition, rank)
            if not fault:
                return Loaded(state, tuple(damage))
            path = self._path(topic, partition, rank)
            damage.append(f"snapshot {path} {fault}; the one before it is used")
        return Loaded(None, tuple(damage))

    def _path(self, topic: str, partition: int, rank: Rank) -> Path:
        return self._folder / f"{topic}-{partition}.{rank[0]}-{rank[1]}{_SUFFIX}"

    def _ranks(self, topic: str, partition: int) -> list[Rank]:
        ranks = []
        for path in self._folder.glob(f"{topic}-{partition}.*{_SUFFIX}"):
            epoch, _, next_offset = path.name.rsplit(".", 2)[1].partition("-")
            ranks.append((int(epoch), int(next_offset)))
        return ranks

    def _write(self, path: Path, topic: str, partition: int, state: bytes) -> None:
        with path.open("xb") as file:
            file.write(_MAGIC)
            file.write(seal_of(self._key, topic, partition, state))
            file.write(state)
            file.flush()
            os.fsync(file.fileno())

    def _read(self, topic: str, partition: int, rank: Rank) -> tuple[bytes, str]:
        """Return the state in one file and what is wrong with it, if anything."""
        try:
            content = self._path(topic, partition, rank).read_bytes()
        except FileNotFoundError:
            raise
        except OSError as error:
            return b"", f"cannot be read ({error.strerror})"
        state = content[_HEAD_BYTES:]
        if content[: len(_MAGIC)] != _MAGIC:
            return state, "is no snapshot of this version"
        if not hmac.compare_digest(content[len(_MAGIC) : _HEAD_BYTES], seal_of(self._key, topic, partition, state)):
            return state, "is torn, changed or sealed with another key"
        if head_of(state).rank != rank:
            return state, "was renamed: it holds another place in the log"
        return state, ""

    def _drop_old(self, topic: str, partition: int, saved: Rank) -> None:
        for rank in outlived(self._ranks(topic, partition), saved):
            self._path(topic, partition, rank).unlink(missing_ok=True)
        now_s = self._folder.stat().st_mtime
        for path in self._folder.glob(f"{topic}-{partition}.*.aside"):
            with contextlib.suppress(FileNotFoundError):  # its writer has just renamed it
                if now_s - path.stat().st_mtime > ASIDE_AGE_S_MAX:
                    path.unlink()

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
