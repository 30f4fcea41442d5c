"""A pool's name in, one record that has to end in the dead letters out, and the partition it is to lie in."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from kafka.partitioner.default import murmur2


def _sale(pool: str, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "type": "transaction.v1", "event_id": "bad", "pool_id": pool, "resource_id": "mug", "feed_id": "till-1",
        "kind": "sale", "quantity_units": 1, "occurred_at_s": 1_600_002_000.0,
    }  # fmt: skip
    return json.dumps(fields | changes).encode()


KINDS: dict[str, Callable[[str], bytes]] = {
    "half a record": lambda pool: _sale(pool)[:-9],
    "no JSON": lambda _: b"pool=shop-1;units=3",
    "bytes": lambda _: bytes(range(256)),
    "nothing": lambda _: b"",
    "a list": lambda _: b"[1, 2, 3]",
    "no type": lambda _: b'{"pool_id": "shop-1"}',
    "foreign type": lambda _: b'{"type": "payment.v7", "pool_id": "shop-1"}',
    "text for a number": lambda pool: _sale(pool, quantity_units="one"),
    "number for a text": lambda pool: _sale(pool, resource_id=7),
    "null": lambda pool: _sale(pool, occurred_at_s=None),
    "not a number": lambda pool: _sale(pool, quantity_units=float("nan")),
    "infinite": lambda pool: _sale(pool, quantity_units=float("inf")),
    "beyond a double": lambda pool: _sale(pool, quantity_units=1).replace(b": 1,", b": 1e999,"),
    "negative": lambda pool: _sale(pool, quantity_units=-3),
    "future": lambda pool: _sale(pool, occurred_at_s=4e9),
    "past": lambda pool: _sale(pool, occurred_at_s=0.0),
    "unknown resource": lambda pool: _sale(pool, resource_id="postage"),
    "unknown pool": lambda _: _sale("no-such-pool"),
    "oversize": lambda pool: _sale(pool, document_id="x" * 300_000),
    "unknown kind": lambda pool: _sale(pool, kind="gift"),
}
WRONG_PARTITION_RATIO = 0.05


def garbage(rng: np.random.Generator, pool: str, partitions: int) -> tuple[bytes, int | None]:
    """Return a bad record; the partition is None where the pool's own is right."""
    if rng.random() < WRONG_PARTITION_RATIO:
        home = (murmur2(pool.encode()) & 0x7FFFFFFF) % partitions
        return _sale(pool, event_id="astray"), (home + 1) % partitions
    kind = list(KINDS)[int(rng.integers(len(KINDS)))]
    return KINDS[kind](pool), None
