"""The ingest agent without Kafka: what is sealed, and what is folded when a partition leaves and comes back."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from streams.agents.ingest import Ingest
from streams.agents.views import Views
from streams.attempts import Attempts
from streams.errors import UnavailableError
from streams.forecast_store import MemoryForecastStore
from streams.guarded_fold import GuardedFold
from streams.health import Health
from streams.records import Records, Stretch
from streams.settings import Settings
from streams.shards import Shards
from streams.skips import SkipList
from streams.snapshots import MemorySnapshots
from tests.streams.pools import DAY_S, PARTITIONS, START_S, Log, declared, records_of, sale, shop, stretch_of

WALL_S = 2e9


class Outputs:
    """Outputs that do `on_send` with each message, and say that the broker has all."""

    def __init__(self, on_send: Callable[[str], Awaitable[None]]) -> None:
        self._on_send = on_send

    async def send(self, topic: str, _key: str, _message: Any) -> None:
        """Start sending one message."""
        await self._on_send(topic)

    async def send_all(self, topic: str, messages: Sequence[tuple[str, Any]]) -> None:
        """Start sending several."""
        for key, message in messages:
            await self.send(topic, key, message)

    async def settled(self) -> None:
        """Return at once."""


def ingest_of(shards: Shards, folder: Path, on_send: Callable[[str], Awaitable[None]]) -> Ingest:
    """Return an ingest whose outputs do `on_send`."""
    outputs: Any = Outputs(on_send)
    skips = SkipList(folder / "skips.jsonl")
    fold = GuardedFold(skips, Attempts(folder / "attempts", "w", skips))
    views = Views(shards, MemoryForecastStore(), Health("w"))
    return Ingest(shards, outputs, views, fold, Health("w"), Settings(data_dir=folder), lambda: WALL_S)


def assign(shards: Shards, log: Log) -> None:
    """Take over the partition of `log`."""
    end = len(log.records)
    shards.assign("transactions", log.shard.partition, partitions=PARTITIONS, start_offset=0, end_offset=end)


@pytest.mark.asyncio
async def test_a_state_whose_effects_were_not_handed_over_is_never_sealed(tmp_path: Path) -> None:
    """Kafka refuses a tick: until the worker has ended no timer may keep a state that believes it was sent."""
    log = declared(shop())
    log.promise(START_S)
    log.promise(START_S + DAY_S)
    place = ("transactions", log.shard.partition)

    async def refuse(topic: str) -> None:
        if topic == "ticks":
            raise UnavailableError("ticks does not take a message")

    store = MemorySnapshots()
    shards = Shards(store)
    ingest = ingest_of(shards, tmp_path, refuse)
    assign(shards, log)
    with pytest.raises(UnavailableError):
        await ingest.take_batch(*place, stretch_of(log))
    await ingest.snapshot_due()
    await ingest.release_all()

    assert store.load(*place).state is None


@pytest.mark.asyncio
async def test_a_batch_ends_when_its_partition_has_left_and_come_back(tmp_path: Path) -> None:
    """The shard is back at its snapshot and gets every record again: the rest of an old batch would leave a hole."""
    log = declared(shop())
    log.promise(START_S)
    sealed = log.shard.state()
    log.promise(START_S + DAY_S)
    log.add(sale(START_S + DAY_S + 10))
    place = ("transactions", log.shard.partition)
    store = MemorySnapshots()
    shards = Shards(store)

    async def rebalance(_topic: str) -> None:
        if store.load(*place).state is None:
            store.save(*place, sealed)
            shards.revoke(*place)
            assign(shards, log)

    ingest = ingest_of(shards, tmp_path, rebalance)
    assign(shards, log)
    await ingest.take_batch(*place, stretch_of(log))
    assert shards.held[place].shard.next_offset == 4

    await ingest.take_batch(*place, stretch_of(log, 4))

    assert shards.held[place].shard.view("shop") == log.shard.view("shop")


@pytest.mark.asyncio
async def test_what_begins_after_a_hole_is_read_again(tmp_path: Path) -> None:
    """Nothing of it is folded; offsets without a record are no hole, and what was folded before is not again."""
    log = declared(shop())
    log.promise(START_S)
    log.promise(START_S + DAY_S)
    log.add(sale(START_S + DAY_S + 10))
    place, end = ("transactions", log.shard.partition), len(log.records)

    async def take(_topic: str) -> None:
        """Take every message."""

    shards = Shards(MemorySnapshots())
    ingest = ingest_of(shards, tmp_path, take)
    assign(shards, log)
    held = shards.held[place]
    first = records_of(log).before(2)

    assert await ingest.take_batch(*place, stretch_of(log, 1)) == 0
    assert await ingest.take_batch(*place, Stretch(0, 2, first)) is None
    assert await ingest.take_batch(*place, stretch_of(log, 3)) == 2
    assert held.shard.next_offset == 2
    assert await ingest.take_batch(*place, stretch_of(log, 1)) is None
    assert held.shard.view("shop") == log.shard.view("shop")
    assert await ingest.take_batch(*place, Stretch(end, end + 5, Records.of(()))) is None  # marks of transactions
    assert held.read_offset == end + 5


@pytest.mark.asyncio
async def test_states_that_take_long_are_sealed_less_often(tmp_path: Path) -> None:
    """Taking them holds the stream up, so they may cost a twentieth of the time, and are never older than a bound."""
    log = declared(shop())
    place = ("transactions", log.shard.partition)
    shards = Shards(MemorySnapshots())

    async def take(_topic: str) -> None:
        """Take every message."""

    ingest = ingest_of(shards, tmp_path, take)
    assign(shards, log)
    await ingest.take_batch(*place, stretch_of(log))
    sealed = []
    for state_s in (0.0, 0.5, 60.0):
        held = shards.held[place]
        waits = [3.9, 4.1, 9.9, 10.1, 24.9, 25.1]
        for age_s in waits:
            held.state_s, held.tried_wall_s, held.snapshot_offset = state_s, WALL_S - age_s, 0
            await ingest.snapshot_due()
            if held.snapshot_offset:
                sealed.append(age_s)
                break

    assert sealed == [4.1, 10.1, 25.1]


@pytest.mark.asyncio
async def test_partitions_are_sealed_in_turns(tmp_path: Path) -> None:
    """All at once they would hold the stream up for as long as all take; the one that waited longest comes first."""
    shards = Shards(MemorySnapshots())

    async def take(_topic: str) -> None:
        """Take every message."""

    ingest = ingest_of(shards, tmp_path, take)
    for partition in range(16):
        shards.assign("transactions", partition, partitions=16, start_offset=0, end_offset=0)
        held = shards.held["transactions", partition]
        held.snapshot_offset, held.tried_wall_s = -1, WALL_S - 10.0 - partition
    sealed: list[set[int]] = []
    while sum(map(len, sealed)) < 16:
        await ingest.snapshot_due()
        sealed.append({place for (_, place), held in shards.held.items() if held.tried_wall_s == WALL_S})
        sealed[-1] -= set().union(*sealed[:-1])

    assert sealed == [{15 - 2 * turn, 14 - 2 * turn} for turn in range(8)]  # 2 s: half an interval
