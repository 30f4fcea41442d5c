"""The work of one pool for an engine that keeps Python objects as state: sales in, a forecast document out at a close.

What Headgate does besides and these peers do not: dead letters for what breaks a rule, stock, late events reaching
it, several feeds and their watermark, silence and missing buckets, cancellations, a topic with every closed bucket,
fenced writes to Redis. They are given the fastest form of what is left.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from benchmarks.stream.reference import DECIMALS, MODEL, learn_and_forecast, new_forecaster
from benchmarks.stream.workload import HOUR_S, resource_ids
from online_models import registry
from online_models.base import Forecast
from online_models.forecaster import SeriesForecaster

VIEW_KEY = "bench:view:"  # + pool: a hash of as_of_s and body
FIRST_KEY = "bench:first"  # when the first record was decoded, wall time


class Sale(msgspec.Struct, tag="transaction.v1"):
    """What the work needs of a transaction; msgspec skips the rest of the record unbuilt."""

    event_id: str
    pool_id: str
    resource_id: str
    kind: str
    quantity_units: float
    occurred_at_s: float


class SeriesForecast(msgspec.Struct):
    """One series in a document."""

    resource_id: str
    value: float
    error: float | None = None
    mean: Any = None
    quantiles: Any = None
    lead_quantiles: Any = None


class Document(msgspec.Struct):
    """What readers find in Redis: everything about one pool as of its last closed bucket."""

    pool_id: str
    as_of_s: float
    buckets: int  # closed so far
    series: list[SeriesForecast]


class PoolState(msgspec.Struct):
    """Everything `PoolWork` is, as plain values; models as their own bytes."""

    start_s: float | None
    buckets: int
    ids: set[str]
    totals: dict[str, float]
    models: dict[str, bytes]


_decode = msgspec.json.Decoder(Sale).decode
_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(PoolState).decode


def decoded(value: bytes) -> Sale | None:
    """Return the sale in a record, or None when it is another kind of record (the catalog, a clock)."""
    try:
        return _decode(value)
    except msgspec.DecodeError:
        return None


def valid(sale: Sale) -> bool:
    """Return whether a sale keeps the rules of cleaning that this workload can break, and the finite ones."""
    return sale.kind == "sale" and 0.0 < sale.quantity_units < math.inf and 0.0 < sale.occurred_at_s < math.inf


def close(
    models: dict[str, SeriesForecaster], names: Sequence[str], start_s: float, totals: dict[str, float]
) -> list[Any]:
    """Learn the bucket that began at `start_s` and return each series as the document shows it."""
    values = [totals.get(name, 0.0) for name in names]
    said = learn_and_forecast([models[name] for name in names], start_s, values)
    return [shown(*one) for one in zip(names, values, said, strict=True)]


def shown(name: str, value: float, said: Forecast | None) -> SeriesForecast:
    """Return one series of a document."""
    if said is None:
        return SeriesForecast(name, value)
    numbers = (said.mean, said.quantiles, said.lead_quantiles)
    return SeriesForecast(name, value, said.error, *(one.round(DECIMALS).tolist() for one in numbers))


def document(pool_id: str, as_of_s: float, buckets: int, series: list[SeriesForecast]) -> bytes:
    """Return a document as JSON."""
    return _encode(Document(pool_id, as_of_s, buckets, series))


class PoolWork:
    """The live state of one pool."""

    def __init__(self, pool_id: str, series_per_pool: int) -> None:
        self.pool_id = pool_id
        self.names = resource_ids(pool_id, series_per_pool)
        self.start_s: float | None = None
        self.buckets = 0
        self._ids: set[str] = set()
        self._totals: dict[str, float] = {}
        self._models = {name: new_forecaster() for name in self.names}

    def take(self, sale: Sale) -> tuple[float, bytes] | None:
        """Book a sale; return (as_of_s, document) when it has closed a bucket."""
        if not valid(sale) or sale.resource_id not in self._models:
            return None
        at_s = sale.occurred_at_s
        start_s = self.start_s
        if start_s is None:
            start_s = self.start_s = at_s // HOUR_S * HOUR_S
        said = None
        while at_s >= start_s + HOUR_S:
            said = self._close(start_s)
            start_s = self.start_s = start_s + HOUR_S
        if at_s >= start_s and sale.event_id not in self._ids:
            self._ids.add(sale.event_id)
            self._totals[sale.resource_id] = self._totals.get(sale.resource_id, 0.0) + sale.quantity_units
        return said

    def _close(self, start_s: float) -> tuple[float, bytes]:
        self.buckets += 1
        series = close(self._models, self.names, start_s, self._totals)
        self._ids, self._totals = set(), {}
        as_of_s = start_s + HOUR_S
        return as_of_s, document(self.pool_id, as_of_s, self.buckets, series)

    def state(self) -> bytes:
        """Return everything as bytes."""
        models = {name: model.state() for name, model in self._models.items()}
        return _pack(PoolState(self.start_s, self.buckets, self._ids, self._totals, models))

    def restore(self, data: bytes) -> None:
        """Take over what `state()` returned."""
        state = _unpack(data)
        self.start_s, self.buckets = state.start_s, state.buckets
        self._ids, self._totals = state.ids, state.totals
        self._models = {name: registry.restore(MODEL, model) for name, model in state.models.items()}
