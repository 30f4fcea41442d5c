"""A broker in; how its topics differ from their declarations, and how far each group is behind, out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.admin import OffsetSpec as Spec
from kafka.errors import KafkaError

from streams.connections import kafka_options
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.topics import TOPICS

ANSWER_MS_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Lag:
    """How far one consumer group is behind on one partition."""

    group: str
    topic: str
    partition: int
    committed: int  # offset of the next event to fold, as last committed
    end: int  # offset of the next event to be appended

    @property
    def events(self) -> int:
        """Return the number of events appended and not yet folded."""
        return max(0, self.end - self.committed)


@contextmanager
def administrator(settings: Settings) -> Iterator[Any]:
    """Yield kafka-python's administration client; raise UnavailableError when the broker does not answer."""
    try:
        admin = KafkaAdminClient(
            **kafka_options(settings),
            client_id="headgate-topics",
            bootstrap_timeout_ms=ANSWER_MS_MAX,
            request_timeout_ms=ANSWER_MS_MAX,
        )
        try:
            yield admin
        finally:
            admin.close()
    except (KafkaError, OSError) as error:
        raise UnavailableError(
            f"no Kafka broker answers at {settings.broker} ({error}); start one with "
            "`headgate up`, or name another with --broker (TLS and SASL: HEADGATE_KAFKA_...)"
        ) from error


def differences(settings: Settings) -> list[str]:
    """Return one sentence for each topic that is absent or not as `streams.topics` declares it."""
    with administrator(settings) as admin:
        present = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
        names = [spec.name for spec in TOPICS if spec.name in present]
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        described = admin.describe_configs(resources, config_filter="all") if resources else {}
    configs = {name: one for by_name in described.values() for name, one in by_name.items()}
    found = []
    for spec in TOPICS:
        if spec.name not in present:
            found.append(f"topic {spec.name} is absent")
            continue
        partitions = spec.partitions or settings.partitions
        if present[spec.name] != partitions:
            found.append(f"topic {spec.name} has {present[spec.name]} partitions, declared are {partitions}")
        for key, wanted in spec.config.items():
            held = str(configs[spec.name][key]["value"])
            if held != wanted:
                found.append(f"topic {spec.name} has {key}={held}, declared is {wanted}")
    return found


def lags(settings: Settings) -> list[Lag]:
    """Return the lag of every consumer group on every partition that it has committed to."""
    with administrator(settings) as admin:
        groups = [group["group_id"] for group in admin.list_groups()]
        committed = admin.list_group_offsets(groups) if groups else {}
        places = sorted({place for offsets in committed.values() for place in offsets})
        ends = admin.list_partition_offsets(dict.fromkeys(places, Spec.LATEST)) if places else {}
    return [
        Lag(group, place.topic, place.partition, offset.offset, ends[place].offset)
        for group, offsets in sorted(committed.items())
        for place, offset in sorted(offsets.items())
    ]
