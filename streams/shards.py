"""The shards of the partitions that this worker owns: an assignment in, restored shards and where to read on out.

Two places keep snapshots: the disk beside the worker, each interval, and Kafka, less often and whenever a partition
is given away, so that a worker on another machine can take over. The higher rank `(epoch, next_offset)` counts.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import NamedTuple

from streams.errors import StateError, UnavailableError
from streams.shard import Shard
from streams.snapshot_reader import SnapshotReader
from streams.snapshot_topic import TopicSnapshots
from streams.snapshots import Head, Loaded, SnapshotStore, head_of
from streams.state_versions import upgraded

log = logging.getLogger(__name__)

SENDING_MAX = 4  # states on their way to Kafka, so that memory is bounded; more of them wait for their next interval


@dataclass(slots=True)
class Held:
    """One shard and what is known of its log and its snapshots."""

    shard: Shard
    end_offset: int
    snapshot_offset: int  # what a crash now would replay from
    snapshot_wall_s: float | None = None
    folded: int = 0  # by this process
    tried_wall_s: float | None = None  # when keeping it was last tried, also in vain
    topic_wall_s: float | None = None  # the same for the snapshot topic
    state_s: float = 0.0  # how long taking its state held the stream up, the last time
    passed_offset: int = 0  # up to here was read, also where the log has no records

    @property
    def read_offset(self) -> int:
        """Return where the next records have to begin: beyond it they would leave a hole."""
        return max(self.shard.next_offset, self.passed_offset)


class Span(NamedTuple):
    """What the broker says of one partition and its topic."""

    partitions: int
    start_offset: int
    end_offset: int


class Shards:
    """Everything this worker knows, by (topic, partition)."""

    def __init__(
        self,
        store: SnapshotStore,
        topic_store: TopicSnapshots | None = None,
        *,
        topic_interval_s: float = 30.0,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Keep snapshots in `store` and `topic_store`; `count` is told of each that could not be kept."""
        self._store = store
        self._topic_store = topic_store
        self._topic_interval_s = topic_interval_s
        self._count = count
        self._sending: set[asyncio.Task[bool]] = set()
        self.held: dict[tuple[str, int], Held] = {}

    async def take_over(self, spans: Mapping[tuple[str, int], Span]) -> dict[tuple[str, int], int]:
        """Take over partitions, each from the newest snapshot anywhere; return the offsets to read on from.

        Raises as `assign` does, and UnavailableError when the snapshot topic cannot be read: what is on this disk
        may be older than what another worker has left there.
        """
        offsets = {}
        async with AsyncExitStack() as stack:
            reader = None
            if self._topic_store is not None and spans.keys() - self.held.keys():
                reader = await stack.enter_async_context(self._topic_store.reader())
            for place, span in spans.items():
                loaded = None if place in self.held else await self._newest(place, reader)
                if reader is not None and loaded is not None:
                    await _check_others(place, span, loaded, reader)
                offsets[place] = self.assign(*place, **span._asdict(), loaded=loaded)
        return offsets

    def assign(
        self,
        topic: str,
        partition: int,
        *,
        partitions: int,
        start_offset: int,
        end_offset: int,
        loaded: Loaded | None = None,
    ) -> int:
        """Take over a partition whose log spans [start_offset, end_offset); return the offset to read on from.

        `loaded` is what was found elsewhere; None asks the store. Raises StateError when going on would skip events
        in silence.
        """
        span = Span(partitions, start_offset, end_offset)
        held = self.held.get((topic, partition))
        if held is not None:
            held.end_offset = end_offset
            return held.shard.next_offset
        loaded = loaded or self._store.load(topic, partition)
        for line in loaded.damage:
            log.error("%s", line)
        place = f"{topic}/{partition}"
        if loaded.state is None:
            _check_beginning(place, span, damaged=bool(loaded.damage))
            shard = Shard(topic, partition, partitions)
        else:
            state = upgraded(loaded.state, place)
            _check(place, head_of(state), span)
            shard = Shard.restore(state, partitions=partitions)
        self.held[topic, partition] = Held(shard, end_offset, shard.next_offset)
        return shard.next_offset

    def save(self, topic: str, partition: int, state: bytes, *, next_offset: int, wall_s: float) -> None:
        """Keep `state`. Call only when every effect below its `next_offset` is acknowledged."""
        self._store.save(topic, partition, state)
        self._kept((topic, partition), next_offset, wall_s)

    async def seal(
        self, topic: str, partition: int, state: bytes, *, next_offset: int, wall_s: float, leaving: bool = False
    ) -> bool:
        """Do what `save` does beside the stream, and in Kafka too when that is due or the partition is `leaving`.

        Sending to Kafka goes on after this returns, unless the partition is leaving: no other's disk waits for it.
        Return whether it is kept by now: no space stops no stream, and costs a longer replay only.
        """
        held = self.held.get((topic, partition))
        if held is not None:
            held.tried_wall_s = wall_s
        kept = False
        try:
            await asyncio.to_thread(self._store.save, topic, partition, state)
            kept = True
        except StateError as error:
            self._count("snapshots:disk-failed")
            log.error("%s; the stream goes on and it is tried again: a crash now replays more", error)  # noqa: TRY400
        if kept:
            self._kept((topic, partition), next_offset, wall_s)
        if self._topic_store is not None and (leaving or self._is_due(held, wall_s)):
            if held is not None:
                held.topic_wall_s = wall_s
            sending = asyncio.create_task(self._send(topic, partition, state, next_offset, wall_s))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
            kept = (leaving and await sending) or kept
        return kept

    def revoke(self, topic: str, partition: int) -> None:
        """Let go of a partition; what was not saved is folded again by its next owner."""
        self.held.pop((topic, partition), None)

    async def stop(self) -> None:
        """Let go of the connections. What is still on its way to Kafka is older than what this disk has."""
        sending = list(self._sending)
        for one in sending:
            one.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        if self._topic_store is not None:
            await self._topic_store.stop()

    async def _newest(self, place: tuple[str, int], reader: SnapshotReader | None) -> Loaded:
        near = await asyncio.to_thread(self._store.load, *place)
        if reader is None:
            return near
        rank = None if near.state is None else head_of(near.state).rank
        far = await reader.newest(*place, above=rank)
        return Loaded(far.state or near.state, far.damage + near.damage)

    def _is_due(self, held: Held | None, wall_s: float) -> bool:
        if len(self._sending) >= SENDING_MAX:
            return False
        last_s = None if held is None else held.topic_wall_s
        return last_s is None or wall_s - last_s >= self._topic_interval_s

    async def _send(self, topic: str, partition: int, state: bytes, next_offset: int, wall_s: float) -> bool:
        assert self._topic_store is not None
        try:
            await self._topic_store.save(topic, partition, state)
        except (StateError, UnavailableError) as error:
            self._count("snapshots:topic-failed")
            log.error("%s; the stream goes on and it is tried again", error)  # noqa: TRY400  no stack is of use
            return False
        self._kept((topic, partition), next_offset, wall_s)
        return True

    def _kept(self, place: tuple[str, int], next_offset: int, wall_s: float) -> None:
        held = self.held.get(place)
        if held is not None and next_offset >= held.snapshot_offset:
            held.snapshot_offset, held.snapshot_wall_s = next_offset, wall_s


