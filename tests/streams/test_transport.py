"""The batch transport against a real broker: every codec, more than fits the buffer, holes in the offsets."""

import asyncio
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock
from weakref import WeakKeyDictionary

import pytest
import redis
from aiokafka import AIOKafkaProducer
from faust.types import TP
from kafka import KafkaAdminClient, TopicPartition

from ops.stack.local import LocalStack
from streams import transport
from streams.administration import create_topics
from streams.catalog import Catalog, FeedSpec
from streams.clock import RunClock
from streams.connections import kafka_options
from streams.errors import ConfigurationError
from streams.events import Clock, Heartbeat, PoolView, Unreadable, encode
from streams.publishing import publish_catalog
from streams.records import Records, Stretch
from streams.settings import Settings
from streams.topics import TRANSACTIONS, WORKER_GROUP, partition_of
from streams.values import Values
from tests.streams.pools import DAY_S, START_S, sale, shop
from tests.streams.test_restart import view_of

CODECS = (None, "gzip", "snappy", "lz4", "zstd")
SALES = 300  # in each codec
SMALL_BUFFER = "import streams.transport as t; t.BUFFERED_BYTES_MAX = 1; from ops.cli import main; main(['worker'])"


async def send(settings: Settings) -> int:
    """Send sales of the shop in every codec, and between them a transaction that is aborted; return the partition."""
    partition = partition_of("shop", settings.partitions)
    plain = AIOKafkaProducer(**kafka_options(settings))
    await plain.start()
    clock = Clock(run_clock=RunClock(event_origin_s=START_S + DAY_S, speed_up=0.0), scope=("shop",))
    await plain.send_and_wait(TRANSACTIONS.name, encode(clock), partition=partition)
    await plain.send_and_wait(
        TRANSACTIONS.name,
        encode(Heartbeat(pool_id="shop", feed_id="till", complete_until_s=START_S)),
        partition=partition,
    )
    for codec in CODECS:
        producer = AIOKafkaProducer(**kafka_options(settings), compression_type=codec, linger_ms=20)
        await producer.start()
        events = [sale(START_S + number, event_id=f"{codec}-{number}") for number in range(SALES)]
        sent = [await producer.send(TRANSACTIONS.name, encode(event), partition=partition) for event in events]
        await asyncio.gather(*sent)
        await producer.stop()
    committing = AIOKafkaProducer(**kafka_options(settings), transactional_id="feed")
    await committing.start()
    async with committing.transaction():  # its end is a record that no reader sees: a hole in the offsets
        for number in range(SALES):
            event = sale(START_S + number, event_id=f"transaction-{number}")
            await committing.send(TRANSACTIONS.name, encode(event), partition=partition)
    await committing.stop()
    bad = Unreadable(event_id="row", pool_id="shop", feed_id="till", reason="[no number]")  # a batch that is told apart
    await plain.send_and_wait(TRANSACTIONS.name, encode(bad), partition=partition)
    await plain.stop()
    return partition


def test_every_codec_is_read_through_a_buffer_that_holds_nothing(stack: LocalStack, tmp_path: Path) -> None:
    """All sales are folded once, however packed; commits follow for dashboards."""
    settings = stack.settings(data_dir=tmp_path, partitions=4)
    create_topics(settings)
    publish_catalog(settings, Catalog(version=1, pools=(shop(feeds=(FeedSpec(id="till", silence_s_max=99 * DAY_S),)),)))
    partition = asyncio.run(send(settings))
    environment = {**os.environ, **settings.environment()}
    process = subprocess.Popen([sys.executable, "-c", SMALL_BUFFER], env=environment)
    try:
        view = view_with_dead_letter(settings)
        assert view.counters["clean"] == SALES * (len(CODECS) + 1)
        assert view.counters["dead:unreadable-row"] == 1
        assert committed(settings, partition, at_least=view.cut.next_offset)
    finally:
        process.kill()
        process.wait()


def view_with_dead_letter(settings: Settings) -> PoolView:
    """Return the shop's view once it counts what was sent last."""
    until_s = time.monotonic() + 60
    with redis.Redis.from_url(settings.redis) as client:
        while time.monotonic() < until_s:
            view = view_of(client, "shop")
            if view is not None and view.counters.get("dead:unreadable-row"):
                return view
            time.sleep(0.1)
    raise AssertionError("the last record was not folded")


