"""The records in; what every engine has to have computed, and what the models alone cost, out.

A plain fold over all records of a log, one pool after the other in a dictionary: nothing of an engine is in it.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from benchmarks.stream.workload import (
    HORIZON_PERIODS,
    HOUR_S,
    LEAD_PERIODS,
    SLOTS_PER_WEEK,
    START_S,
    Record,
    Shape,
    resource_ids,
)
from online_models import registry
from online_models.base import Bucket, Forecast, Forecaster

MODEL = "river-linear"
WEEK_S = 7 * 86_400  # START_S is a Monday's midnight


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to be readable of each pool once a log is processed."""

    buckets: int  # closed, of each series
    end_s: float  # end of the last of them
    digests: Mapping[str, str]  # pool -> digest of the last closed values and of the forecasts made then
    model_cpu_s: float  # of learning and forecasting the part that is timed, alone
    closes: int  # of series, in the part that is timed
    records: int  # in that part


@dataclass(slots=True)
class _Pool:
    ids: set[str] = field(default_factory=set)
    values: dict[str, list[float]] = field(default_factory=dict)  # series -> one number a bucket


class _Sale(msgspec.Struct):
    event_id: str
    pool_id: str
    resource_id: str
    quantity_units: float
    occurred_at_s: float


def new_forecaster() -> Forecaster:
    """Return the model that every engine has one of for each series."""
    return registry.create(
        MODEL, slots_per_week=SLOTS_PER_WEEK, horizon_periods=HORIZON_PERIODS, lead_periods=LEAD_PERIODS
    )


def slot_of_week(start_s: float) -> int:
    """Return the hour of the week that begins at `start_s`, Monday 00:00 UTC first.

    >>> slot_of_week(START_S + 25 * 3600)
    25
    """
    return int((start_s - START_S) % WEEK_S) // HOUR_S


def learn_and_forecast(model: Forecaster, start_s: float, value: float) -> Forecast | None:
    """Close one bucket of one series: the model's share of the work, the same call for every engine."""
    model.learn(Bucket(start_s=start_s, slot_of_week=slot_of_week(start_s), value=value))
    return model.forecast([slot_of_week(start_s + step * HOUR_S) for step in range(1, HORIZON_PERIODS + 1)])


def expected(shape: Shape, records: Iterable[Record], *, timed_from_s: float, end_s: float) -> Expected:
    """Fold `records` plainly and return what is to be seen at `end_s`; models are timed from `timed_from_s` on."""
    buckets = int(end_s - START_S) // HOUR_S
    pools = {pool_id: _Pool() for pool_id in shape.pool_ids}
    decode = msgspec.json.Decoder(_Sale).decode
    count = 0
    for record in records:
        sale = decode(record.value)
        count += sale.occurred_at_s >= timed_from_s
        pool = pools[sale.pool_id]
        bucket = int(sale.occurred_at_s - START_S) // HOUR_S
        if bucket < buckets and sale.quantity_units > 0 and sale.event_id not in pool.ids:
            pool.ids.add(sale.event_id)
            pool.values.setdefault(sale.resource_id, [0.0] * buckets)[bucket] += sale.quantity_units
    cpu_s, digests = 0.0, {}
    for pool_id, pool in pools.items():
        names = resource_ids(pool_id, shape.series_per_pool)
        said = []
        for name in names:
            values = pool.values.get(name, [0.0] * buckets)
            forecast, spent_s = _modelled(values, timed_from_s)
            cpu_s += spent_s
            said.append((name, values[-1], forecast))
        digests[pool_id] = digest(said)
    closes = int(end_s - timed_from_s) // HOUR_S * shape.series
    return Expected(buckets, end_s, digests, cpu_s, closes, count)


def _modelled(values: list[float], timed_from_s: float) -> tuple[Any, float]:
    model, said, begun_s = new_forecaster(), None, 0.0
    for place, value in enumerate(values):
        start_s = START_S + place * HOUR_S
        if start_s == timed_from_s:
            begun_s = time.thread_time()
        said = learn_and_forecast(model, float(start_s), value)
    forecast = None if said is None else (said.mean.tolist(), said.quantiles.tolist())
    return forecast, time.thread_time() - begun_s if begun_s else 0.0


def digest(said: Iterable[tuple[str, float | None, Any]]) -> str:
    """Return a digest of (series, last closed value, (mean, quantiles) or None), to nine digits."""
    total = blake2b(digest_size=12)
    for name, value, forecast in said:
        mean, quantiles = forecast or ((), ())
        numbers = [*mean, *(number for row in quantiles for number in row)]
        total.update(f"{name}|{value}|{'|'.join(f'{number:.9g}' for number in numbers)}\n".encode())
    return total.hexdigest()
