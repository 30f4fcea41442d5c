"""The records in; what every engine has to have computed, and what the models alone cost, out.

A plain fold over all records of a log, one pool after the other in a dictionary: nothing of an engine is in it.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

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
from online_models.base import Bucket, Forecast
from online_models.forecaster import SeriesForecaster, forecasts

MODEL = "river-linear"
WEEK_S = 7 * 86_400  # START_S is a Monday's midnight
DECIMALS = 6  # of forecasts as all engines write them, units


@dataclass(frozen=True, slots=True)
class Said:
    """One series as of a closed bucket."""

    name: str
    value: float | None  # of that bucket
    mean: Sequence[float]  # (horizon,); empty where there is no forecast
    quantiles: Sequence[Sequence[float]]  # (horizon, levels)

    def same(self, other: "Said") -> bool:
        """Return whether the values are equal and the forecasts too, but for how they are rounded on the wire."""
        if (self.name, self.value, len(self.mean)) != (other.name, other.value, len(other.mean)):
            return False
        pairs = ((self.mean, other.mean), (self.quantiles, other.quantiles))
        return all(np.allclose(one, two, rtol=1e-9, atol=2 * 10.0**-DECIMALS) for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Expected:
    """What has to be readable of each pool once a log is processed, and what the models alone cost."""

    buckets: int  # closed, of each series
    end_s: float  # end of the last of them
    said: Mapping[str, Sequence[Said]]  # pool -> its series
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


def new_forecaster() -> SeriesForecaster:
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


def learn_and_forecast(
    models: Sequence[SeriesForecaster], start_s: float, values: Sequence[float]
) -> Sequence[Forecast | None]:
    """Close one bucket of a pool's series: the models' share of the work, the same call for every engine."""
    slot = slot_of_week(start_s)
    for model, value in zip(models, values, strict=True):
        model.learn(Bucket(start_s=start_s, slot_of_week=slot, value=value))
    return forecasts(models, [slot_of_week(start_s + step * HOUR_S) for step in range(1, HORIZON_PERIODS + 1)])


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
    cpu_s, said = 0.0, {}
    for pool_id, pool in pools.items():
        names = resource_ids(pool_id, shape.series_per_pool)
        columns = [pool.values.get(name, [0.0] * buckets) for name in names]
        last, spent_s = _modelled(columns, timed_from_s)
        cpu_s += spent_s
        said[pool_id] = [
            told(name, values[-1], forecast) for name, values, forecast in zip(names, columns, last, strict=True)
        ]
    closes = int(end_s - timed_from_s) // HOUR_S * shape.series
    return Expected(buckets, end_s, said, cpu_s, closes, count)


def told(name: str, value: float, forecast: Forecast | None) -> Said:
    """Return one series with its forecast."""
    if forecast is None:
        return Said(name, value, (), ())
    return Said(name, value, forecast.mean.tolist(), forecast.quantiles.tolist())


def _modelled(columns: Sequence[Sequence[float]], timed_from_s: float) -> tuple[Sequence[Forecast | None], float]:
    """Return the last forecasts of a pool and the processor seconds of all buckets that are timed."""
    models, last, begun_s = [new_forecaster() for _ in columns], [], time.thread_time()
    for place, values in enumerate(zip(*columns, strict=True)):
        start_s = float(START_S + place * HOUR_S)
        if start_s == timed_from_s:
            begun_s = time.thread_time()
        last = learn_and_forecast(models, start_s, values)
    return last, time.thread_time() - begun_s
