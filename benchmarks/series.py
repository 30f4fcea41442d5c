"""Shipped recordings in, series of closed buckets out, for the benchmark of the online models.

Only development spans: retail before 2010-07-01, traffic of the first half of 2017. What reported figures and
anchors are tested on is left alone.
"""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from online_models.base import Bucket
from streams.catalog import PoolSpec, load
from streams.events import Covariate, SensorReading, Transaction
from streams.feeds.recorded import Recorded
from streams.feeds.retail import read_retail
from streams.feeds.traffic import read_traffic

ROOT = Path(__file__).parents[1]
RETAIL_UNTIL_S = datetime(2010, 6, 30, 23, tzinfo=UTC).timestamp()  # midnight in London
TRAFFIC_SPAN_S = (datetime(2017, 1, 1, tzinfo=UTC).timestamp(), datetime(2017, 7, 1, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Series:
    """Closed buckets of one resource, and how it is forecast."""

    name: str
    slots_per_week: int
    horizon_periods: int
    lead_periods: int
    warm_up: int  # buckets before the first that is scored
    buckets: tuple[Bucket, ...]


def retail() -> list[Series]:
    """Return daily sales of the catalog's items; cancellations and exact repetitions are left out."""
    catalog = load(ROOT / "catalogs" / "retail.toml")
    path = ROOT / "data" / "retail" / "online_retail_ii_subset.csv.xz"
    sold: dict[tuple[str, str], dict[float, float]] = defaultdict(lambda: defaultdict(float))
    seen: set[tuple[object, ...]] = set()
    for event in read_retail(path, catalog, b"0" * 32):
        pool = catalog.pool(event.pool_id)
        line = (event.document_id, event.resource_id, event.quantity_units, event.occurred_at_s, event.unit_price)
        if not _counts(event, pool) or line in seen:
            continue
        assert pool
        seen.add(line)
        sold[event.pool_id, event.resource_id][pool.periods.start_of(event.occurred_at_s)] += event.quantity_units
    found = []
    for (pool_id, resource_id), days in sorted(sold.items()):
        pool = catalog.pool(pool_id)
        assert pool
        resource = pool.resource(resource_id)
        assert resource
        first_s = min(min(one) for one in sold.values())
        buckets = _buckets(pool, first_s, RETAIL_UNTIL_S, days, missing=0.0)
        lead = resource.lead_time_periods + 1
        found.append(Series(f"{pool_id}/{resource_id}", 7, pool.horizon_periods, lead, 63, buckets))
    return found


def traffic() -> list[Series]:
    """Return hourly counts of Interstate 94 with the weather heard in each hour; hours without a row are missing."""
    catalog = load(ROOT / "catalogs" / "traffic.toml")
    pool = catalog.pools[0]
    recorded = read_traffic(ROOT / "data" / "traffic" / "metro_interstate_traffic_volume.csv.xz", catalog)
    start_s, end_s = TRAFFIC_SPAN_S
    counts, weather = _hours(recorded, pool)
    buckets = _buckets(pool, pool.periods.start_of(start_s), end_s, counts, missing=None, covariates=weather)
    return [Series(f"{pool.pool_id}/{pool.resources[0].id}", 168, pool.horizon_periods, 1, 1416, buckets)]


def _counts(event: Transaction, pool: PoolSpec | None) -> bool:
    return (
        pool is not None
        and event.kind == "sale"
        and math.isfinite(event.quantity_units)
        and event.quantity_units > 0
        and (event.unit_price or 0.0) > 0
        and event.occurred_at_s < RETAIL_UNTIL_S
        and pool.resource(event.resource_id) is not None
    )


def _hours(recorded: Iterable[Recorded], pool: PoolSpec) -> tuple[dict[float, float], dict[float, dict[str, float]]]:
    counts: dict[float, float] = {}
    weather: dict[float, dict[str, float]] = defaultdict(dict)
    for one in recorded:
        event = one.event
        if isinstance(event, SensorReading):
            counts[pool.periods.start_of(event.observed_at_s)] = event.value
        elif isinstance(event, Covariate):
            low, high = pool.covariate_limits.get(event.name, (-math.inf, math.inf))
            if low <= event.value <= high:
                weather[pool.periods.start_of(event.observed_at_s)][event.name] = event.value
    return counts, weather


def _buckets(
    pool: PoolSpec,
    start_s: float,
    end_s: float,
    values: dict[float, float],
    *,
    missing: float | None,
    covariates: dict[float, dict[str, float]] | None = None,
) -> tuple[Bucket, ...]:
    found = []
    at_s = start_s
    while at_s < end_s:
        seen = (covariates or {}).get(at_s, {})
        found.append(
            Bucket(
                start_s=at_s,
                slot_of_week=pool.periods.slot_of_week(at_s),
                value=values.get(at_s, missing),
                covariates=tuple(sorted(seen.items())),
            )
        )
        at_s = pool.periods.shift(at_s, 1)
    return tuple(found)
