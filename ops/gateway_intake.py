"""Records of `actions` for the one gateway, and their commits: a consumer that is made anew when its group forgets it.

kafka-python 3.0 joins a group twice when it does not know the topic's partitions at the first join, and never ends the
second join when a poll's timeout falls between its two answers: the member then has no partition, sends no heartbeat
and says nothing. So the partitions are asked for before the group is joined, and since other changes of the topic can
lead there too, a consumer that has been without partitions for `UNASSIGNED_S_MAX` is given up for a new one. One static
member is alone in its group, so it always has all of them unless something is wrong.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from kafka import KafkaConsumer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import FencedInstanceIdError, KafkaError
from kafka.structs import OffsetAndMetadata, TopicPartition

from streams.connections import kafka_options
from streams.settings import Settings
from streams.topics import ACTIONS

GROUP = "gateway"
RECORDS_MAX = 100  # allocations taken from Kafka at a time
UNASSIGNED_S_MAX = 10.0  # a join takes a tenth of a second, or one session of 10 s after another member's death
BOOTSTRAP_MS_MAX = 5_000  # until a broker that is not there is called missing

log = logging.getLogger(__name__)


class Intake:
    """What comes on `actions`; use it from one thread. Raises KafkaError or OSError when no broker answers."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._consumer = make()
        self._assigned_s = time.monotonic()  # when it was last seen to have partitions

    def poll(self, timeout_s: float) -> list[ConsumerRecord]:
        """Return what came, at once when there is something; FencedInstanceIdError: another gateway took over."""
        batches = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=RECORDS_MAX)
        now_s = time.monotonic()
        if self._consumer.assignment():
            self._assigned_s = now_s
        elif now_s - self._assigned_s > UNASSIGNED_S_MAX:
            log.warning("the gateway's consumer has had no partition for %.0f s: a new one", now_s - self._assigned_s)
            self._consumer.close()
            self._consumer, self._assigned_s = self._make(), now_s
        return [record for batch in batches.values() for record in batch]

    def hold(self) -> None:
        """Fetch nothing while still polling, so that the group knows the gateway to be alive."""
        self._consumer.pause(*self._consumer.assignment())

    def go_on(self) -> None:
        """End `hold`."""
        if self._consumer.paused():
            self._consumer.resume(*self._consumer.paused())

    def commit(self, record: ConsumerRecord) -> None:
        """Say that `record` is done; when that fails it comes again, and is known by then."""
        place = TopicPartition(record.topic, record.partition)
        try:
            self._consumer.commit({place: OffsetAndMetadata(record.offset + 1, "", -1)})
        except FencedInstanceIdError:
            raise
        except KafkaError as error:
            log.warning("the gateway could not commit %s/%s: %s", record.topic, record.partition, error)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()


def gateway_consumer(settings: Settings, *, dry_run: bool) -> Any:
    """Return a consumer of `actions`: the static member of the gateway's group, or for a dry run one in no group."""
    group = None if dry_run else GROUP
    consumer = KafkaConsumer(
        **kafka_options(settings),
        client_id="headgate-gateway",
        group_id=group,
        group_instance_id=group,  # static: a restart takes over at once, a second gateway fences the first
        enable_auto_commit=False,
        auto_offset_reset="latest" if dry_run else "earliest",
        allow_auto_create_topics=False,
        max_poll_records=RECORDS_MAX,
        max_poll_interval_ms=600_000,  # a receiver may be slow
        bootstrap_timeout_ms=BOOTSTRAP_MS_MAX,
        metrics_enabled=False,
    )
    consumer.partitions_for_topic(ACTIONS.name)  # see the module's text: known before the join, one join is enough
    consumer.subscribe([ACTIONS.name])
    return consumer
