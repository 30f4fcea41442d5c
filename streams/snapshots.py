"""State kept across restarts: a shard's bytes in, sealed; the newest valid ones out.

Two generations a partition; each is written aside, synced and renamed, so a torn write leaves the one before.
A snapshot carries its own `next_offset`; replaying the log from there gives the state that was lost.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from streams.errors import StateError

_MAGIC = b"headgate-snapshot-1\n"
_SEAL_BYTES = hashlib.sha256().digest_size
GENERATIONS = ("new", "old")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a store had: the newest valid state, and what was wrong with newer ones."""

    state: bytes | None
    damage: tuple[str, ...]  # one line a damaged file, for people


class SnapshotStore(Protocol):
    """Keeps the newest two states of each partition. A state that `load` returns was saved whole by us."""

    def save(self, topic: str, partition: int, state: bytes) -> None:
        """Keep `state`; it is durable when this returns. Raises StateError when it cannot be kept."""
        ...

    def load(self, topic: str, partition: int) -> Loaded:
        """Return the newest state that is whole and ours."""
        ...

    def forget(self, topic: str, partition: int) -> None:
        """Drop every generation of the partition."""
        ...


class MemorySnapshots:
    """The in-memory twin of `DiskSnapshots`."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, int], bytes] = {}

    def save(self, topic: str, partition: int, state: bytes) -> None:
        """See `SnapshotStore`."""
        self._states[topic, partition] = state

    def load(self, topic: str, partition: int) -> Loaded:
        """See `SnapshotStore`."""
        return Loaded(self._states.get((topic, partition)), ())

    def forget(self, topic: str, partition: int) -> None:
        """See `SnapshotStore`."""
        self._states.pop((topic, partition), None)


class DiskSnapshots:
    """`SnapshotStore` in a folder, each file sealed with an HMAC over place and content."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, topic: str, partition: int, state: bytes) -> None:
        """See `SnapshotStore`."""
        new, old = (self._path(topic, partition, generation) for generation in GENERATIONS)
        aside = new.with_suffix(".aside")
        try:
            with aside.open("wb") as file:
                file.write(_MAGIC + self._seal(topic, partition, state) + state)
                file.flush()
                os.fsync(file.fileno())
            if new.exists():
                new.replace(old)
            aside.replace(new)
            self._sync_folder()
        except OSError as error:
            raise StateError(
                f"snapshot {new} cannot be written: {error}; make room or set HEADGATE_DATA_DIR"
            ) from error

    def load(self, topic: str, partition: int) -> Loaded:
        """See `SnapshotStore`."""
        damage: list[str] = []
        for generation in GENERATIONS:
            path = self._path(topic, partition, generation)
            if not path.exists():
                continue
            content = path.read_bytes()
            head, state = content[: len(_MAGIC) + _SEAL_BYTES], content[len(_MAGIC) + _SEAL_BYTES :]
            if head[: len(_MAGIC)] != _MAGIC:
                damage.append(f"snapshot {path} is no snapshot of this version; the one before it is used")
            elif not hmac.compare_digest(head[len(_MAGIC) :], self._seal(topic, partition, state)):
                damage.append(f"snapshot {path} is torn, changed or sealed with another key; the one before it is used")
            else:
                return Loaded(state, tuple(damage))
        return Loaded(None, tuple(damage))

    def forget(self, topic: str, partition: int) -> None:
        """See `SnapshotStore`."""
        for generation in GENERATIONS:
            self._path(topic, partition, generation).unlink(missing_ok=True)

    def places(self) -> list[tuple[str, int]]:
        """Return the (topic, partition) of every snapshot kept, in order."""
        names = {path.name.rsplit(".", 1)[0] for one in GENERATIONS for path in self._folder.glob(f"*.{one}")}
        return sorted((name.rsplit("-", 1)[0], int(name.rsplit("-", 1)[1])) for name in names)

    def _path(self, topic: str, partition: int, generation: str) -> Path:
        return self._folder / f"{topic}-{partition}.{generation}"

    def _seal(self, topic: str, partition: int, state: bytes) -> bytes:
        place = f"{topic}/{partition}\n".encode()
        return hmac.digest(self._key, _MAGIC + place + state, "sha256")

    def _sync_folder(self) -> None:
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
