"""What the forecast store and claims make of a Redis that is emptied, full, a replica, gone or slow: a real Valkey."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from ops.stack.ports import free_ports
from ops.stack.valkey import Valkey
from streams import forecast_store
from streams.agents.views import LOST_INTERVAL_S, Views
from streams.claims import RedisClaims
from streams.connections import redis_client
from streams.errors import UnavailableError
from streams.events import PoolView
from streams.forecast_store import POOLS_KEY, VIEW_KEY, RedisForecastStore
from streams.health import Health
from streams.settings import Settings
from streams.shards import Held, Shards
from streams.snapshots import MemorySnapshots
from tests.streams.agents.control_world import view_of
from tests.streams.pools import declared, shop

PATIENCE_S = 20.0  # how long a test waits for what must come; none asserts on it


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """Yield a server that may be killed: its next start takes the same port."""
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey(folder / "data", folder / "log", port=free_ports(1)[0])
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def client(valkey: Valkey) -> AsyncIterator[Any]:
    """Yield a worker's client on the emptied server."""
    client = redis_client(replace(Settings(), redis=valkey.url))
    await client.flushall()
    yield client
    await client.aclose()


def views(count: int, next_offset: int = 10) -> list[PoolView]:
    """Return the views of so many pools."""
    return [view_of(f"pool-{number}", next_offset) for number in range(count)]


async def readable(client: Any) -> int:
    """Return how many of the pools that are listed have a view."""
    return sum(
        [bool(await client.hexists(VIEW_KEY + name.decode(), "body")) for name in await client.smembers(POOLS_KEY)]
    )


