"""What the broker has of the input topics, for migrations: a topic in, its partitions' spans and records out.

With kafka-python, outside any group: nothing is committed, nobody is rebalanced.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from streams.connections import kafka_options
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.shards import Span

ANSWER_MS_MAX = 15_000
POLLS_EMPTY_MAX = 15  # of a second each: then the broker does not answer


class InputLogs:
    """One connection to the logs."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def spans(self, topic: str) -> list[Span]:
        """Return how far the log of each partition reaches, by partition; nothing of a topic that is not there."""
        partitions = sorted(self._consumer.partitions_for_topic(topic) or ())
        places = [TopicPartition(topic, partition) for partition in partitions]
        if not places:
            return []
        starts = self._consumer.beginning_offsets(places)
        ends = self._consumer.end_offsets(places)
        return [Span(len(places), starts[place], ends[place]) for place in places]

    def first_after(self, topic: str, partition: int, at_ms: int) -> int | None:
        """Return the offset of the first record that was appended at `at_ms` or later."""
        place = TopicPartition(topic, partition)
        found = self._consumer.offsets_for_times({place: at_ms})[place]
        return None if found is None else int(found.offset)

    def records(self, topic: str, partition: int, first: int, end: int) -> Iterator[tuple[int, float, bytes]]:
        """Yield (offset, append time, value) of the records in [first, end)."""
        place = TopicPartition(topic, partition)
        self._consumer.assign([place])
        self._consumer.seek(place, first)
        empty = 0
        while self._consumer.position(place) < end:
            fetched = self._consumer.poll(timeout_ms=1000).get(place, [])
            empty = 0 if fetched else empty + 1
            if empty > POLLS_EMPTY_MAX:
                raise UnavailableError(f"{topic}/{partition} was not read to {end}: the broker does not answer")
            for record in fetched:
                if record.offset < end:
                    yield record.offset, record.timestamp / 1000.0, record.value or b""


@contextmanager
def input_logs(settings: Settings) -> Iterator[InputLogs]:
    """Yield a connection; raise UnavailableError when the broker does not answer."""
    try:
        consumer = KafkaConsumer(
            **kafka_options(settings),
            client_id="headgate-migration",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            allow_auto_create_topics=False,
            request_timeout_ms=ANSWER_MS_MAX,
            bootstrap_timeout_ms=5_000,
            metrics_enabled=False,
        )
        try:
            yield InputLogs(consumer)
        finally:
            consumer.close(autocommit=False)
    except (KafkaError, OSError) as error:
        raise UnavailableError(
            f"no Kafka broker answers at {settings.broker} ({error}); start one with `headgate up`, or name another "
            "with --broker"
        ) from error
