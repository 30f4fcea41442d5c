"""The ingest agent: records of the input topics in, effects of the fold carried out, snapshots sealed.

Order for each record: fold; write the pool's view; send closed buckets and dead letters; send ticks. A snapshot
is sealed only when Kafka has acknowledged every effect below its `next_offset`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import faust
from faust.types import TP

from streams.effects import Effects
from streams.errors import InvalidEventError, UnavailableError
from streams.events import PoolView
from streams.forecast_store import ForecastStore
from streams.health import Health
from streams.outputs import Outputs
from streams.settings import Settings
from streams.shards import Held, Shards
from streams.skips import Skip, SkipList
from streams.topics import DEAD_LETTERS, FORECASTS, INPUT_TOPICS, TICKS

log = logging.getLogger(__name__)

VIEWS_ALL_INTERVAL_S = 5.0  # every view is written again this often: Redis may have come back empty
VIEWS_INTERVAL_S = 0.5  # how long a changed view may wait to be written with others, when no tick needs it


class Ingest:
    """Carries the fold's effects into the world."""

    def __init__(
        self,
        shards: Shards,
        outputs: Outputs,
        store: ForecastStore,
        skips: SkipList,
        health: Health,
        settings: Settings,
        wall_s: Callable[[], float],
    ) -> None:
        self._shards = shards
        self._outputs = outputs
        self._store = store
        self._skips = skips
        self._health = health
        self._interval_s = settings.snapshot_interval_s
        self._unwritten: dict[str, tuple[str, int]] = {}  # pool -> its shard, views changed since the last write
        self._folding = asyncio.Lock()
        self._wall_s = wall_s

    async def take_batch(self, topic: str, partition: int, records: Sequence[Any]) -> None:
        """Fold records that were fetched together, for as long as the partition stays ours.

        It may have been given away and come back while one of them was carried out: its shard then reads on from its
        snapshot and is sent these records again, so going on here would leave a hole in what it has folded.
        """
        held = self._shards.held.get((topic, partition))
        for record in records:
            if self._shards.held.get((topic, partition)) is not held:
                return
            await self.take(topic, partition, record.offset, record.value or b"", record.timestamp / 1000.0)

    async def take(self, topic: str, partition: int, offset: int, data: bytes, wall_s: float) -> None:
        """Fold one record and carry out what it wants; raise when the worker has to start again."""
        async with self._folding:
            held = self._shards.held.get((topic, partition))
            if held is None or offset < held.shard.next_offset:
                return  # given away while it waited, or folded before the snapshot
            effects = self._fold(held, topic, partition, offset, data, wall_s)
            held.folded += 1
            held.end_offset = max(held.end_offset, offset + 1)
            self._unwritten |= dict.fromkeys(effects.touched, (topic, partition))
            try:
                await self._carry_out(effects)
            except BaseException:  # also cancellation: the state is ahead of its effects, so it must never be sealed
                self._shards.revoke(topic, partition)
                raise

    async def write_views(self) -> None:
        """Write the views that have changed; while Redis is away they wait, and nothing else does."""
        waiting, self._unwritten = self._unwritten, {}
        views = [view for pool_id, place in waiting.items() if (view := self._view(pool_id, place)) is not None]
        if not views:
            return
        try:
            await self._store.write(views)
        except UnavailableError as error:
            self._health.count("redis:unavailable")
            log.warning("%s; %d views wait", error, len(views))
            self._unwritten = waiting | self._unwritten

    async def snapshot(self, topic: str, partition: int) -> None:
        """Seal the state of a partition once all its effects are acknowledged."""
        async with self._folding:  # between two records: the effects of all below `next_offset` are on their way
            held = self._shards.held.get((topic, partition))
            if held is None:
                return
            state, next_offset = held.shard.state(), held.shard.next_offset
        await self._outputs.settled()
        self._shards.save(topic, partition, state, next_offset=next_offset, wall_s=self._wall_s())
        self._health.count("snapshots")

    async def snapshot_due(self) -> None:
        """Seal what has moved on, each partition at most once an interval."""
        for topic, partition in list(self._shards.held):
            held = self._shards.held.get((topic, partition))
            if held is None or held.shard.next_offset == held.snapshot_offset:
                continue
            if held.snapshot_wall_s is None or self._wall_s() - held.snapshot_wall_s >= self._interval_s:
                await self.snapshot(topic, partition)

    async def release(self, topic: str, partition: int) -> None:
        """Seal and let go of a partition that another worker is about to own."""
        if (topic, partition) in self._shards.held:
            await self.write_views()
            await self.snapshot(topic, partition)
            self._shards.revoke(topic, partition)

    async def release_all(self) -> None:
        """Seal and let go of everything: the worker ends."""
        for topic, partition in list(self._shards.held):
            await self.release(topic, partition)

    def rewrite_all(self) -> None:
        """Have every view written again: Redis may have come back empty."""
        for place, held in self._shards.held.items():
            self._unwritten |= dict.fromkeys(held.shard.pool_ids(), place)

    def _fold(self, held: Held, topic: str, partition: int, offset: int, data: bytes, wall_s: float) -> Effects:
        skip = self._skips.find(topic, partition, offset)
        if skip is not None:
            error = InvalidEventError("poison", f"folding it raised {skip.message}; it was passed over")
            return held.shard.park(data, error, offset=offset, wall_s=wall_s)
        try:
            return held.shard.apply(data, offset=offset, wall_s=wall_s)
        except Exception as error:
            # The shard may be half changed: forget it, note the record on disk, and have the supervisor start a
            # worker that restores the last snapshot and replays past it.
            self._shards.revoke(topic, partition)
            self._skips.add(Skip(topic, partition, offset, type(error).__name__))
            log.exception("folding %s/%d/%d failed; it will be passed over after the restart", topic, partition, offset)
            raise

    def _view(self, pool_id: str, place: tuple[str, int]) -> PoolView | None:
        held = self._shards.held.get(place)
        return held.shard.view(pool_id) if held else None

    async def _carry_out(self, effects: Effects) -> None:
        for letter in effects.dead:
            await self._outputs.send(DEAD_LETTERS.name, f"{letter.topic}/{letter.partition}/{letter.offset}", letter)
        for closed in effects.closed:
            await self._outputs.send(FORECASTS.name, closed.pool_id, closed)
        if any(tick.valid_until_s >= tick.now_s for tick in effects.ticks):
            await self.write_views()  # a tick that can still act finds its view
        for tick in effects.ticks:
            await self._outputs.send(TICKS.name, tick.pool_id, tick)


