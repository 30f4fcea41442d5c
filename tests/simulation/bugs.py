"""Bugs that cost others their data, put back on purpose: the product with one part spoilt, by name.

Each is a few lines. What they have in common is that everything works, and goes on working, until something fails.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from streams.agents.control import Control
from streams.agents.control_feed import ControlFeed
from streams.agents.ingest import Ingest
from streams.agents.views import Views
from streams.claims import MemoryClaims
from streams.control_view import ControlView
from streams.dedupe import Seen
from streams.effects import Effects
from streams.errors import UnavailableError
from streams.events import PoolView, Tick
from streams.forecast_store import MemoryForecastStore
from streams.guarded_fold import GuardedFold
from streams.outputs import Outputs
from streams.pool import Pool, PoolState
from streams.records import Records, Stretch
from streams.shard import Shard
from streams.shards import Shards
from streams.skips import Skip, SkipList
from tests.simulation.faust_app import Delivery
from tests.simulation.group import Place
from tests.simulation.product import Product
from tests.simulation.worker import Worker


class GoesOnAfterFailure(Ingest):
    """An exception in the agent counts as done: the batch is acknowledged, and the shard is as far as the batch."""

    async def take_batch(self, topic: str, partition: int, stretch: Stretch) -> int | None:
        held = self._shards.held.get((topic, partition))
        try:
            return await super().take_batch(topic, partition, stretch)
        except Exception:
            if held is None:
                raise
            self._shards.held[topic, partition] = held
            held.shard.next_offset = max(held.shard.next_offset, stretch.end_offset)
            return None


class FoldsAcrossHoles(Ingest):
    """Nobody looks whether a batch begins where the one before it ended."""

    async def take_batch(self, topic: str, partition: int, stretch: Stretch) -> int | None:
        return await super().take_batch(topic, partition, stretch._replace(start_offset=0))


class GivesUpTicks(Control):
    """A tick whose decision fails is acknowledged."""

    async def _until_decided(self, tick: Tick) -> None:
        try:
            await self._decide(tick)
        except UnavailableError:
            self._health.count("decisions:retried")


class AcknowledgesTail(Worker):
    """What was handed over together is acknowledged together, when its first is done."""

    def _ack(self, delivery: Delivery) -> None:
        super()._ack(delivery)
        for behind in self._buffered:
            if (behind.topic, behind.partition) == (delivery.topic, delivery.partition):
                super()._ack(behind)


class CommitsInFlight(Worker):
    """The commit says up to where was fetched, not up to where was done."""

    def _to_commit(self) -> dict[Place, int]:
        return super()._to_commit() | self._positions


class SealsUndelivered(Outputs):
    """A snapshot does not wait for Kafka."""

    async def settled(self) -> None:
        return


class ForgetsFailure(Outputs):
    """A message that Kafka did not take is forgotten."""

    def _done(self, future: Any) -> None:
        self._under_way.discard(future)
        future.exception()


class WritesBlindly(MemoryForecastStore):
    """No fence: the last writer wins."""

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        self._views |= {view.pool_id: view for view in views}
        return [True] * len(views)


class ClaimsBlindly(MemoryClaims):
    """No fence: each decides for itself."""

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        del tick_id
        return payload


class KeepsHalfChanged(GuardedFold):
    """An exception half-way through an event is logged, and the fold goes on with the shard as it is."""

    def fold(self, shard: Shard, records: Records) -> Iterator[Effects]:
        while records:
            try:
                yield from super().fold(shard, records)
            except Exception:  # noqa: BLE001
                records = records.after(shard.next_offset)
            else:
                return


class DecidesEarly(ControlFeed):
    """A decision waits for the connection, not for what is to be read."""

    async def caught_up(self) -> None:
        await self._connected()


class DecidesAgain(ControlView):
    """What was decided is not asked of the topic."""

    def decided(self, tick_id: str) -> bool:
        del tick_id
        return False


class ForgetsSkips(SkipList):
    """The skip list is kept in memory."""

    def add(self, skip: Skip) -> None:
        self._note(skip)


class AnyGeneration(Worker):
    """What was fetched before a rebalance is taken for what was fetched after it."""

    def _next(self, wanted: Any) -> Delivery | None:
        delivery = super()._next(wanted)
        if delivery is None or delivery.topic == "ticks":
            return delivery
        return Delivery(
            delivery.topic, delivery.partition, self.generation, delivery.offset, delivery.timestamp, delivery.stretch
        )


class AheadOfItself(Views):
    """A view says that it is of the log's end, whatever is folded."""

    def _views(self) -> list[PoolView]:
        ends = {place: held.end_offset + 40 for place, held in self._shards.held.items()}
        return [
            msgspec.structs.replace(view, cut=msgspec.structs.replace(view.cut, next_offset=end))
            for view in super()._views()
            for end in [ends[view.cut.topic, view.cut.partition]]
        ]


