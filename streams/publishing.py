"""A catalog in, its pools on the topic `catalog` and in their own input partitions out."""

from streams.administration import create_topics
from streams.catalog import Catalog
from streams.feeds.sender import EventSender
from streams.settings import Settings
from streams.topics import CATALOG


def publish_catalog(settings: Settings, catalog: Catalog) -> None:
    """Declare every pool of `catalog` to its shard and to all readers, and wait until Kafka has it.

    Raises UnavailableError when the broker does not answer. Publishing the same catalog again changes nothing.
    """
    create_topics(settings)
    with EventSender(settings) as sender:
        for pool in catalog.pools:
            sender.send(CATALOG.name, pool.pool_id, pool)
            sender.send(pool.topic, pool.pool_id, pool)
        sender.flush()
