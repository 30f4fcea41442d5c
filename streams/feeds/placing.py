"""A resource in, the pool that it is sent to out: its own, or for strangers always the same one of a feed's pools."""

from zlib import crc32

from streams.catalog import Catalog
from streams.errors import ConfigurationError


class Pools:
    """The pools of one feed, and where each resource belongs."""

    def __init__(self, catalog: Catalog, feed_id: str) -> None:
        """Raise ConfigurationError when no pool declares the feed."""
        fed = [pool for pool in catalog.pools if any(feed.id == feed_id for feed in pool.feeds)]
        if not fed:
            declared = sorted({feed.id for pool in catalog.pools for feed in pool.feeds})
            raise ConfigurationError(
                f"no pool of the catalog has a feed {feed_id!r}, so its events have no place; declared are "
                f"{', '.join(declared)}: add [[pools.feeds]] with id = {feed_id!r}"
            )
        self.specs = tuple(fed)
        self._ids = sorted(pool.pool_id for pool in fed)
        self._known = {resource.id: pool.pool_id for pool in fed for resource in pool.resources}

    def of(self, resource_id: str) -> str:
        """Return the pool of `resource_id`; a stranger is parked there and shown, so it must not wander."""
        return self._known.get(resource_id) or self._ids[crc32(resource_id.encode()) % len(self._ids)]