def add_ingest(app: faust.App, ingest: Ingest) -> None:
    """Register the agent of the input topics, the timers, and the release of revoked partitions."""
    topic = app.topic(*(spec.name for spec in INPUT_TOPICS), value_serializer="raw", key_serializer="raw")

    @app.agent(topic, name="ingest")
    async def ingest_agent(stream: Any) -> None:
        async for event in stream.noack().events():
            batch = event.message
            try:
                await ingest.take_batch(batch.topic, batch.partition, batch.records)
            except Exception as error:
                log.critical("the worker ends so that its supervisor starts it again: %s", error)
                await app.crash(error)
                raise
            event.ack()

    @app.timer(interval=VIEWS_INTERVAL_S)  # type: ignore[untyped-decorator]
    async def write_views_and_snapshots() -> None:
        await ingest.write_views()
        await ingest.snapshot_due()

    @app.timer(interval=VIEWS_ALL_INTERVAL_S)  # type: ignore[untyped-decorator]
    async def rewrite_all_views() -> None:
        ingest.rewrite_all()

    @app.on_partitions_revoked.connect  # type: ignore[arg-type]  # its protocol asks for a keyword that it always gives
    async def release(_app: faust.App, revoked: set[TP], **_: Any) -> None:
        for tp in revoked:
            await ingest.release(tp.topic, tp.partition)
