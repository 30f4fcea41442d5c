"""The topics and the store around the control agent, and the agent in a real Faust app."""

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

import faust
import msgspec
import redis.asyncio
from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from policies.registry import load_policy
from streams.agents.control import add_control
from streams.catalog import PoolSpec, ResourceSpec
from streams.claims import RedisClaims
from streams.clock import RunClock
from streams.connections import kafka_options, redis_options
from streams.events import (
    Allocation,
    Cut,
    PoolView,
    SeriesForecast,
    SeriesView,
    Tick,
    decode_output,
    encode,
)
from streams.forecast_store import RedisForecastStore
from streams.health import Health
from streams.settings import Settings
from streams.topics import ACTIONS, CATALOG
from tests.streams.pools import shop

START_S = 1_277_938_800.0
DAY_S = 86_400.0
PATIENCE_S = 60.0  # how long a test waits for what must come; none asserts on it


# 30 mugs are expected and 12 are there; the rule was tuned to order up to this many times what is expected
ORDERED = round(float(load_policy("base-stock", data_dir=None).version.removeprefix("factor=")) * 30) - 12


def spec_of(pool_id: str, **changes: Any) -> PoolSpec:
    """Return a shop with one product that arrives two days after its order."""
    mug = ResourceSpec(id="mug", lead_time_periods=2, lost_sale_cost=4.0, holding_cost=1.0)
    return shop(
        **({"pool_id": pool_id, "policy": "base-stock", "timezone": "Europe/London", "resources": (mug,)} | changes)
    )


def view_of(pool_id: str, next_offset: int = 10, *, on_hand: float = 12.0, expires_s: float = 2 * DAY_S) -> PoolView:
    """Return a view in which 30 mugs are expected until an order could help."""
    forecast = SeriesForecast(
        model="linear", version="1", as_of_s=START_S, expires_at_s=START_S + expires_s, error=1.0, buckets_learnt=50,
        mean=(10.0,) * 8, quantiles=((10.0,) * 9,) * 8, lead_quantiles=(30.0,) * 9,
    )  # fmt: skip
    mug = SeriesView(
        resource_id="mug", on_hand_units=on_hand, on_order=(), last_value=9.0, last_forecast=10.0, recent_mean=10.0,
        recent_std=1.0, forecast=forecast,
    )  # fmt: skip
    return PoolView(
        pool_id=pool_id, cut=cut(next_offset), now_s=START_S, watermark_s=START_S, period_start_s=START_S,
        series=(mug,), unknown_resources=(), feeds=(), counters={},
    )  # fmt: skip


def cut(next_offset: int) -> Cut:
    """Return a place in the log."""
    return Cut(topic="transactions", partition=0, epoch=0, next_offset=next_offset)


def tick_of(pool_id: str, day: int = 1, *, next_offset: int = 10, late_s: float = 0.0) -> Tick:
    """Return the tick of a day in July 2010, on a clock that stands still `late_s` after it."""
    start_s = START_S + (day - 1) * DAY_S
    return Tick(
        tick_id=f"{pool_id}/2010-07-{day:02}", pool_id=pool_id, period_start_s=start_s,
        valid_until_s=start_s + DAY_S / 2, now_s=start_s, missing=False, cut=cut(next_offset),
        run_clock=RunClock(event_origin_s=start_s + late_s, speed_up=0.0),
    )  # fmt: skip


class World:
    """The topics and the store around the agent, and the agent's app in a thread of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.health = Health("worker-0")
        self.producer = KafkaProducer(**kafka_options(settings), acks="all")

    def publish(self, topic: str, pool_id: str, *messages: msgspec.Struct | bytes) -> None:
        """Send and wait for the broker."""
        for message in messages:
            data = message if isinstance(message, bytes) else encode(message)
            self.producer.send(topic, key=pool_id.encode(), value=data).get(timeout=30)

    def declare(self, spec: PoolSpec, view: PoolView | None = None) -> None:
        """Publish the pool's catalog and write its view."""
        self.publish(CATALOG.name, spec.pool_id, spec)
        if view is not None:
            self.on_redis(lambda client: RedisForecastStore(client).write([view]))

    def on_redis(self, work: Any) -> Any:
        """Run an asynchronous piece of work on the Valkey."""

        async def run() -> Any:
            async with redis.asyncio.Redis.from_url(self.settings.redis) as client:
                return await work(client)

        return asyncio.run(run())

    def records(self, topic: str) -> list[Any]:
        """Return all messages of a topic with their keys, as they are now."""
        consumer = KafkaConsumer(**kafka_options(self.settings))
        try:
            places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends = consumer.end_offsets(places)
            found = []
            while any(consumer.position(place) < ends[place] for place in places):
                found += [record for batch in consumer.poll(timeout_ms=200).values() for record in batch]
            return found
        finally:
            consumer.close()

    def actions(self, pool_id: str) -> list[Allocation]:
        """Return the allocations of a pool so far."""
        found = [decode_output(one.value) for one in self.records(ACTIONS.name) if one.key == pool_id.encode()]
        return [one for one in found if isinstance(one, Allocation)]

    def wait_for_actions(self, pool_id: str, count: int = 1) -> list[Allocation]:
        """Wait until the pool has `count` allocations; fail when it has more."""
        deadline = time.monotonic() + PATIENCE_S
        while len(found := self.actions(pool_id)) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} allocations of {pool_id} came"
            time.sleep(0.05)
        assert len(found) == count
        return found

    def counter(self, name: str) -> int:
        """Return one of the agent's counters."""
        return self.health.report([], [], at_s=0.0, rss_bytes=0).counters.get(name, 0)

    def wait_for_counter(self, name: str, count: int) -> None:
        """Wait until the agent has counted so far."""
        deadline = time.monotonic() + PATIENCE_S
        while self.counter(name) < count:
            assert time.monotonic() < deadline, f"{name} is {self.counter(name)}, not {count}"
            time.sleep(0.05)


class Agent:
    """Runs `add_control` in a real Faust app until the block ends."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __enter__(self) -> None:
        """Start."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._run(self._start())

    def restart(self) -> None:
        """End this one and start another, which knows nothing."""
        self.__exit__()
        self.__enter__()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=PATIENCE_S)

    async def _start(self) -> None:
        settings = self._world.settings
        self._app = faust.App(
            "control-test", loop=self._loop, broker=f"kafka://{settings.broker}", store="memory://", web_enabled=False,
            topic_allow_declare=False, topic_disable_leader=True, consumer_auto_offset_reset="earliest",
            datadir=str(settings.data_dir / "faust"), consumer_group_instance_id="control-test",
        )  # fmt: skip
        options = redis_options(settings) | {"socket_timeout": 0.5}
        self._redis = redis.asyncio.Redis.from_url(settings.redis, **options)
        add_control(self._app, settings, RedisForecastStore(self._redis), RedisClaims(self._redis), self._world.health)
        self._app.finalize()
        await self._app.start()

    async def _stop(self) -> None:
        await self._app.stop()
        await self._redis.aclose()