class NeverLooksAfterLoss(Views):
    """Nobody asks whether Redis has lost what was written."""

    async def rewrite_lost(self) -> None:
        return


class SealsLater(Shards):
    """The state is taken first and the place in the log later: what is folded meanwhile is in neither."""

    async def seal(self, topic: str, partition: int, state: bytes, **more: Any) -> bool:
        held = self.held.get((topic, partition))
        if held is not None:
            fields = msgspec.msgpack.decode(state)
            state = msgspec.msgpack.encode(fields | {"next_offset": held.shard.next_offset})
        return await super().seal(topic, partition, state, **more)


def _without_ids(whole: Any) -> Any:
    def state(pool: Pool) -> PoolState:
        return msgspec.structs.replace(whole(pool), seen=Seen())

    return state


_RESTARTS = {"crash": 0.02, "redis failed": 0.1, "commit lost": 0.0}
_REBALANCES = {"pause": 0.02, "leave": 0.01, "redis slow": 0.6, "ack late": 0.0, "batch lost": 0.0}

BUGS = {
    "ack on exception": Product(ingest=GoesOnAfterFailure),
    "ack on exception, of a tick": Product(patches=(("streams.agents.control.Control", GivesUpTicks),)),
    "ack of an unprocessed tail": Product(worker=AcknowledgesTail, chances=_RESTARTS),
    "commit past an event in flight": Product(worker=CommitsInFlight, chances=_RESTARTS),
    "snapshot before delivery": Product(outputs=SealsUndelivered),
    "failed delivery forgotten": Product(outputs=ForgetsFailure),
    "no fence on views": Product(store=WritesBlindly),
    "no fence on claims": Product(patches=(("tests.simulation.redis_server.MemoryClaims", ClaimsBlindly),)),
    "snapshot without its offset": Product(reads_on=lambda _snapshot, committed, _end: committed),
    "place in the log read later than the state": Product(shards=SealsLater),
    "exception half-way through an event": Product(fold=KeepsHalfChanged),
    "decision before the view is complete": Product(
        patches=(("streams.agents.control.ControlFeed", DecidesEarly),), chances=_RESTARTS | {"kafka slow": 0.4}
    ),
    "decision not looked up in the topic": Product(patches=(("streams.agents.control.ControlView", DecidesAgain),)),
    "skip list not durable": Product(skips=ForgetsSkips),
    "batch that begins after a hole": Product(ingest=FoldsAcrossHoles, chances=_RESTARTS),
    "batch of an older generation": Product(worker=AnyGeneration, ingest=FoldsAcrossHoles, chances=_REBALANCES),
    "view ahead of its state": Product(views=AheadOfItself),
    "loss of Redis not noticed": Product(views=NeverLooksAfterLoss),
    "ids not in the snapshot": Product(patches=(("streams.pool.Pool.state", _without_ids(Pool.state)),)),
}
