"""Kafka topics into a `Picture`: a thread that reads the last records, follows, and comes back when the broker does."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError

from ops.console.state import Picture
from streams.catalog import PoolSpec
from streams.connections import kafka_options
from streams.events import decode_input, decode_output
from streams.settings import Settings
from streams.topics import ACTIONS, CATALOG, COMMANDS, DEAD_LETTERS, FORECASTS, OUTCOMES

# The last records of each partition that are read at the start: enough to fill what the picture keeps.
LAST_RECORDS = {
    ACTIONS.name: 1_000,
    CATALOG.name: 10_000,
    COMMANDS.name: 5_000,
    DEAD_LETTERS.name: 2_000,
    FORECASTS.name: 5_000,
    OUTCOMES.name: 4_000,
}
POLL_MS = 500
RECORDS_AT_ONCE = 2_000
PROBE_INTERVAL_S = 3.0  # a silent consumer does not say that its broker is gone: ask
RETRY_S = 2.0


class KafkaFollower(threading.Thread):
    """Follows the topics of `LAST_RECORDS` until `stop` is set."""

    def __init__(
        self, settings: Settings, picture: Picture, stop: threading.Event, wall_s: Callable[[], float]
    ) -> None:
        super().__init__(name="console-kafka", daemon=True)
        self._wall_s = wall_s
        logging.getLogger("kafka").addHandler(logging.NullHandler())  # silent unless logging is set up: the page tells
        self._settings = settings
        self._picture = picture
        self._halt = stop
        self._next: dict[TopicPartition, int] = {}  # where to go on after the connection was lost

    def run(self) -> None:
        """Read, and start over after a pause whenever the broker fails."""
        while not self._halt.is_set():
            try:
                self._read()
            except (KafkaError, OSError, ValueError) as error:
                text = f"no Kafka broker answers at {self._settings.broker}: {one_line(error)}"
                self._picture.connected("kafka", False, text, self._wall_s())
                self._halt.wait(RETRY_S)

    def _read(self) -> None:
        consumer = KafkaConsumer(
            **kafka_options(self._settings),
            client_id="headgate-console",
            group_id=None,
            enable_auto_commit=False,
            allow_auto_create_topics=False,
            auto_offset_reset="earliest",
            bootstrap_timeout_ms=5_000,
            request_timeout_ms=10_000,
            metadata_max_age_ms=10_000,
            metrics_enabled=False,
        )
        try:
            probe_at = 0.0
            while not self._halt.is_set():
                if time.monotonic() >= probe_at:
                    self._assign(consumer)
                    self._picture.connected("kafka", True, f"connected to {self._settings.broker}", self._wall_s())
                    probe_at = time.monotonic() + PROBE_INTERVAL_S
                for records in consumer.poll(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE).values():
                    self._take(records)
        finally:
            consumer.close(timeout_ms=1_000)

    def _assign(self, consumer: KafkaConsumer) -> None:
        """Assign partitions that are new, and find out whether the broker answers."""
        there = consumer.topics()
        wanted = {
            TopicPartition(topic, partition)
            for topic in LAST_RECORDS
            if topic in there
            for partition in consumer.partitions_for_topic(topic) or ()
        }
        if not wanted:
            return
        ends = consumer.end_offsets(list(wanted), timeout_ms=3_000)
        if wanted == consumer.assignment():
            return
        starts = consumer.beginning_offsets(list(wanted), timeout_ms=3_000)
        consumer.assign(sorted(wanted))
        for place in wanted:
            held = self._next.get(place)
            if held is None or not starts[place] <= held <= ends[place]:  # new, expired or recreated
                held = max(starts[place], ends[place] - LAST_RECORDS[place.topic])
            consumer.seek(place, held)

    def _take(self, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            self._next[TopicPartition(record.topic, record.partition)] = record.offset + 1
            if record.value is None:  # a tombstone of the compacted catalog
                continue
            try:
                message = decode_catalog(record.value) if record.topic == CATALOG.name else decode_output(record.value)
            except msgspec.MsgspecError:
                self._picture.fold_unreadable()
                continue
            self._picture.fold(message, record.timestamp / 1000)


def decode_catalog(data: bytes) -> PoolSpec:
    """Return the pool declared in a record of the topic `catalog`; raise msgspec.ValidationError when it is none."""
    message = decode_input(data)
    if not isinstance(message, PoolSpec):
        raise msgspec.ValidationError(f"a {type(message).__name__} in the topic {CATALOG.name}")
    return message


def one_line(error: Exception, limit: int = 160) -> str:
    """Return the error's text on one line, no longer than `limit`.

    >>> one_line(ValueError("a broken   pipe"))
    'a broken pipe'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
