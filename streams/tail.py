"""Topics in, their last records out, then whatever comes: bounded reading with kafka-python, outside any group.

For people's tools (`headgate actions`, `dead-letters`, the console): nothing is committed, nobody is rebalanced.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from streams.connections import kafka_options
from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings

ANSWER_S_MAX = 15.0  # how long the broker may take for one question
BOOTSTRAP_MS_MAX = 5_000  # until a broker that is not there is called missing
POLL_RECORDS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Record:
    """One message where it lies."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None  # None: a tombstone
    timestamp_ms: int  # as the topic keeps it: created, or appended to the log


class Tail:
    """The end of some topics; use it as a context manager. `recent` first, then `wait` as often as wanted."""

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        """Connect; raise UnavailableError when no broker answers, ConfigurationError when a topic is missing."""
        self._broker = settings.broker
        try:
            self._consumer = KafkaConsumer(
                **kafka_options(settings),
                client_id="headgate-tail",
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",  # a place that is gone is told, not silently replaced by another
                allow_auto_create_topics=False,
                max_poll_records=POLL_RECORDS_MAX,
                request_timeout_ms=int(ANSWER_S_MAX * 1000),
                bootstrap_timeout_ms=BOOTSTRAP_MS_MAX,
                metrics_enabled=False,
            )
            self._places = [place for topic in topics for place in self._partitions(topic)]
            self._consumer.assign(self._places)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def recent(self, last: int | Mapping[str, int]) -> list[Record]:
        """Return at most the `last` newest records of each topic, oldest first, and stand at the end of all.

        `last` is one number for all topics, or one for each by name.
        """
        wanted = {place.topic: last if isinstance(last, int) else last[place.topic] for place in self._places}
        try:
            first = self._consumer.beginning_offsets(self._places)
            ends = self._consumer.end_offsets(self._places)
            for place in self._places:
                self._consumer.seek(place, max(first[place], ends[place] - wanted[place.topic]))
            records = self._read_to(ends)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error
        newest: list[Record] = []
        for topic, count in wanted.items():
            own = sorted((one for one in records if one.topic == topic), key=_age)
            newest += own[max(len(own) - count, 0) :]
        return sorted(newest, key=_age)

    def wait(self, timeout_s: float) -> list[Record]:
        """Return what came since, oldest first: at once when there is some, else nothing after `timeout_s`."""
        try:
            return sorted(self._poll(timeout_s), key=_age)
        except OffsetOutOfRangeError:  # retention overtook a reader that was asleep: go on with what there is
            self._consumer.seek_to_beginning(*self._places)
            return []
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error

    def at(self, topic: str, partition: int, offset: int) -> Record | None:
        """Return the record at one place, or None when retention or compaction has removed it, or it never was."""
        place = TopicPartition(topic, partition)
        if place not in self._places:
            return None
        try:
            if (
                not self._consumer.beginning_offsets([place])[place]
                <= offset
                < self._consumer.end_offsets([place])[place]
            ):
                return None
            self._consumer.assign([place])
            self._consumer.seek(place, offset)
            deadline_s = time.monotonic() + ANSWER_S_MAX
            while time.monotonic() < deadline_s:
                found = self._poll(1.0)
                if found:
                    return next((one for one in found if one.offset == offset), None)
                if self._consumer.position(place) > offset:  # nothing but a gap
                    return None
        except OffsetOutOfRangeError:  # removed between the two questions
            return None
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error
        finally:
            self._consumer.assign(self._places)
        raise self._unavailable(f"{topic}/{partition}/{offset} not read within {ANSWER_S_MAX:.0f} s")

    def close(self) -> None:
        """Let go of the connection."""
        self._consumer.close(autocommit=False)

    def __enter__(self) -> Self:
        """Return the tail itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _partitions(self, topic: str) -> list[TopicPartition]:
        known = self._consumer.partitions_for_topic(topic)
        if not known:
            raise ConfigurationError(f"no topic {topic} at {self._broker}; create the topics with `headgate topics`")
        return [TopicPartition(topic, partition) for partition in sorted(known)]

    def _read_to(self, ends: dict[TopicPartition, int]) -> list[Record]:
        records: list[Record] = []
        deadline_s = time.monotonic() + ANSWER_S_MAX
        while any(self._consumer.position(place) < end for place, end in ends.items()):
            if time.monotonic() > deadline_s:
                raise self._unavailable(f"the last records were not read within {ANSWER_S_MAX:.0f} s")
            records += self._poll(0.5)
        return records

    def _poll(self, timeout_s: float) -> list[Record]:
        batches: dict[TopicPartition, Iterable[Any]] = self._consumer.poll(timeout_ms=int(timeout_s * 1000))
        return [
            Record(one.topic, one.partition, one.offset, one.key, one.value, one.timestamp)
            for batch in batches.values()
            for one in batch
        ]

    def _unavailable(self, why: object) -> UnavailableError:
        text = str(why) or type(why).__name__
        return UnavailableError(
            f"Kafka at {self._broker} did not answer ({text}); start one with `headgate up`, or name another "
            "with --broker"
        )


def _age(record: Record) -> tuple[int, int, int]:
    return record.timestamp_ms, record.partition, record.offset
