"""Effects to Kafka, acknowledged: messages in, and `settled()` returns once the broker has every one of them.

An own idempotent producer: Faust's is idempotent only inside transactions, and what must not be lost is awaited.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.connections import kafka_options
from streams.errors import UnavailableError
from streams.events import encode
from streams.settings import Settings
from streams.topics import MESSAGE_BYTES_MAX, partition_of

UNSETTLED_MAX = 200  # messages or batches of messages under way; `send` waits for the oldest beyond
BATCH_BYTES_MAX = 128 * 1024  # of messages that are sent together; a larger message goes alone


class Outputs:
    """The worker's producer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._under_way: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None
        self.ends: dict[tuple[str, int], int] = {}  # after the newest record acknowledged, by topic and partition

    async def start(self) -> None:
        """Connect; raise UnavailableError when no broker answers."""
        settings = self._settings
        self._producer = AIOKafkaProducer(
            **kafka_options(settings),
            client_id=f"headgate-{settings.worker_id}",
            acks="all",
            enable_idempotence=True,
            compression_type="snappy",  # aiokafka packs lz4 at its highest level: seven times the time, for a tenth
            linger_ms=2,
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=4 * MESSAGE_BYTES_MAX,
        )
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise UnavailableError(f"no Kafka broker answers at {settings.broker} ({error}); see --broker") from error

    async def stop(self) -> None:
        """Send what is under way and disconnect."""
        await self._producer.stop()

    async def partitions(self, topic: str) -> list[int]:
        """Return the partitions of `topic`."""
        try:
            return sorted(await self._producer.partitions_for(topic))
        except (KafkaError, OSError) as error:
            raise UnavailableError(f"no metadata of {topic}: {error}") from error

    async def send(self, topic: str, key: str, message: msgspec.Struct, *, partition: int | None = None) -> None:
        """Start sending `message`; it is there once `settled` has returned."""
        try:
            future = await self._producer.send(topic, encode(message), key=key.encode(), partition=partition)
        except (KafkaError, OSError) as error:
            raise UnavailableError(f"{topic} does not take a message: {error}") from error
        self._under_way.add(future)
        future.add_done_callback(self._done)
        await self._with_room()

    async def send_all(self, topic: str, messages: Sequence[tuple[str, msgspec.Struct]]) -> None:
        """Start sending messages with their keys; they are there, in order by key, once `settled` has returned."""
        if not messages:
            return
        partitions = len(await self.partitions(topic))
        batches: dict[int, Any] = {}
        for key, message in messages:
            partition = partition_of(key, partitions)
            batch = batches.get(partition)
            if batch is None:
                batch = batches[partition] = self._producer.create_batch()
            record = {"key": key.encode(), "value": encode(message), "timestamp": None}
            if batch.append(**record) is None:  # full
                await self._send_batch(topic, partition, batch)
                batch = batches[partition] = self._producer.create_batch()
                batch.append(**record)
        for partition, batch in batches.items():
            await self._send_batch(topic, partition, batch)

    async def _send_batch(self, topic: str, partition: int, batch: Any) -> None:
        try:
            future = await self._producer.send_batch(batch, topic, partition=partition)
        except (KafkaError, OSError) as error:
            raise UnavailableError(f"{topic} does not take messages: {error}") from error
        self._under_way.add(future)
        future.add_done_callback(self._done)
        await self._with_room()

    async def _with_room(self) -> None:
        while len(self._under_way) > UNSETTLED_MAX:
            await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)

    async def settled(self) -> None:
        """Return once the broker has acknowledged all that was sent before; raise UnavailableError when it did not."""
        if self._under_way:
            await asyncio.wait(set(self._under_way))
        if self._failure is not None:
            raise UnavailableError(f"Kafka did not take what was sent: {self._failure}") from self._failure

    def _done(self, future: asyncio.Future[Any]) -> None:
        self._under_way.discard(future)
        if future.cancelled():
            self._failure = asyncio.CancelledError("sending was cancelled")
        elif (error := future.exception()) is not None:
            self._failure = error  # for good: only a restart from the last snapshot sends it again
        else:
            placed = future.result()
            self.ends[placed.topic, placed.partition] = placed.offset + 1
