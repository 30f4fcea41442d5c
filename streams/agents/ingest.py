"""The ingest agent: records of the input topics in, effects of the fold carried out, snapshots sealed.

Order for each slice of a batch: fold; send dead letters and closed buckets; have the views written; send ticks. A
snapshot is sealed only when Kafka has acknowledged every effect below its `next_offset`.
"""

import asyncio
import logging
from collections.abc import Callable
from math import ceil
from typing import Any

import faust
from faust.types import TP

from streams.agents.views import LOST_INTERVAL_S, Views
from streams.effects import Effects
from streams.events import BucketClosed
from streams.guarded_fold import GuardedFold
from streams.health import Health
from streams.model_events import ModelChanged
from streams.outputs import Outputs
from streams.records import Stretch
from streams.settings import Settings
from streams.shards import Shards
from streams.topics import DEAD_LETTERS, FORECASTS, INPUT_TOPICS, TICKS

log = logging.getLogger(__name__)

SNAPSHOT_CHECK_S = 0.25  # how often is looked for a snapshot that is due
SNAPSHOT_TURNS_RATIO = 0.5  # of the interval, in which all that are due are sealed in turns; the rest is for late looks
SNAPSHOT_RATIO_MAX = 0.05  # of the worker's time that taking states may cost ...
SNAPSHOT_STRETCH_S_MAX = 25.0  # ... until snapshots would be older than this


class Ingest:
    """Carries the fold's effects into the world."""

    def __init__(
        self,
        shards: Shards,
        outputs: Outputs,
        views: Views,
        fold: GuardedFold,
        health: Health,
        settings: Settings,
        wall_s: Callable[[], float],
    ) -> None:
        self._shards = shards
        self._outputs = outputs
        self.views = views
        self._fold = fold
        self._health = health
        self._interval_s = settings.snapshot_interval_s
        self._folding = asyncio.Lock()
        self._wall_s = wall_s

    async def take_batch(self, topic: str, partition: int, stretch: Stretch) -> int | None:
        """Fold what was fetched together and carry out what it wants; raise when the worker has to start again.

        Return an offset to read on from instead when records before these are missing: then nothing is folded. Around
        a rebalance Faust drops what waits for an agent, and may have read from where somebody else had committed.

        The partition may be given away, and even come back, while a slice is carried out: its shard then reads on from
        its snapshot and is sent these records again, so going on here would leave a hole in what it has folded.
        """
        held = self._shards.held.get((topic, partition))
        if held is None:
            return None  # given away while it waited
        if stretch.start_offset > held.read_offset:
            self._health.count("batches:read-again")
            place = f"{topic}/{partition}"
            log.warning("%s is read again from %d on, not %d", place, held.read_offset, stretch.start_offset)
            return held.read_offset
        slices = self._fold.fold(held.shard, stretch.records)
        while True:
            async with self._folding:
                if self._shards.held.get((topic, partition)) is not held:
                    return None
                before = held.shard.next_offset
                try:
                    effects = next(slices, None)
                except Exception:
                    self._shards.revoke(topic, partition)  # it may be half changed: only a snapshot is whole
                    raise
                if effects is None:
                    held.passed_offset = max(held.passed_offset, stretch.end_offset)
                    return None
                held.folded += held.shard.next_offset - before
                held.end_offset = max(held.end_offset, held.shard.next_offset)
                closed = {one.pool_id for one in effects.closed}
                self.views.changed(effects.touched, (topic, partition), urgent=closed)
                try:
                    await self._carry_out(effects)
                except BaseException:  # also cancellation: the state is ahead of its effects: it must never be sealed
                    self._shards.revoke(topic, partition)
                    raise
            await asyncio.sleep(0)  # a slice is as long as others may wait for their turn

    async def snapshot(self, topic: str, partition: int, *, leaving: bool = False) -> None:
        """Seal the state of a partition once all its effects are acknowledged."""
        async with self._folding:  # between two records: the effects of all below `next_offset` are on their way
            held = self._shards.held.get((topic, partition))
            if held is None:
                return
            began_s = self._wall_s()
            state, next_offset = held.shard.state(), held.shard.next_offset
            held.state_s = max(self._wall_s() - began_s, 0.0)
        await self._outputs.settled()
        wall_s = self._wall_s()
        if await self._shards.seal(topic, partition, state, next_offset=next_offset, wall_s=wall_s, leaving=leaving):
            self._health.count("snapshots")

    async def snapshot_due(self) -> None:
        """Seal what has moved on, each partition once an interval; large states less often: taking them costs time.

        Those that have waited longest come first, and no more at once than keeps all within half the interval: sealed
        one after the other, they would hold up what is folded meanwhile.
        """
        held = self._shards.held
        cost_s = sum(one.state_s for one in held.values())
        interval_s = max(self._interval_s, min(cost_s / SNAPSHOT_RATIO_MAX, SNAPSHOT_STRETCH_S_MAX))
        until_s = self._wall_s() - interval_s
        due = [
            (one.tried_wall_s or 0.0, place)
            for place, one in held.items()
            if one.snapshot_offset != one.shard.next_offset and (one.tried_wall_s or 0.0) <= until_s
        ]
        for _, place in sorted(due)[: ceil(len(held) * SNAPSHOT_CHECK_S / (SNAPSHOT_TURNS_RATIO * interval_s))]:
            await self.snapshot(*place)

    async def release(self, topic: str, partition: int) -> None:
        """Seal and let go of a partition that another worker is about to own, and whose views it will write."""
        if (topic, partition) in self._shards.held:
            await self.snapshot(topic, partition, leaving=True)
            self._shards.revoke(topic, partition)

    async def release_all(self) -> None:
        """Write what waits, seal and let go of everything: the worker ends, perhaps without a successor."""
        await self.views.write()
        for topic, partition in list(self._shards.held):
            await self.release(topic, partition)

    async def _carry_out(self, effects: Effects) -> None:
        letters = [(f"{letter.topic}/{letter.partition}/{letter.offset}", letter) for letter in effects.dead]
        await self._outputs.send_all(DEAD_LETTERS.name, letters)
        told: list[BucketClosed | ModelChanged] = [*effects.closed, *effects.changed]
        await self._outputs.send_all(FORECASTS.name, [(one.pool_id, one) for one in told])
        acting = {tick.pool_id for tick in effects.ticks if tick.valid_until_s >= tick.now_s}
        if acting:
            await self.views.ready(acting)  # a tick that can still act finds its view
        await self._outputs.send_all(TICKS.name, [(tick.pool_id, tick) for tick in effects.ticks])


