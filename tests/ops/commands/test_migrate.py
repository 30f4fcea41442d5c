"""`headgate migrate` on real servers: a topic grows from 2 to 4 partitions, and every pool goes on where it was."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import redis
from kafka import KafkaConsumer, TopicPartition

from ops import kept_states
from ops.cli import main
from ops.stack.local import LocalStack
from ops.topic_health import administrator
from streams.administration import create_topics, end_offsets
from streams.clock import LIVE
from streams.events import Clock
from streams.feeds.sender import EventSender
from streams.keys import seal_key
from streams.migration import blank
from streams.publishing import publish_catalog
from streams.settings import Settings
from streams.shard_state import ShardState
from streams.shards import Held, Shards, Span
from streams.snapshot_topic import TopicSnapshots
from streams.snapshots import DiskSnapshots, MemorySnapshots
from streams.topics import WORKER_GROUP, partition_of
from streams.worker import CRASH_STATUS
from tests.streams.pools import PARTITIONS, START_S, declared, sale, shop
from tests.streams.test_restart import (
    POOLS,
    SALES_A_DAY,
    SOLD,
    catalog,
    open_the_shops,
    reached,
    send_day,
    view_of,
    wait_for,
    worker,
)

DAYS_BEFORE, DAYS = 6, 10


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Settings]:
    """Yield settings of servers with two partitions that only one test uses."""
    with LocalStack(tmp_path / "stack") as stack:
        settings = stack.settings(data_dir=tmp_path / "here", partitions=2, seal_hmac_key="5e" * 32)
        create_topics(settings)
        yield settings


@contextmanager
def typed(settings: Settings) -> Iterator[None]:
    """Have commands find `settings` in their environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.environment().items():
            patch.setenv(name, value)
        yield


def live(settings: Settings, sender: EventSender, days: range) -> None:
    """Let a worker live through some days, and end as it is told to."""
    client = redis.Redis.from_url(settings.redis)
    with worker(settings) as process:
        for day in days:
            send_day(sender, day)
        wait_for(lambda: reached(client, days.stop), process, "closed buckets")
        process.terminate()
        process.wait(timeout=30)


def grow(settings: Settings) -> None:
    """Add two partitions, and delete what was read: nobody can fold it again."""
    with administrator(settings) as admin:
        ends = end_offsets(settings, ["transactions"])
        admin.create_partitions({"transactions": 4})
        admin.wait_for_topics(["transactions"])
        admin.delete_records({TopicPartition(*place): end - 3 for place, end in ends.items() if end > 3})


def test_pools_move_to_their_new_partitions_and_go_on(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """From snapshots in Kafka alone, on another disk: stock, counters and models go on as if nothing had happened."""
    there = replace(small, data_dir=small.data_dir.with_name("there"))
    publish_catalog(small, catalog())
    with EventSender(small) as sender:
        open_the_shops(sender)
        live(small, sender, range(DAYS_BEFORE))
    grow(small)
    assert "headgate migrate" in refusal_of(there)
    with typed(there):
        assert main(["migrate", "--dry-run"]) == 0
        assert main(["migrate"]) == 0
        said = capsys.readouterr().out
        assert main(["migrate"]) == 0
        assert "nothing to do" in capsys.readouterr().out
    for pool_id in POOLS:
        before, now = partition_of(pool_id, 2), partition_of(pool_id, 4)
        assert (f"{pool_id}: partition {before} -> {now}" in said) == (before != now)
    with EventSender(there) as sender:
        live(there, sender, range(DAYS_BEFORE, DAYS))
    check(there)


def test_a_topic_made_anew_keeps_stock_when_the_loss_is_accepted(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the deleted log held unread is gone: named, refused, and once accepted the new log is read whole."""
    with EventSender(settings) as sender:
        for pool_id in POOLS:
            for _ in range(9):
                sender.send("transactions", pool_id, Clock(run_clock=LIVE))
    log = declared(shop())
    log.add(sale(START_S, 50, kind="count"))
    place = ("transactions", log.shard.partition)
    state = msgspec.msgpack.decode(log.shard.state(), type=ShardState)
    state.wall_s, state.next_offset = 1e9, 1
    DiskSnapshots(settings.data_dir / "snapshots", seal_key(settings)).save(*place, msgspec.msgpack.encode(state))

    with typed(settings):
        assert main(["migrate"]) == 1
        said = capsys.readouterr()
        assert "the topic was made anew" in said.out
        assert "before it was deleted" in said.out
        assert "nothing was changed" in said.err
        assert main(["migrate", "--accept-loss"]) == 0

    async def take_over() -> Held:
        shards = Shards(MemorySnapshots(), TopicSnapshots(settings, seal_key(settings), lambda: 0.0))
        await shards.take_over({place: Span(PARTITIONS, 0, 99)})
        return shards.held[place]

    shard = asyncio.run(take_over()).shard
    view = shard.view("shop")
    assert (shard.next_offset, view.cut.epoch, view.series[0].on_hand_units) == (0, 1, 50.0)


def test_workers_have_to_be_stopped_first(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a worker owns is not changed under it."""
    monkeypatch.setattr(kept_states, "LEAVING_S_MAX", 0.1)
    seal_key(settings)
    consumer = KafkaConsumer("ticks", bootstrap_servers=settings.broker, group_id=WORKER_GROUP)
    try:
        while not consumer.assignment():
            consumer.poll(timeout_ms=200)
        with typed(settings):
            assert main(["migrate", "--dry-run"]) == 1
            assert main(["shard", "reset", "readings", "--accept-loss"]) == 1
    finally:
        consumer.close()
    assert capsys.readouterr().err.count("stop them first") == 2


def refusal_of(settings: Settings) -> str:
    """Return what a worker says that has to end by itself."""
    with worker(settings, stderr=subprocess.PIPE) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == CRASH_STATUS
    return str(said.decode())


def check(settings: Settings) -> None:
    """Compare every pool with a plain sum over what was sent."""
    client = redis.Redis.from_url(settings.redis)
    moved = 0
    for pool_id in POOLS:
        view = view_of(client, pool_id)
        assert view is not None
        assert (view.cut.epoch, view.cut.partition) == (1, partition_of(pool_id, 4))
        moved += view.cut.partition != partition_of(pool_id, 2)
        assert view.counters["clean"] == DAYS * SALES_A_DAY + 2
        assert {one.resource_id: one.on_hand_units for one in view.series} == {
            name: 10_000 - DAYS * units for name, units in SOLD.items()
        }
        assert [one.forecast.buckets_learnt for one in view.series if one.forecast] == [DAYS, DAYS]
    assert moved


def test_what_retention_removed_unread_is_named_and_stock_is_kept(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """The workers were away longer than the log is kept: reset would forget the stock, migrate does not."""
    place = ("readings", 1)
    state = blank("readings", 1, PARTITIONS, epoch=0, next_offset=0)
    DiskSnapshots(settings.data_dir / "snapshots", seal_key(settings)).save(*place, state)
    with EventSender(settings) as sender:
        for number in range(60):
            sender.send("readings", f"pool-{number}", Clock(run_clock=LIVE))
    with administrator(settings) as admin:
        admin.delete_records({TopicPartition(*place): 2})

    with typed(settings):
        assert main(["migrate"]) == 1
        assert "2 records of readings/1 that retention has removed unread" in capsys.readouterr().out
        assert main(["migrate", "--accept-loss"]) == 0
        assert main(["migrate"]) == 0
    assert "nothing to do" in capsys.readouterr().out
