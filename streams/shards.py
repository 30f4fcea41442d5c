"""The shards of the partitions that this worker owns: an assignment in, restored shards and where to read on out."""

import logging
from dataclasses import dataclass

from streams.errors import StateError
from streams.shard import Shard
from streams.snapshots import SnapshotStore

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Held:
    """One shard and what is known of its log and its snapshots."""

    shard: Shard
    end_offset: int
    snapshot_offset: int  # what a crash now would replay from
    snapshot_wall_s: float | None = None
    folded: int = 0  # by this process


class Shards:
    """Everything this worker knows, by (topic, partition)."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store
        self.held: dict[tuple[str, int], Held] = {}

    def assign(self, topic: str, partition: int, *, partitions: int, start_offset: int, end_offset: int) -> int:
        """Take over a partition whose log spans [start_offset, end_offset); return the offset to read on from.

        Raises StateError when going on would skip events in silence.
        """
        held = self.held.get((topic, partition))
        if held is not None:
            held.end_offset = end_offset
            return held.shard.next_offset
        loaded = self._store.load(topic, partition)
        for line in loaded.damage:
            log.error("%s", line)
        place = f"{topic}/{partition}"
        if loaded.state is None:
            shard = Shard(topic, partition, partitions)
            if loaded.damage and start_offset > 0:
                raise StateError(
                    f"no snapshot of {place} is whole and its log no longer starts at 0 but at {start_offset}: events "
                    f"would be lost; `headgate shard reset {place} --accept-loss` goes on without them"
                )
            shard.next_offset = start_offset
        else:
            shard = Shard.restore(loaded.state, partitions=partitions)
            self._check(place, shard.next_offset, start_offset, end_offset)
        self.held[topic, partition] = Held(shard, end_offset, shard.next_offset)
        return shard.next_offset

    def save(self, topic: str, partition: int, state: bytes, *, next_offset: int, wall_s: float) -> None:
        """Keep `state`. Call only when every effect below its `next_offset` is acknowledged."""
        self._store.save(topic, partition, state)
        held = self.held.get((topic, partition))
        if held is not None:
            held.snapshot_offset, held.snapshot_wall_s = next_offset, wall_s

    def revoke(self, topic: str, partition: int) -> None:
        """Let go of a partition; what was not saved is folded again by its next owner."""
        self.held.pop((topic, partition), None)

    @staticmethod
    def _check(place: str, next_offset: int, start_offset: int, end_offset: int) -> None:
        reset = f"`headgate shard reset {place} --accept-loss` starts anew"
        if next_offset > end_offset:
            raise StateError(
                f"the snapshot of {place} reads on at {next_offset} but its log ends at {end_offset}: "
                f"the topic was made anew; {reset}"
            )
        if next_offset < start_offset:
            raise StateError(
                f"the snapshot of {place} reads on at {next_offset} but its log starts at {start_offset}: "
                f"retention was quicker, {start_offset - next_offset} records are gone; {reset}"
            )
