"""Snapshots in, the newest whole one out: a disk that tears, refuses, loses and keeps, shared by the workers or not."""

from collections.abc import Callable

from streams.errors import StateError
from streams.snapshots import Loaded, MemorySnapshots
from tests.simulation.process import DiedError, Process


class Disk(MemorySnapshots):
    """What outlives the processes: the product's twin of its disk, with what a disk can do to it."""

    def __init__(self, check: Callable[[str, int, bytes], None]) -> None:
        super().__init__()
        self.check = check  # told of each state that is sealed

    def damage(self, topic: str, partition: int) -> tuple[str, ...]:
        """Let the newest snapshot rot, if there is one before it; return what is told of it."""
        held = self._states.get((topic, partition), {})
        if len(held) < 2:
            return ()  # then an operator has to decide
        del held[max(held)]
        return ("simulated: the newest snapshot is torn; the one before it is used",)


class DiskClient:
    """One process's `SnapshotStore` on a disk."""

    def __init__(self, process: Process, disk: Disk) -> None:
        self._process = process
        self._disk = disk

    def save(self, topic: str, partition: int, state: bytes) -> None:
        """See `SnapshotStore`."""
        process, faults = self._process, self._process.faults
        process.step("seals a snapshot")
        if faults.strikes("snapshot refused"):
            raise StateError("simulated: no space left on device")
        if faults.strikes("snapshot torn"):
            process.die("inside a snapshot")
            raise DiedError("inside a snapshot")
        self._disk.check(topic, partition, state)
        self._disk.save(topic, partition, state)
        process.tell(process.name, "sealed", topic, partition, len(state))

    def load(self, topic: str, partition: int) -> Loaded:
        """See `SnapshotStore`."""
        faults, damage = self._process.faults, ()
        if faults.strikes("snapshots lost"):
            self._disk.forget(topic, partition)
        elif faults.strikes("snapshot lost"):
            damage = self._disk.damage(topic, partition)
        return Loaded(self._disk.load(topic, partition).state, damage)

    def forget(self, topic: str, partition: int) -> None:
        """See `SnapshotStore`."""
        self._disk.forget(topic, partition)
