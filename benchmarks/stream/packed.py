"""The open bucket of one series as bytes, for engines whose state store takes bytes for each event: sum and ids.

A key-value store gives back what was put in, so what is touched for each event has to be small and cheap to read: one
value a series of its bucket's sum and the ids seen, and one a pool of where its bucket is. Models are put there as
their own bytes at closes only; between closes they do not change. The live forecasters are kept beside the store,
and are taken up again only while their count of buckets is the stored one: after a restart or a rebalance they are
restored from the store. That spares Quix and Faust a restore of each model at each close.
"""

import struct
from typing import Protocol

from benchmarks.stream.pool_work import Sale, close, document
from benchmarks.stream.reference import MODEL, new_forecaster
from benchmarks.stream.workload import HOUR_S, resource_ids
from online_models import registry
from online_models.forecaster import SeriesForecaster

_SUM = struct.Struct("<d")
_PLACE = struct.Struct("<dI")  # start of the open bucket, buckets closed
_END = b"\n"  # ids are text without it
EMPTY = _SUM.pack(0.0)


class Store(Protocol):
    """The engine's own state, of one pool."""

    def get(self, key: str) -> bytes | None:
        """Return what was put last, or None."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Keep `value`."""
        ...


def booked(packed: bytes | None, event_id: str, units: float) -> bytes | None:
    """Return the series' bytes with one more sale in them, or None when it is in there already.

    >>> one = booked(None, "e1", 2.0)
    >>> booked(one, "e1", 2.0) is None, total(booked(one, "e11", 3.0))
    (True, 5.0)
    """
    held = packed or EMPTY
    mark = _END + event_id.encode() + _END
    if held.find(mark, _SUM.size) >= 0:
        return None
    ids = held[_SUM.size :] or _END
    return _SUM.pack(_SUM.unpack_from(held)[0] + units) + ids + mark[1:]


def total(packed: bytes | None) -> float:
    """Return the sum of a series' open bucket."""
    return float(_SUM.unpack_from(packed)[0]) if packed else 0.0


class PackedPools:
    """The work on all pools of one process, on top of an engine's state store."""

    def __init__(self, series_per_pool: int) -> None:
        self._series_per_pool = series_per_pool
        self._live: dict[str, tuple[int, dict[str, SeriesForecaster]]] = {}  # pool -> buckets learnt, its models

    def take(self, store: Store, sale: Sale) -> tuple[float, bytes] | None:
        """Book a valid sale; return (as_of_s, document) when it has closed a bucket."""
        at_s, pool_id = sale.occurred_at_s, sale.pool_id
        held = store.get("place")
        start_s, buckets = _PLACE.unpack(held) if held else (at_s // HOUR_S * HOUR_S, 0)
        said = None
        while at_s >= start_s + HOUR_S:
            said = self._close(store, pool_id, start_s, buckets)
            start_s, buckets, held = start_s + HOUR_S, buckets + 1, None
        if held is None:
            store.put("place", _PLACE.pack(start_s, buckets))
        if at_s >= start_s:
            key = sale.resource_id
            packed = booked(store.get(key), sale.event_id, sale.quantity_units)
            if packed is not None:
                store.put(key, packed)
        return said

    def _close(self, store: Store, pool_id: str, start_s: float, buckets: int) -> tuple[float, bytes]:
        names = resource_ids(pool_id, self._series_per_pool)
        models = self._models(store, pool_id, names, buckets)
        series = close(models, names, start_s, {name: total(store.get(name)) for name in names})
        for name in names:
            store.put(name, EMPTY)
            store.put(f"model {name}", models[name].state())
        self._live[pool_id] = (buckets + 1, models)
        return start_s + HOUR_S, document(pool_id, start_s + HOUR_S, buckets + 1, series)

    def _models(self, store: Store, pool_id: str, names: tuple[str, ...], buckets: int) -> dict[str, SeriesForecaster]:
        count, models = self._live.get(pool_id, (-1, {}))
        if count == buckets:
            return models
        return {name: _restored(store.get(f"model {name}")) for name in names}


def _restored(data: bytes | None) -> SeriesForecaster:
    return registry.restore(MODEL, data) if data else new_forecaster()
