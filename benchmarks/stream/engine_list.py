"""The engines of a run by name: what each is started as, what it needs, and how it shows that it is done."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import msgspec
import redis

from benchmarks.stream.pool_work import VIEW_KEY, Document
from benchmarks.stream.reference import Said
from benchmarks.stream.workload import Shape
from streams.events import PoolView
from streams.forecast_store import VIEW_KEY as HEADGATE_KEY
from streams.settings import Settings

HEADGATE, QUIX, BYTEWAX, FAUST = "Headgate", "Quix Streams", "Bytewax", "plain Faust"
BARE, BARE_WORK = "bare loop, consume and decode", "bare loop, doing the work, nothing durable"

ALL = "all"  # what the bare loop, which knows no pools, shows its count under


@dataclass(frozen=True, slots=True)
class Engine:
    """One contender."""

    name: str
    module: str  # started as `python -m`
    needs: str  # the distribution that has to be installed
    durable: bool = True  # keeps state: is warmed first, and started again
    works: bool = True  # computes forecasts
    share: int = 1  # runs on this part of the log: a rate does not need all of it

    @property
    def version(self) -> str | None:
        """Return the installed version of what it needs, or None."""
        try:
            return version(self.needs)
        except PackageNotFoundError:
            return None

    def command(self, settings: Settings, shape: Shape) -> list[str]:
        """Return the words that start it on the log of `shape`."""
        words = [sys.executable, "-m", self.module]
        if self.name == HEADGATE:
            return [*words, "worker"]
        options = {
            "broker": settings.broker,
            "redis": settings.redis,
            "data-dir": settings.data_dir,
            "series-per-pool": shape.series_per_pool,
            "events": shape.events,
            "timed-from-s": shape.warm_end_s,
        }
        return words + [word for name, value in options.items() for word in (f"--{name}", str(value))]


ENGINES: Mapping[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(HEADGATE, "ops.cli", "msgspec"),
        Engine(BYTEWAX, "benchmarks.stream.engines.bytewax_flow", "bytewax"),
        Engine(QUIX, "benchmarks.stream.engines.quix", "quixstreams"),
        Engine(FAUST, "benchmarks.stream.engines.faust_plain", "rocksdict", share=5),
        Engine(BARE, "benchmarks.stream.engines.bare", "confluent-kafka", durable=False, works=False),
        Engine(BARE_WORK, "benchmarks.stream.engines.bare_work", "confluent-kafka", durable=False),
    )
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What Redis says of one pool."""

    as_of_s: float
    buckets: int  # closed of each series, since the log's start
    said: Sequence[Said]


def as_of_s(client: redis.Redis, engine: Engine, pool_id: str) -> float:
    """Return the end of the newest bucket whose forecasts are readable; 0 before there is one."""
    if engine.name != HEADGATE:
        return float(client.hget(VIEW_KEY + pool_id, "as_of_s") or 0.0)  # type: ignore[arg-type]
    body = client.hget(HEADGATE_KEY + pool_id, "body")
    return _PERIOD.decode(body).period_start_s if body else 0.0  # type: ignore[arg-type]


def shown(client: redis.Redis, engine: Engine, pool_id: str) -> Shown:
    """Return all of a pool, to be compared with what was to be computed."""
    if engine.name != HEADGATE:
        found = msgspec.json.decode(client.hget(VIEW_KEY + pool_id, "body"), type=Document)  # type: ignore[arg-type]
        series = [Said(one.resource_id, one.value, one.mean or (), one.quantiles or ()) for one in found.series]
        return Shown(found.as_of_s, found.buckets, series)
    view = msgspec.json.decode(client.hget(HEADGATE_KEY + pool_id, "body"), type=PoolView)  # type: ignore[arg-type]
    said = [
        Said(one.resource_id, one.last_value, one.forecast.mean, one.forecast.quantiles)
        if one.forecast
        else Said(one.resource_id, one.last_value, (), ())
        for one in view.series
    ]
    closed = view.counters.get("buckets:closed", 0) // len(said)
    return Shown(view.period_start_s, closed, said)


class _Period(msgspec.Struct):
    period_start_s: float


_PERIOD = msgspec.json.Decoder(_Period)
