"""Events in, acknowledged records in the right partition out, through kafka-python.

Every feed, the twin and the gateway write through this class: acks from all replicas, idempotent, a bounded
number of unacknowledged events, and murmur2 of the pool for the partition. `send` returns before the broker has
answered; `flush` returns when all is acknowledged, or raises what went wrong since the last one.
"""

import logging
import threading
from functools import partial
from types import TracebackType
from typing import Self

import msgspec
from kafka import KafkaProducer
from kafka.codec import has_lz4, has_zstd
from kafka.errors import KafkaError, MessageSizeTooLargeError

from streams.connections import kafka_options
from streams.errors import HeadgateError, InvalidEventError, UnavailableError
from streams.events import encode
from streams.settings import Settings
from streams.topics import MESSAGE_BYTES_MAX, partition_of

PENDING_EVENTS_MAX = 20_000  # unacknowledged; kafka-python's own buffer has no bound
PENDING_BYTES_MAX = 64 * MESSAGE_BYTES_MAX  # 16 MiB, whichever is reached first
REQUEST_BYTES_MAX = 4 * MESSAGE_BYTES_MAX  # what a topic takes (`max.message.bytes`)
DELIVERY_S_MAX = 60.0  # how long an event is retried: a broker's restart is survived, its loss is told


class EventSender:
    """Sends events; use it as a context manager. After UnavailableError make a new one and send again.

    Sending again is safe: event ids are deterministic and the shard counts each of them once.
    """

    def __init__(self, settings: Settings) -> None:
        """Connect; raise UnavailableError when no broker answers."""
        self._broker = settings.broker
        self._partitions: dict[str, int] = {}
        self._room = threading.Condition()
        self._pending_events = 0
        self._pending_bytes = 0
        self._failure: HeadgateError | None = None
        logging.getLogger("kafka").addHandler(logging.NullHandler())  # silent unless logging is set up: we raise
        try:
            self._producer = KafkaProducer(
                **kafka_options(settings),
                client_id="headgate-feed",
                acks="all",
                enable_idempotence=True,
                compression_type=compression(),
                linger_ms=10,
                batch_size=MESSAGE_BYTES_MAX // 2,
                max_request_size=REQUEST_BYTES_MAX,
                allow_auto_create_topics=False,
                bootstrap_timeout_ms=10_000,
                max_block_ms=5_000,
                request_timeout_ms=10_000,
                delivery_timeout_ms=int(DELIVERY_S_MAX * 1000),
                metrics_enabled=False,
            )
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def send(self, topic: str, pool_id: str, event: msgspec.Struct) -> None:
        """Queue `event` for the partition of `pool_id`; wait while too much is unacknowledged.

        Raises InvalidEventError when it is larger than a topic takes, UnavailableError when there is no such
        topic, and what an earlier event met (then nothing more is taken).
        """
        data = encode(event)
        if len(data) + len(pool_id) > REQUEST_BYTES_MAX - 1024:  # the record's own headers need some of it
            raise _oversize(event, len(data))
        partition = partition_of(pool_id, self._partition_count(topic))
        self._take_room(len(data))
        try:
            future = self._producer.send(topic, key=pool_id.encode(), value=data, partition=partition)
        except KafkaError as error:
            self._settled(len(data), None)
            raise (
                _oversize(event, len(data)) if isinstance(error, MessageSizeTooLargeError) else self._unavailable(error)
            ) from error
        future.add_callback(partial(self._settled, len(data)))
        future.add_errback(partial(self._failed, len(data)))

    def flush(self) -> None:
        """Return when every event sent so far is acknowledged; raise the first failure since the last flush."""
        try:
            self._producer.flush(timeout=DELIVERY_S_MAX + 10.0)
        except KafkaError as error:
            raise self._unavailable(error) from error
        with self._room:
            failure, self._failure = self._failure, None
        if failure:
            raise failure

    def close(self) -> None:
        """Let go of the connection; what was not flushed gets a second to leave (who needs delivery flushes)."""
        try:
            self._producer.close(timeout=1.0)
        except KafkaError:
            self._producer._sender.force_close()  # noqa: SLF001  kafka-python 3.0 has no public way to end its thread

    def __enter__(self) -> Self:
        """Return the sender itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Flush unless the block failed, then close."""
        try:
            if kind is None:
                self.flush()
        finally:
            self.close()

    def _partition_count(self, topic: str) -> int:
        if topic not in self._partitions:
            try:
                known = self._producer.partitions_for(topic)
            except KafkaError as error:
                raise UnavailableError(
                    f"Kafka at {self._broker} has no topic {topic}, or answers no more ({_text(error)}); create the "
                    "topics with `headgate topics`"
                ) from error
            self._partitions[topic] = len(known)
        return self._partitions[topic]

    def _take_room(self, size_bytes: int) -> None:
        with self._room:
            settled = self._room.wait_for(self._has_room, timeout=DELIVERY_S_MAX + 10.0)
            if self._failure:
                raise self._failure
            if not settled:
                raise self._unavailable(f"nothing acknowledged for {DELIVERY_S_MAX:.0f} s")
            self._pending_events += 1
            self._pending_bytes += size_bytes

    def _has_room(self) -> bool:
        full = self._pending_events >= PENDING_EVENTS_MAX or self._pending_bytes >= PENDING_BYTES_MAX
        return self._failure is not None or not full

    def _settled(self, size_bytes: int, _record: object) -> None:
        with self._room:
            self._pending_events -= 1
            self._pending_bytes -= size_bytes
            self._room.notify_all()

    def _failed(self, size_bytes: int, error: BaseException) -> None:
        with self._room:
            if self._failure is None:
                too_large = isinstance(error, MessageSizeTooLargeError)
                self._failure = (
                    InvalidEventError("oversize", f"an event of {size_bytes} bytes: {error}")
                    if too_large
                    else self._unavailable(error)
                )
        self._settled(size_bytes, None)

    def _unavailable(self, why: object) -> UnavailableError:
        return UnavailableError(
            f"Kafka at {self._broker} did not take the events ({_text(why)}); start one with `headgate up`, or name "
            "another with --broker"
        )


def compression() -> str | None:
    """Return the best codec kafka-python has the library for; None leaves batches plain."""
    if has_lz4():
        return "lz4"
    return "zstd" if has_zstd() else None


def _oversize(event: msgspec.Struct, size_bytes: int) -> InvalidEventError:
    name = getattr(event, "event_id", type(event).__name__)
    return InvalidEventError(
        "oversize", f"{str(name)[:80]} has {size_bytes} bytes, a topic takes at most {REQUEST_BYTES_MAX}; not sent"
    )


def _text(why: object) -> str:
    return f"{type(why).__name__}: {why}" if isinstance(why, BaseException) else str(why)