def _check_beginning(place: str, span: Span, *, damaged: bool) -> None:
    """Begin without a snapshot only where nothing can be lost by it."""
    reset = f"`headgate shard reset {place} --accept-loss`"
    if damaged:
        raise StateError(
            f"no snapshot of {place} is whole and sealed with this key (HEADGATE_SEAL_HMAC_KEY, or keys/seal.key in "
            f"the data folder); bring the folder or the key back, or {reset} learns anew from its log, which starts "
            f"at {span.start_offset}"
        )
    if span.start_offset > 0:
        raise StateError(
            f"no snapshot of {place} is here or in Kafka and its log no longer starts at 0 but at "
            f"{span.start_offset}: events would be lost; name the data folder that has it with --data-dir, or {reset} "
            "goes on without them"
        )


async def _check_others(place: tuple[str, int], span: Span, loaded: Loaded, reader: SnapshotReader) -> None:
    """Check what the place's own snapshot and its log's ends cannot tell."""
    if loaded.state is None:
        _check_siblings(place, span, reader)
        return
    head = head_of(loaded.state)
    first = await reader.first_after(*place, head.later_ms)
    if first is not None and first < head.next_offset:
        name = f"{place[0]}/{place[1]}"
        raise StateError(
            f"the snapshot of {name} has folded all below {head.next_offset}, but its log's record {first} is younger "
            f"than that: the topic was made anew; {_ways_on(name)}"
        )


def _check_siblings(place: tuple[str, int], span: Span, reader: SnapshotReader) -> None:
    """Begin no partition of a topic whose pools were placed by another count of partitions."""
    newest = max(
        (one for (topic, _), held in reader.known.items() for one in held.values() if topic == place[0]),
        key=lambda one: one.rank[0],
        default=None,
    )
    if newest is not None and newest.partitions != span.partitions:
        raise StateError(_repartitioned(place[0], newest.partitions, span.partitions))


def _check(place: str, head: Head, span: Span) -> None:
    if head.partitions != span.partitions:
        raise StateError(_repartitioned(place.rsplit("/", 1)[0], head.partitions, span.partitions))
    if head.next_offset > span.end_offset:
        raise StateError(
            f"the snapshot of {place} reads on at {head.next_offset} but its log ends at {span.end_offset}: "
            f"the topic was made anew; {_ways_on(place)}"
        )
    if head.next_offset < span.start_offset:
        raise StateError(
            f"the snapshot of {place} reads on at {head.next_offset} but its log starts at {span.start_offset}: "
            f"retention was quicker, {span.start_offset - head.next_offset} records are gone; {_ways_on(place)}"
        )


def _ways_on(place: str) -> str:
    return (
        "stop the workers, then `headgate migrate --accept-loss` keeps stock and models, "
        f"`headgate shard reset {place} --accept-loss` starts anew"
    )


def _repartitioned(topic: str, before: int, now: int) -> str:
    return (
        f"{topic} has {now} partitions now and had {before} when its snapshots were taken: pools have moved between "
        "partitions; stop the workers, then `headgate migrate` moves their state along (`headgate migrate --dry-run` "
        "shows how)"
    )
