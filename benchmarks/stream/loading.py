"""Records in, whole lz4 batches of them acknowledged by Kafka out, and where each pool's last record came to lie."""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from aiokafka import AIOKafkaProducer

from benchmarks.stream.workload import PARTITIONS, Record
from streams.connections import kafka_options
from streams.settings import Settings
from streams.topics import TRANSACTIONS

BATCH_RECORDS = 500  # of one partition: what a busy producer with a few milliseconds of linger sends
SLICE_RECORDS = BATCH_RECORDS * PARTITIONS
UNDER_WAY_MAX = 64  # batches

Appended = tuple[asyncio.Future[Any], Sequence[Record]]


async def load(settings: Settings, records: Iterable[Record]) -> dict[int, int]:
    """Append `records` and return the offset after the last record of each pool."""
    producer = await started(settings)
    ends: dict[int, int] = {}
    under_way: deque[Appended] = deque()
    try:
        source = iter(records)
        while slice_ := list(islice(source, SLICE_RECORDS)):
            under_way.extend(await append(producer, slice_))
            while len(under_way) > UNDER_WAY_MAX:
                await note(under_way.popleft(), ends)
        for appended in under_way:
            await note(appended, ends)
    finally:
        await producer.stop()
    return ends


async def started(settings: Settings) -> AIOKafkaProducer:
    """Return a running producer as feeds have it: acknowledged by all, lz4, in order."""
    producer = AIOKafkaProducer(
        **kafka_options(settings),
        client_id="bench-load",
        acks="all",
        enable_idempotence=True,
        compression_type="lz4",
        max_batch_size=1 << 18,
        max_request_size=1 << 20,
    )
    await producer.start()
    return producer


async def append(producer: AIOKafkaProducer, records: Sequence[Record]) -> list[Appended]:
    """Start appending records, in batches of one partition each."""
    by_partition: dict[int, list[Record]] = {}
    for record in records:
        by_partition.setdefault(record.partition, []).append(record)
    appended = []
    for partition, mine in by_partition.items():
        for place in range(0, len(mine), BATCH_RECORDS):
            batch = mine[place : place + BATCH_RECORDS]
            builder = producer.create_batch()
            for record in batch:
                assert builder.append(key=record.key, value=record.value, timestamp=None) is not None, "too long"
            appended.append((await producer.send_batch(builder, TRANSACTIONS.name, partition=partition), batch))
    return appended


async def note(appended: Appended, ends: dict[int, int]) -> None:
    """Wait for a batch to be acknowledged and note the offset after each pool's last record in `ends`."""
    future, batch = appended
    base = (await future).offset
    ends.update((record.pool, base + place + 1) for place, record in enumerate(batch))
