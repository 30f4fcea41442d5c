"""Topics made as declared, through kafka-python: specs in, created topics out; raises UnavailableError."""

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from streams.connections import kafka_options
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.topics import TOPICS


def create_topics(settings: Settings) -> list[str]:
    """Create the topics that are missing and return their names, in order."""
    wanted = {spec.name: spec for spec in TOPICS}
    try:
        admin = KafkaAdminClient(**kafka_options(settings), client_id="headgate-administration")
    except KafkaError as error:
        raise UnavailableError(
            f"no Kafka broker answers at {settings.broker} ({error}); start one with `headgate up`, or name another "
            "with --broker"
        ) from error
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
        return missing
    finally:
        admin.close()
