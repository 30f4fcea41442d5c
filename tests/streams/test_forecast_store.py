"""The forecast store: both stores keep the newest view, and readers get it as fresh, stale or missing."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio
import redis.asyncio

from ops.stack.local import LocalStack
from streams.clock import LIVE
from streams.errors import UnavailableError
from streams.events import Cut, PoolView
from streams.forecast_store import ForecastStore, Fresh, MemoryForecastStore, Missing, RedisForecastStore, Stale, judge
from tests.streams.pools import DAY_S, START_S, declared, sale, shop


@pytest_asyncio.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, stack: LocalStack) -> AsyncIterator[ForecastStore]:
    """Yield each store in turn, empty: they are held to the same tests."""
    if request.param == "memory":
        yield MemoryForecastStore()
        return
    client = redis.asyncio.Redis.from_url(stack.redis)
    await client.flushall()
    yield RedisForecastStore(client)
    await client.aclose()


def view(next_offset: int, *, epoch: int = 0, pool_id: str = "shop") -> PoolView:
    """Return a view of an empty pool at a place in the log."""
    log = declared(shop(pool_id=pool_id))
    whole = log.shard.view(pool_id)
    cut = Cut(topic="transactions", partition=0, epoch=epoch, next_offset=next_offset)
    return msgspec.structs.replace(whole, cut=cut, now_s=float(next_offset))


@pytest.mark.asyncio
async def test_an_older_view_changes_nothing(store: ForecastStore) -> None:
    """Replays and zombies cannot move a pool backwards; the same place may be written again."""
    assert await store.write([view(10)]) == [True]
    assert await store.write([view(9), view(10), view(11)]) == [False, True, True]

    held = await store.read("shop")
    assert held is not None
    assert held.cut.next_offset == 11


@pytest.mark.asyncio
async def test_a_higher_epoch_wins_over_any_offset(store: ForecastStore) -> None:
    """After a migration offsets start again; the epoch tells."""
    await store.write([view(1000)])

    assert await store.write([view(5, epoch=1), view(2000, epoch=0)]) == [True, False]


@pytest.mark.asyncio
async def test_all_is_written_again_by_who_starts_and_by_nobody_else(store: ForecastStore) -> None:
    """A store that has just started cannot know what is there; afterwards it does. A stranger's view is none."""
    await store.write([view(1)])

    assert [await store.lost() for _ in range(3)] == [True, False, False]
    assert await store.read("nobody") is None


@pytest.mark.asyncio
async def test_a_wrong_address_is_told() -> None:
    """A Redis that is not there is a retry for the caller, with the reason."""
    client = redis.asyncio.Redis.from_url("redis://127.0.0.1:1/0")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        await RedisForecastStore(client).read("shop")


def test_the_time_of_a_quiet_pool_is_told_by_its_clock() -> None:
    """Its view is not written again while nothing happens: live time goes on all the same, a twin's stands still."""
    twin = declared(shop()).shard.view("shop")
    live = msgspec.structs.replace(twin, now_s=START_S, run_clock=LIVE)

    assert [twin.event_time_s(3e9), live.event_time_s(START_S + DAY_S)] == [START_S, START_S + DAY_S]
    assert live.event_time_s(START_S - DAY_S) == START_S  # a reader's clock that is behind sets nothing back


def forecast_view() -> Any:
    """Return a view whose series all have a forecast."""
    log = declared(shop())
    log.promise(START_S)
    for day in range(1, 21):
        log.clock(START_S + day * DAY_S)
        for name in ("mug", "cup"):
            log.add(sale(START_S + (day - 0.5) * DAY_S, 3, resource_id=name))
        log.promise(START_S + day * DAY_S)
    return log.shard.view("shop")


def test_a_new_view_with_forecasts_is_fresh_until_they_expire() -> None:
    """Two periods after it was made a forecast is stale."""
    whole = forecast_view()
    now_s = START_S + 20 * DAY_S

    assert isinstance(judge(whole, cut=whole.cut, now_s=now_s), Fresh)
    late = judge(whole, cut=whole.cut, now_s=now_s + 3 * DAY_S)
    assert isinstance(late, Stale)
    assert "expired" in late.reason


def test_a_view_older_than_the_tick_is_stale() -> None:
    """A decision never rests on less than its tick knew."""
    whole = forecast_view()
    ahead = msgspec.structs.replace(whole.cut, next_offset=whole.cut.next_offset + 1)

    assert isinstance(judge(whole, cut=ahead, now_s=START_S + 20 * DAY_S), Stale)


def test_no_view_or_no_forecast_is_missing() -> None:
    """The two ways of knowing nothing."""
    empty = declared(shop()).shard.view("shop")

    assert isinstance(judge(None, cut=empty.cut, now_s=START_S), Missing)
    assert isinstance(judge(empty, cut=empty.cut, now_s=START_S), Missing)
