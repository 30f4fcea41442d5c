"""`headgate shard reset`: nothing that the old log left behind speaks for the new one."""

import asyncio

import msgspec
import pytest
import redis.asyncio

from ops.cli import main
from ops.stack.local import LocalStack
from streams.events import PoolView
from streams.forecast_store import RedisForecastStore
from streams.keys import seal_key
from streams.settings import Settings
from streams.snapshots import DiskSnapshots
from tests.streams.pools import START_S, declared, shop


def test_a_reset_drops_the_views_of_the_partition(settings: Settings, stack: LocalStack) -> None:
    """A view of the log before, with its higher offset, would refuse every new one and be decided from."""
    log = declared(shop())
    log.promise(START_S)
    view = log.shard.view("shop")
    other = msgspec.structs.replace(view, pool_id="other", cut=msgspec.structs.replace(view.cut, topic="readings"))
    DiskSnapshots(settings.data_dir / "snapshots", seal_key(settings)).save(
        "transactions", log.shard.partition, log.shard.state()
    )

    async def views() -> list[PoolView | None]:
        async with redis.asyncio.Redis.from_url(stack.redis) as client:
            store = RedisForecastStore(client)
            return [await store.read("shop"), await store.read("other")]

    async def write() -> None:
        async with redis.asyncio.Redis.from_url(stack.redis) as client:
            await RedisForecastStore(client).write([view, other])

    asyncio.run(write())
    words = ["shard", "reset", f"transactions/{log.shard.partition}", "--accept-loss"]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.environment().items():
            patch.setenv(name, value)
        assert main(words) == 0

    assert asyncio.run(views()) == [None, other]
