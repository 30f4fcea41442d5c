"""A catalog in, its pools on the topic `catalog` and in their own input partitions out."""

from collections.abc import Iterable

from streams.administration import create_topics
from streams.catalog import Catalog, PoolSpec
from streams.feeds.sender import EventSender
from streams.settings import Settings
from streams.topics import CATALOG


def publish_catalog(settings: Settings, catalog: Catalog) -> None:
    """Declare every pool of `catalog` to its shard and to all readers, and wait until Kafka has it.

    Raises UnavailableError when the broker does not answer. Publishing the same catalog again changes nothing.
    """
    create_topics(settings)
    publish_pools(settings, catalog.pools)


def publish_pools(settings: Settings, pools: Iterable[PoolSpec]) -> None:
    """Declare `pools` on topics that are there; whoever sent it last is believed."""
    with EventSender(settings) as sender:
        for pool in pools:
            sender.send(CATALOG.name, pool.pool_id, pool)
            sender.send(pool.topic, pool.pool_id, pool)
        sender.flush()