def committed(settings: Settings, partition: int, *, at_least: int) -> bool:
    """Return whether the worker's group has told within its interval that it is so far."""
    admin = KafkaAdminClient(**kafka_options(settings))
    try:
        until_s = time.monotonic() + 20
        while time.monotonic() < until_s:
            offsets = admin.list_group_offsets({WORKER_GROUP: None})[WORKER_GROUP]
            found = offsets.get(TopicPartition(TRANSACTIONS.name, partition))
            if found is not None and found.offset >= at_least:
                return True
            time.sleep(0.2)
        return False
    finally:
        admin.close()


def test_records_fetched_before_a_rebalance_are_dropped_between_two_batches() -> None:
    """They do not follow what the partition's next owner has folded, and that may be this worker again."""
    place, other = TP(TRANSACTIONS.name, 0), TP(TRANSACTIONS.name, 1)
    steps = [Stretch(at, at + 2, Records(range(at, at + 2), [5.0] * 2, Values.of([b"a"] * 2))) for at in (0, 2, 4)]
    app = SimpleNamespace(consumer_generation_id=1)
    consumer = SimpleNamespace(
        app=app, _buffered=WeakKeyDictionary(), _read_offset={other: 7}, should_stop=False, flow_active=True
    )
    consumer._wait_next_records = AsyncMock(return_value=({other: steps, place: steps}, {place}))
    consumer._batch = partial(transport.SnapshotConsumer._batch, consumer)

    async def read() -> list[tuple[TP, int, int]]:
        found = []
        async for tp, message in transport.SnapshotConsumer.getmany(consumer, 1.0):
            found.append((tp, message.offset, message.generation_id))
            app.consumer_generation_id = len(found)  # 2 when two were handed over
        return found

    assert asyncio.run(read()) == [(place, 1, 1), (place, 3, 1)]
    assert consumer._read_offset == {other: 7, place: None}  # what is read again is not below it


def test_a_partition_is_read_again_only_while_it_is_ours() -> None:
    """Kafka's client raises when it is told to seek where it is not assigned."""
    ours, given_away = TP(TRANSACTIONS.name, 0), TP(TRANSACTIONS.name, 1)
    thread = Mock(call_thread=lambda function, *words: function(*words))
    kafka = thread._ensure_consumer.return_value
    kafka.assignment.return_value = {TopicPartition(*ours)}
    consumer = SimpleNamespace(_thread=thread)
    consumer._seek_again = partial(transport.SnapshotConsumer._seek_again, consumer)
    for topic, partition in (ours, given_away):
        asyncio.run(transport.SnapshotConsumer.read_again(consumer, topic, partition, 5))

    kafka.seek.assert_called_once_with(ours, 5)


def test_nothing_is_fetched_of_new_partitions_until_it_is_known_where_to_read_on() -> None:
    """They are paused before anybody else learns of them, and no more once they were sought."""
    new = TopicPartition(TRANSACTIONS.name, 3)
    thread = Mock(on_partitions_assigned=AsyncMock())
    kafka = thread._ensure_consumer.return_value
    asyncio.run(transport.Assigned(thread).on_partitions_assigned({new}))
    kafka.paused.return_value = {new}
    asyncio.run(transport.SnapshotConsumer._resume(SimpleNamespace(_thread=thread)))
    told = [name for name, *_ in thread.mock_calls if name.rsplit(".", 1)[-1] in {"pause", "on_partitions_assigned"}]

    assert told == ["_ensure_consumer().pause", "on_partitions_assigned"]
    kafka.pause.assert_called_once_with(new)
    kafka.resume.assert_called_once_with(new)


def test_other_versions_than_those_tested_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """We override what others may change at any time, so the text names what to install."""
    monkeypatch.setitem(transport.TESTED, "aiokafka", "0.0.1")

    with pytest.raises(ConfigurationError, match=r"Headgate was tested with 0\.0\.1"):
        transport.check_versions()
