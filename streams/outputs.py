"""Effects to Kafka, acknowledged: messages in, and `settled()` returns once the broker has every one of them.

An own idempotent producer: Faust's is idempotent only inside transactions, and what must not be lost is awaited.
"""

import asyncio
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.connections import kafka_options
from streams.errors import UnavailableError
from streams.events import encode
from streams.settings import Settings
from streams.topics import MESSAGE_BYTES_MAX

UNSETTLED_MAX = 5000  # messages under way; `send` waits for the oldest beyond


class Outputs:
    """The worker's producer."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._under_way: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None

    async def start(self) -> None:
        """Connect; raise UnavailableError when no broker answers."""
        settings = self._settings
        self._producer = AIOKafkaProducer(
            **kafka_options(settings),
            client_id=f"headgate-{settings.worker_id}",
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=2,
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