def add_ingest(app: faust.App, ingest: Ingest) -> None:
    """Register the agent of the input topics, its timers, and the release of revoked partitions."""
    topic = app.topic(*(spec.name for spec in INPUT_TOPICS), value_serializer="raw", key_serializer="raw")

    async def take(batch: Any) -> None:
        offset = await ingest.take_batch(batch.topic, batch.partition, batch.stretch)
        if offset is not None:
            consumer: Any = app.consumer  # the transport's own
            await consumer.read_again(batch.topic, batch.partition, offset)

    @app.agent(topic, name="ingest")
    async def ingest_agent(stream: Any) -> None:
        async for event in stream.noack().events():
            batch = event.message
            try:
                if batch.generation_id == app.consumer_generation_id:  # of an older assignment it would leave a hole
                    await take(batch)
            except Exception as error:
                log.critical("the worker ends so that its supervisor starts it again: %s", error)
                await app.crash(error)
                raise
            event.ack()

    @app.task  # type: ignore[untyped-decorator]
    async def write_views() -> None:
        await ingest.views.run()

    @app.timer(interval=SNAPSHOT_CHECK_S)  # type: ignore[untyped-decorator]
    async def seal_snapshots() -> None:
        await ingest.snapshot_due()

    @app.timer(interval=LOST_INTERVAL_S)  # type: ignore[untyped-decorator]
    async def rewrite_lost_views() -> None:
        await ingest.views.rewrite_lost()

    @app.on_partitions_revoked.connect  # type: ignore[arg-type]  # its protocol asks for a keyword that it always gives
    async def release(_app: faust.App, revoked: set[TP], **_: Any) -> None:
        for tp in revoked:
            await ingest.release(tp.topic, tp.partition)
