"""The task that writes views: what closed a bucket goes out at once, mere counts wait their turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from streams.agents import views as views_module
from streams.agents.views import Views
from streams.events import PoolView
from streams.forecast_store import MemoryForecastStore
from streams.health import Health
from streams.shards import Shards
from streams.snapshots import MemorySnapshots
from tests.streams.pools import PARTITIONS, START_S, declared, sale, shop

LONG_S = 3600.0  # an interval whose end no test lives to see


class NotedStore(MemoryForecastStore):
    """Notes which pools are written together."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[list[str]] = []
        self.wrote = asyncio.Event()

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """Write and note."""
        self.writes.append([view.pool_id for view in views])
        self.wrote.set()
        return await super().write(views)


ELSEWHERE = ("transactions", 99)  # a shard that is another worker's: its pools take a turn and show nothing


def opened() -> tuple[Views, NotedStore, tuple[str, int]]:
    """Return the views of a worker with one pool, where they are written, and the place of the pool's shard."""
    log = declared(shop())
    log.add(sale(START_S + 10))
    snapshots, store = MemorySnapshots(), NotedStore()
    place = ("transactions", log.shard.partition)
    snapshots.save(*place, log.shard.state())
    shards = Shards(snapshots)
    shards.assign(*place, partitions=PARTITIONS, start_offset=0, end_offset=len(log.records))
    return Views(shards, store, Health("w")), store, place


@asynccontextmanager
async def running(views: Views) -> AsyncIterator[None]:
    """Write in the background."""
    task = asyncio.create_task(views.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio
async def test_a_closed_bucket_does_not_wait_for_what_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool in which only counts have changed stays waiting while another that closed a bucket is written."""
    monkeypatch.setattr(views_module, "INTERVAL_S", LONG_S)
    views, store, place = opened()
    async with running(views):
        views.changed({"shop"}, place, urgent={"shop"})  # the first turn is due at once, whatever is urgent
        await store.wrote.wait()
        store.wrote.clear()
        views.changed({"shop"}, place, urgent=set())
        views.changed({"gone"}, ELSEWHERE, urgent={"gone"})
        await store.wrote.wait()
        assert store.writes == [["shop"], []]

        views.changed({"shop"}, place, urgent={"shop"})
        store.wrote.clear()
        await store.wrote.wait()

    assert store.writes == [["shop"], [], ["shop"]]


@pytest.mark.asyncio
async def test_many_views_are_written_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others get their turn between two portions, and every pool is written once."""
    monkeypatch.setattr(views_module, "PORTION", 2)
    views, store, place = opened()
    views.changed({"a", "b", "c"}, ELSEWHERE, urgent=set())
    views.changed({"shop"}, place, urgent={"shop"})
    await views.write(urgent_only=True)
    assert store.writes == [["shop"]]

    await views.write()

    assert store.writes == [["shop"], [], []]


@pytest.mark.asyncio
async def test_what_only_counted_is_spread_over_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the worker's pools a turn, the one that has waited longest first: here one of one."""
    monkeypatch.setattr(views_module, "INTERVAL_S", 0.01)
    views, store, place = opened()
    for pool_id, shard in (("left", ELSEWHERE), ("gone", ELSEWHERE), ("shop", place)):
        views.changed({pool_id}, shard, urgent=set())
    async with running(views):
        while len(store.writes) < 3:
            store.wrote.clear()
            await asyncio.wait_for(store.wrote.wait(), 30.0)

    assert store.writes == [[], [], ["shop"]]
