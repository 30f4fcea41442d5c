"""A shape and a seed in; the benchmark's transactions, placed, in the order in which tills would send them, out.

The log has two parts. The warm part brings every model to where it forecasts: `warm_buckets` buckets of one sale per
series, because no family says anything before it has seen a day. The main part is what is timed. Each part ends with
one sale of each pool exactly at its end, which closes the last bucket: whoever shows that bucket's forecasts has
processed every record before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from streams.catalog import Catalog, FeedSpec, PoolSpec, ResourceSpec
from streams.topics import partition_of

PARTITIONS = 16
HOUR_S = 3600
START_S = 1_736_121_600  # 2025-01-06 00:00 UTC, a Monday: recorded demand, no event is ahead of anybody's clock
WARM_BUCKETS = 25  # one more than the models ask for
SLOTS_PER_WEEK = 168
HORIZON_PERIODS = 24
LEAD_PERIODS = 2  # a lead time of one period and the period itself
DUPLICATES_RATIO = 0.002  # sent twice: who does not dedupe counts them twice, and is found out
INVALID_RATIO = 0.0005  # of quantity 0: not demand
ZIPF_EXPONENT = 1.0
UNITS_MEAN = 2  # of one sale of the main part


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of what."""

    events: int = 1_000_000
    pools: int = 200
    series_per_pool: int = 10
    events_per_bucket: int = 100  # of one series, on average
    zipf: bool = False  # whether pools share the events by Zipf's law instead of evenly
    warm_buckets: int = WARM_BUCKETS
    spread: bool = False  # whether the pools' clocks are spread over the hour, instead of all at its same minute
    seed: int = 4

    @property
    def series(self) -> int:
        """Return how many series there are."""
        return self.pools * self.series_per_pool

    @property
    def buckets(self) -> int:
        """Return how many buckets of the main part are closed, of each series."""
        return max(round(self.events / (self.series * self.events_per_bucket)), 1)

    @property
    def pool_ids(self) -> tuple[str, ...]:
        """Return the names of the pools."""
        return tuple(f"p{number:03d}" for number in range(self.pools))

    @property
    def warm_end_s(self) -> int:
        """Return the event time at which the warm part ends and the main part begins."""
        return START_S + self.warm_buckets * HOUR_S

    @property
    def end_s(self) -> int:
        """Return the event time of the end of the last bucket that is closed."""
        return self.warm_end_s + self.buckets * HOUR_S

    def share(self, of: int) -> "Shape":
        """Return the same load with only a part of the events, for an engine that would take hours."""
        return replace(self, events=self.events // of)


@dataclass(frozen=True, slots=True)
class Record:
    """One record on its way to the topic."""

    partition: int
    pool: int  # its number
    key: bytes  # its name, as every producer of ours keys
    value: bytes


def resource_ids(pool_id: str, series_per_pool: int) -> tuple[str, ...]:
    """Return the names of the series of a pool.

    >>> resource_ids("p007", 2)
    ('p007-0', 'p007-1')
    """
    return tuple(f"{pool_id}-{number}" for number in range(series_per_pool))


def catalog(shape: Shape) -> Catalog:
    """Return the declaration of all pools; Headgate needs it, its peers pass it over."""
    return Catalog(
        version=1,
        pools=tuple(
            PoolSpec(
                pool_id=pool_id,
                period="hour",
                horizon_periods=HORIZON_PERIODS,
                forecast="river-linear",
                feeds=(FeedSpec(id="till"),),
                resources=tuple(
                    ResourceSpec(id=one, lead_time_periods=LEAD_PERIODS - 1)
                    for one in resource_ids(pool_id, shape.series_per_pool)
                ),
            )
            for pool_id in shape.pool_ids
        ),
    )


def warm_records(shape: Shape) -> Iterator[Record]:
    """Yield the warm part: one sale of each series in each bucket, as large as all of a later bucket's together."""
    rng = np.random.default_rng([shape.seed, 0])
    rates = UNITS_MEAN * shape.events / shape.buckets * _weights(shape) / shape.series_per_pool
    till = Till(shape, "w")
    for bucket in range(shape.warm_buckets):
        quantities = rng.poisson(rates[:, None], (shape.pools, shape.series_per_pool)) + 1
        for pool in range(shape.pools):
            for series in range(shape.series_per_pool):
                yield till.sale(pool, series, int(quantities[pool, series]), START_S + bucket * HOUR_S + 10 * series)
    yield from till.closing(shape.warm_end_s)


def main_records(shape: Shape) -> Iterator[Record]:
    """Yield the main part, in time order of each pool."""
    rng = np.random.default_rng([shape.seed, 1])
    count = shape.events - shape.pools  # the closing sales are of the same million
    pools = rng.choice(shape.pools, count, p=_weights(shape))
    series = rng.integers(shape.series_per_pool, size=count)
    quantities = rng.integers(1, 2 * UNITS_MEAN, count)
    quantities[rng.random(count) < INVALID_RATIO] = 0
    again = rng.random(count) < DUPLICATES_RATIO
    span_s = shape.buckets * HOUR_S
    at_s = np.sort(rng.random(count)) * span_s
    till = Till(shape, "e")
    last: dict[int, Record] = {}
    columns = zip(pools.tolist(), series.tolist(), quantities.tolist(), at_s.tolist(), again.tolist(), strict=True)
    for pool, one, quantity, since_s, twice in columns:
        if twice and pool in last:
            yield last[pool]
            continue
        last[pool] = till.sale(pool, one, quantity, round(shape.warm_end_s + since_s, 3))
        yield last[pool]
    yield from till.closing(shape.end_s)


def _weights(shape: Shape) -> np.ndarray:
    weights = np.arange(1, shape.pools + 1, dtype=float) ** -ZIPF_EXPONENT if shape.zipf else np.ones(shape.pools)
    return np.asarray(weights / weights.sum())


class Till:
    """Numbers and writes the sales; the fields that are null are left out, as a till would."""

    def __init__(self, shape: Shape, prefix: str) -> None:
        self._pool_ids = shape.pool_ids
        self._keys = [pool_id.encode() for pool_id in shape.pool_ids]
        self._resources = [resource_ids(pool_id, shape.series_per_pool) for pool_id in shape.pool_ids]
        self._partitions = [partition_of(pool_id, PARTITIONS) for pool_id in shape.pool_ids]
        self._prefix = prefix
        self._sent = 0

    def sale(self, pool: int, series: int, quantity: int, at_s: float) -> Record:
        """Return one sale as a record."""
        self._sent += 1
        text = (
            f'{{"type":"transaction.v1","event_id":"{self._prefix}{self._sent}","pool_id":"{self._pool_ids[pool]}",'
            f'"resource_id":"{self._resources[pool][series]}","feed_id":"till","kind":"sale",'
            f'"quantity_units":{quantity},"occurred_at_s":{at_s}}}'
        )
        return Record(self._partitions[pool], pool, self._keys[pool], text.encode())

    def closing(self, at_s: float) -> Iterator[Record]:
        """Yield the sale of each pool that closes everything before `at_s`."""
        for pool in range(len(self._pool_ids)):
            yield self.sale(pool, 0, 1, at_s)
