"""Topics made as declared, through kafka-python: specs in, created topics and their ends out."""

from collections.abc import Sequence

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError

from streams.connections import kafka_options
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.topics import TOPICS

BOOTSTRAP_MS_MAX = 5_000  # until a broker that is not there is called missing


def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names, in order."""
    wanted = {spec.name: spec for spec in TOPICS}
    try:
        admin = KafkaAdminClient(
            **kafka_options(settings), client_id="headgate-administration", bootstrap_timeout_ms=BOOTSTRAP_MS_MAX
        )
    except KafkaError as error:
        raise _unavailable(settings, error) from error
    try:
        missing = sorted(set(wanted) - set(admin.list_topics()))
        for name in missing:
            spec = wanted[name]
            new = NewTopic(
                name=name,
                num_partitions=spec.partitions or settings.partitions,
                replication_factor=settings.replication,
                topic_configs=spec.config,
            )
            try:
                admin.create_topics([new])
            except TopicAlreadyExistsError:  # another process was quicker
                continue
        admin.wait_for_topics(missing)  # a created topic has no leader for a moment, nor does every broker know it
    except KafkaTimeoutError as error:
        raise _unavailable(settings, error) from error
    finally:
        admin.close()
    return missing


def end_offsets(settings: Settings, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """Return the end of each partition of `topics`: the offset that the next record will get. Missing topics: none."""
    try:
        consumer = KafkaConsumer(
            **kafka_options(settings),
            client_id="headgate-administration",
            group_id=None,
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=BOOTSTRAP_MS_MAX,
            metrics_enabled=False,
        )
    except (KafkaError, OSError) as error:
        raise _unavailable(settings, error) from error
    try:
        places = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        ends = consumer.end_offsets(places, timeout_ms=15_000) if places else {}
        return {(place.topic, place.partition): int(end) for place, end in ends.items()}
    except (KafkaError, OSError) as error:
        raise _unavailable(settings, error) from error
    finally:
        consumer.close(autocommit=False)


def _unavailable(settings: Settings, error: BaseException) -> UnavailableError:
    return UnavailableError(
        f"no Kafka broker answers at {settings.broker} ({error}); start one with `headgate up`, or name another "
        "with --broker"
    )
