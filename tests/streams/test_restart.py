"""The worker killed with SIGKILL in the middle, on real servers: nothing is lost and nothing is doubled."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis

from ops.stack.local import LocalStack
from streams.administration import create_topics
from streams.catalog import Catalog, FeedSpec
from streams.clock import RunClock
from streams.events import BucketClosed, Clock, Heartbeat, PoolView, decode_output
from streams.feeds.sender import EventSender
from streams.forecast_store import VIEW_KEY
from streams.publishing import publish_catalog
from streams.settings import Settings
from streams.tail import Tail
from streams.topics import FORECASTS
from tests.streams.pools import DAY_S, START_S, sale, shop

POOLS = ("shop-a", "shop-b", "shop-c", "shop-d")
DAYS = 24
SALES_A_DAY = 40


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Settings]:
    """Yield settings of servers that only one test uses."""
    with LocalStack(tmp_path / "stack") as stack:
        settings = stack.settings(data_dir=tmp_path / "data")
        create_topics(settings)
        yield settings


def catalog() -> Catalog:
    """Return four small shops."""
    feeds = (FeedSpec(id="till", silence_s_max=100 * DAY_S),)
    return Catalog(version=1, pools=tuple(shop(pool_id=pool_id, feeds=feeds) for pool_id in POOLS))


@contextmanager
def worker(settings: Settings, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real worker process; kill it at the end."""
    environment = {**os.environ, **settings.environment()}
    process = subprocess.Popen([sys.executable, "-m", "ops.cli", "worker"], env=environment, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def view_of(client: Any, pool_id: str) -> PoolView | None:
    """Return the newest view of a pool."""
    body = client.hget(VIEW_KEY + pool_id, "body")
    return msgspec.json.decode(body, type=PoolView) if body else None


def send_day(sender: EventSender, day: int) -> None:
    """Send one day of every shop: sales, each tenth twice, and the promise that it is complete."""
    start_s = START_S + day * DAY_S
    for pool_id in POOLS:
        clock = RunClock(event_origin_s=start_s + DAY_S, speed_up=0.0)
        sender.send("transactions", pool_id, Clock(run_clock=clock, scope=(pool_id,)))
        for number in range(SALES_A_DAY):
            event = sale(
                start_s + number * 60.0,
                1 + number % 3,
                resource_id=("mug", "cup")[number % 2],
                event_id=f"{pool_id}-{day}-{number}",
            )
            for _ in range(2 if number % 10 == 0 else 1):
                sender.send("transactions", pool_id, msgspec.structs.replace(event, pool_id=pool_id))
        sender.send(
            "transactions", pool_id, Heartbeat(pool_id=pool_id, feed_id="till", complete_until_s=start_s + DAY_S)
        )
    sender.flush()


def wait_for(done: Any, process: subprocess.Popen[bytes], what: str) -> None:
    """Wait until `done()`; fail when the worker ends or nothing moves for a minute."""
    until_s = time.monotonic() + 60.0
    while not done():
        assert process.poll() is None, f"the worker ended while waiting for {what}"
        assert time.monotonic() < until_s, f"no {what} within a minute"
        time.sleep(0.05)


SOLD = {
    name: sum(1 + number % 3 for number in range(SALES_A_DAY) if ("mug", "cup")[number % 2] == name)
    for name in ("mug", "cup")
}


def open_the_shops(sender: EventSender) -> None:
    """Promise that nothing came before, and count the stock."""
    for pool_id in POOLS:
        sender.send("transactions", pool_id, Heartbeat(pool_id=pool_id, feed_id="till", complete_until_s=START_S))
        for name in SOLD:
            count = sale(START_S, 10_000, kind="count", resource_id=name, event_id=f"count-{name}")
            sender.send("transactions", pool_id, msgspec.structs.replace(count, pool_id=pool_id))


def reached(client: Any, day: int) -> bool:
    """Return whether every shop has closed the days before `day`."""
    views = [view_of(client, pool_id) for pool_id in POOLS]
    return all(view is not None and view.period_start_s >= START_S + day * DAY_S for view in views)


def told(settings: Settings, client: Any) -> bool:
    """Return whether every day is closed and in Kafka: a view may be seen before its buckets are acknowledged."""
    return reached(client, DAYS) and len(closed_values(settings)) == len(POOLS) * len(SOLD) * DAYS


def live(settings: Settings, sender: EventSender, client: Any, until_day: int) -> None:
    """Let a worker live through six days, and kill it with SIGKILL once it has folded the first three of them."""
    with worker(settings) as process:
        for day in range(until_day - 6, until_day):
            send_day(sender, day)
        if until_day == DAYS:
            wait_for(lambda: told(settings, client), process, "closed buckets in Kafka")
        else:
            wait_for(lambda: reached(client, until_day - 3), process, "closed buckets")


def test_three_sigkills_lose_and_double_nothing(settings: Settings) -> None:
    """Every closed bucket, the stock and the counters equal a plain sum over what was sent."""
    settings = replace(settings, snapshot_interval_s=0.3)
    publish_catalog(settings, catalog())
    client = redis.Redis.from_url(settings.redis)
    with EventSender(settings) as sender:
        open_the_shops(sender)
        for until_day in (6, 12, 18, DAYS):
            live(settings, sender, client, until_day)
    check_stock_and_buckets(settings, client)


def test_partitions_that_move_between_workers_lose_and_double_nothing(other: Settings) -> None:
    """A second worker joins, the first is killed: each partition goes on from the snapshot of whoever had it."""
    settings = replace(other, snapshot_interval_s=0.3)
    publish_catalog(settings, catalog())
    client = redis.Redis.from_url(settings.redis)
    with EventSender(settings) as sender:
        open_the_shops(sender)
        with worker(replace(settings, worker_id="worker-1")) as second:
            join_and_die(settings, sender, client)
            for day in range(12, DAYS):
                send_day(sender, day)
            wait_for(lambda: told(settings, client), second, "closed buckets of the one that is left")
    check_stock_and_buckets(settings, client)


def join_and_die(settings: Settings, sender: EventSender, client: Any) -> None:
    """Tell the first twelve days to one worker more, and kill that one."""
    with worker(replace(settings, worker_id="worker-0")) as first:
        for day in range(12):
            send_day(sender, day)
        wait_for(lambda: reached(client, 12), first, "closed buckets of two workers")


def check_stock_and_buckets(settings: Settings, client: Any) -> None:
    """Compare every closed bucket, the stock and the counters with a plain sum over what was sent."""
    for pool_id in POOLS:
        view = view_of(client, pool_id)
        assert view is not None
        stock = {series.resource_id: series.on_hand_units for series in view.series}
        assert stock == {name: 10_000 - DAYS * units for name, units in SOLD.items()}
        assert view.counters["clean"] == DAYS * SALES_A_DAY + 2
        assert view.counters["duplicate"] == DAYS * SALES_A_DAY // 10
    assert closed_values(settings) == {
        (pool_id, name, START_S + day * DAY_S): float(SOLD[name])
        for pool_id in POOLS
        for name in SOLD
        for day in range(DAYS)
    }


def closed_values(settings: Settings) -> dict[tuple[str, str, float], float | None]:
    """Return each closed bucket once; a bucket sent again after a crash has to say the same."""
    values: dict[tuple[str, str, float], float | None] = {}
    with Tail(settings, [FORECASTS.name]) as tail:
        for record in tail.recent(100_000):
            closed = decode_output(record.value or b"")
            assert isinstance(closed, BucketClosed)
            key = (closed.pool_id, closed.resource_id, closed.period_start_s)
            assert values.setdefault(key, closed.value) == closed.value
    return values