@pytest.mark.asyncio
async def test_views_of_one_call_go_out_in_one_round_trip(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And in several when they are too big for one; the answers keep the order of the views."""
    store = RedisForecastStore(client)
    await store.write(views(50))
    before = (await client.info("commandstats"))["cmdstat_sadd"]["calls"]
    written = await store.write([*views(2, next_offset=9), *views(50)])
    at_once = (await client.info("commandstats"))["cmdstat_sadd"]["calls"] - before
    monkeypatch.setattr(forecast_store, "PIPELINE_BYTES_MAX", 4096)
    in_portions = await store.write([*views(2, next_offset=9), *views(50)])
    portions = (await client.info("commandstats"))["cmdstat_sadd"]["calls"] - before - at_once

    assert written == in_portions == [False] * 2 + [True] * 50
    assert at_once == 1
    assert portions > 10


@pytest.mark.asyncio
async def test_scripts_that_are_gone_are_loaded_again(client: Any) -> None:
    """After SCRIPT FLUSH, as on a server that took over, the same call writes."""
    store = RedisForecastStore(client)
    await store.write(views(3))
    await client.script_flush()

    assert await store.write(views(3, next_offset=11)) == [True] * 3
    assert await store.write(views(3, next_offset=10)) == [False] * 3


@pytest.mark.asyncio
async def test_an_emptied_server_is_noticed_by_all_and_filled_again(client: Any) -> None:
    """FLUSHALL: both workers are told once, also when one of them has written before it asked."""
    one, other = RedisForecastStore(client), RedisForecastStore(client)
    for store in (one, other):
        await store.write(views(20))
        await store.lost()
    await client.flushall()
    await one.write(views(1))

    assert [await one.lost(), await other.lost()] == [True, True]
    await one.write(views(20))
    assert await readable(client) == 20
    assert [await one.lost(), await other.lost()] == [False, False]
    await client.flushall()
    assert [await one.lost(), await other.lost()] == [True, True]


@pytest.mark.asyncio
async def test_a_server_that_died_and_came_back_empty_is_filled_again(client: Any, valkey: Valkey) -> None:
    """SIGKILL and a start on the same port: unavailable in between, then told as lost, and written."""
    store = RedisForecastStore(client)
    await store.write(views(20))
    await store.lost()
    os.kill(valkey.child.pid, signal.SIGKILL)
    with pytest.raises(UnavailableError, match="does not take 20 views"):
        await store.write(views(20))
    valkey.stop()
    valkey.start()

    assert await store.lost()
    assert await store.write(views(20)) == [True] * 20
    assert await readable(client) == 20


@pytest.mark.asyncio
@pytest.mark.parametrize("fault", ["flushed", "killed"])
async def test_a_running_worker_fills_an_empty_server_by_itself(client: Any, valkey: Valkey, fault: str) -> None:
    """All views of all its shards are there again, though no event came: flushed, or killed and started empty."""
    shards = Shards(MemorySnapshots())
    for number in range(20):
        log = declared(shop(pool_id=f"pool-{number}"))
        shards.held["transactions", number] = Held(log.shard, 0, 0)
    written = Views(shards, RedisForecastStore(client), Health("w"))

    async def ask() -> None:
        while True:
            await written.rewrite_lost()
            await asyncio.sleep(LOST_INTERVAL_S)

    tasks = [asyncio.create_task(written.run()), asyncio.create_task(ask())]
    await _wait_for(client, 20)
    if fault == "flushed":
        await client.flushall()
    else:
        os.kill(valkey.child.pid, signal.SIGKILL)
        valkey.stop()
        valkey.start()
    await _wait_for(client, 20)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _wait_for(client: Any, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while await readable(client) < count:
        assert time.monotonic() < deadline, f"{count} views did not come"
        await asyncio.sleep(0.05)


@pytest.mark.asyncio
async def test_a_server_that_kept_its_data_but_restarted_is_not_trusted(client: Any) -> None:
    """As after a failover: the mark is there, the run id is another, and the last writes may not have come over."""
    store = RedisForecastStore(client)
    await store.lost()
    store._life = (store._life[0], "the run id of the one before") if store._life else None

    assert [await store.lost(), await store.lost()] == [True, False]


@pytest.mark.asyncio
async def test_a_full_server_is_told_with_its_limit_and_takes_views_again(client: Any) -> None:
    """`OOM`: the text says what is full and what to do; what is there stays readable; with room it goes on."""
    store = RedisForecastStore(client)
    await store.write(views(3))
    await store.lost()
    await client.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(UnavailableError, match="raise its `maxmemory`"):
            await store.write(views(3, next_offset=11))
        with pytest.raises(UnavailableError, match=r"claim of shop/1: .*raise its `maxmemory`"):
            await RedisClaims(client).claim("shop/1", b"payload")
        held = await store.read("pool-0")
        assert not await store.lost()
    finally:
        await client.config_set("maxmemory", "256mb")

    assert held is not None
    assert held.cut.next_offset == 10
    assert await store.write(views(3, next_offset=11)) == [True] * 3


@pytest.mark.asyncio
async def test_a_replica_is_told_and_left(client: Any, valkey: Valkey) -> None:
    """`READONLY`: its connections are given up, so that the name is looked up again; promoted, it takes views."""
    store = RedisForecastStore(client)
    await store.write(views(1))
    await client.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        with pytest.raises(UnavailableError, match="name the primary"):
            await store.write(views(1))
        assert [one.is_connected for one in client.connection_pool._available_connections] == [False]
    finally:
        await client.execute_command("REPLICAOF", "NO", "ONE")

    assert await store.write(views(1)) == [True]


@pytest.mark.asyncio
async def test_a_hanging_server_costs_a_bounded_wait_and_mixes_no_answers(
    client: Any, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every question ends as unavailable; what is asked afterwards gets its own answer, not a late one."""
    monkeypatch.setattr("streams.redis_answers.ANSWER_S_MAX", 0.3)
    store, claims = RedisForecastStore(client), RedisClaims(client)
    await store.write(views(2))
    os.kill(valkey.child.pid, signal.SIGSTOP)
    try:
        for question in (store.read("pool-0"), store.write(views(2)), claims.claim("shop/1", b"1"), store.lost()):
            with pytest.raises(UnavailableError, match="no answer within"):
                await question
    finally:
        os.kill(valkey.child.pid, signal.SIGCONT)
    deadline = time.monotonic() + PATIENCE_S
    while (held := await _read_or_none(store, "pool-1")) is None:
        assert time.monotonic() < deadline

    assert held.pool_id == "pool-1"
    assert await claims.claim("shop/2", b"2") == b"2"


async def _read_or_none(store: RedisForecastStore, pool_id: str) -> PoolView | None:
    try:
        return await store.read(pool_id)
    except UnavailableError:
        return None


@pytest.mark.asyncio
async def test_a_forecast_may_be_encoded_once_and_kept(client: Any) -> None:
    """A series whose forecast is its JSON already reads back as any other: rewriting it costs a copy."""
    (whole,) = views(1)
    series = tuple(
        msgspec.structs.replace(one, forecast=msgspec.Raw(msgspec.json.encode(one.forecast))) for one in whole.series
    )
    store = RedisForecastStore(client)
    await store.write([msgspec.structs.replace(whole, series=series)])

    assert await store.read("pool-0") == whole
