"""The feed of the control view on a real Kafka: nothing that binds is missed, and no gap in the offsets stops it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer

from streams.agents import control_feed
from streams.agents.control_feed import ControlFeed
from streams.connections import kafka_options
from streams.control_view import ControlView
from streams.events import ActionLine, Allocation, Command, encode
from streams.settings import Settings
from streams.topics import ACTIONS, CATALOG, COMMANDS
from tests.streams.agents.control_world import DAY_S, START_S, World, cut, spec_of


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    """Yield the topics."""
    world = World(settings)
    yield world
    world.producer.close()


@asynccontextmanager
async def following(feed: ControlFeed) -> AsyncIterator[None]:
    """Keep the feed reading while the block runs."""
    task = asyncio.create_task(feed.follow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def feed_of(settings: Settings, view: ControlView) -> ControlFeed:
    """Return a feed at the wall's time."""
    return ControlFeed(settings, view, time.time)


def hold(pool_id: str, kind: str = "hold") -> Command:
    """Return a command on a pool."""
    return Command(
        command_id=kind, kind=kind, pool_id=pool_id, resource_id=None, reason="stocktaking",  # type: ignore[arg-type]
        operator="ann", issued_at_s=0.0, expires_at_s=START_S + DAY_S,
    )  # fmt: skip


def allocated(pool_id: str, day: int) -> Allocation:
    """Return an allocation of one order that arrives in 2100."""
    line = ActionLine(
        action_id=f"{pool_id}/mug/{day}", resource_id="mug", order_units=5.0, proposed_units=5.0, reason_code="policy",
        explanation="", arrives_at_s=4.1e9,
    )  # fmt: skip
    return Allocation(
        tick_id=f"{pool_id}/{day}", pool_id=pool_id, period_start_s=START_S, decided_at_s=START_S,
        valid_until_s=START_S + DAY_S, policy="p", policy_version="1", forecast_model="m", forecast_as_of_s=None,
        decided_by="policy", cut=cut(1), lines=(line,),
    )  # fmt: skip


@pytest.mark.asyncio
async def test_a_last_record_that_is_never_handed_out_stops_nothing(world: World) -> None:
    """The end of a topic is an aborted transaction: offsets that no reader is given; a hold behind it binds."""
    view = ControlView()
    feed = feed_of(world.settings, view)
    producer = AIOKafkaProducer(**kafka_options(world.settings), transactional_id="aborts")
    await producer.start()
    try:
        async with following(feed):
            await feed.caught_up()
            await producer.begin_transaction()
            await producer.send_and_wait(COMMANDS.name, encode(hold("gap", "release")), key=b"gap")
            await producer.abort_transaction()
            await feed.caught_up()
            world.publish(COMMANDS.name, "gap", hold("gap"))
            await feed.caught_up()
    finally:
        await producer.stop()

    assert view.hold("gap", "mug", START_S) is not None


@pytest.mark.asyncio
async def test_a_feed_that_connects_again_goes_on_where_it_was(world: World) -> None:
    """It folds no old release a second time: a hold is in force at every moment in between."""
    world.publish(COMMANDS.name, "again", hold("again"), hold("again", "release"), hold("again"))
    folded: list[object] = []

    class Watched(ControlView):
        def apply(self, record: object) -> None:
            super().apply(record)  # type: ignore[arg-type]
            if isinstance(record, Command) and record.pool_id == "again":
                folded.append(self.hold("again", "mug", START_S) is not None)

    view = Watched()
    feed = feed_of(world.settings, view)
    for _ in range(2):
        async with following(feed):
            await feed.caught_up()
    world.publish(COMMANDS.name, "again", hold("again", "release"))
    async with following(feed):
        await feed.caught_up()

    assert folded == [True, False, True, False]
    assert view.hold("again", "mug", START_S) is None


@pytest.mark.asyncio
async def test_all_that_can_still_be_under_way_is_read_however_much_came_since(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is older than the longest order of a declared pool is left out, unless it is among the newest."""
    monkeypatch.setattr(control_feed, "RECORDS_LEAST", 3)
    now_s = time.time()
    world.publish(CATALOG.name, "span", spec_of("span"))  # two days until an order arrives, half a day to decide
    for day, age_days in enumerate((6.0, 5.0, 3.0, 2.0, 1.0, 0.5)):
        world.producer.send(
            ACTIONS.name, key=b"span", value=encode(allocated("span", day)),
            timestamp_ms=int((now_s - age_days * DAY_S) * 1000),
        ).get(timeout=30)  # fmt: skip
    view, later = ControlView(), ControlView()
    feed = feed_of(world.settings, view)
    async with following(feed):
        await feed.caught_up()
    feed_much_later = ControlFeed(world.settings, later, lambda: now_s + 100 * DAY_S)
    async with following(feed_much_later):
        await feed_much_later.caught_up()

    assert [day for day in range(6) if view.decided(f"span/{day}")] == [2, 3, 4, 5]
    assert [day for day in range(6) if later.decided(f"span/{day}")] == [3, 4, 5]


@pytest.mark.asyncio
async def test_what_is_no_control_record_is_passed_over(world: World) -> None:
    """Garbage and tombstones bind nothing, and the next record is read."""
    view = ControlView()
    feed = feed_of(world.settings, view)
    world.producer.send(COMMANDS.name, key=b"junk", value=None).get(timeout=30)
    world.publish(COMMANDS.name, "junk", b"\xff{", hold("junk"))
    async with following(feed):
        await feed.caught_up()

    assert view.hold("junk", "mug", START_S) is not None
