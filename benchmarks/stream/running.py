"""One engine and one log in; how long it took, what it used, and whether it did the work, out.

Every run has servers of its own, fresh: nothing of another engine is in the broker, in Redis or on disk. An engine that
keeps state first reads the warm part, is ended, and finds its state again while the main part lies there already. The
clock runs from the first record of the main part that reaches it to the moment when all forecasts of the last bucket
are readable in Redis, which every record before has to be processed for. A peer says itself when it has decoded its
first record; Headgate knows of no benchmark, and its clock starts when the kernel has received the first bytes of a
fetch, which is earlier.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import redis

from benchmarks.stream.engine_list import ALL, HEADGATE, Engine, as_of_s, shown
from benchmarks.stream.loading import load
from benchmarks.stream.pool_work import FIRST_KEY
from benchmarks.stream.processes import fetched_bytes_min, peak_rss_bytes, received_bytes, usage
from benchmarks.stream.reference import Expected, expected
from benchmarks.stream.workload import PARTITIONS, Record, Shape, catalog, main_records, warm_records
from ops.child import Child
from ops.stack.local import LocalStack
from streams.publishing import publish_catalog
from streams.settings import Settings

POLL_S = 0.02
BEGIN_S_MAX = 120.0
DONE_S_MAX = 1800.0
SETTLE_S = 6.0  # longer than any engine's snapshot interval: it then reads on from where the main part begins
STOP_S_MAX = 20.0


Found = TypeVar("Found")


class UnequalWorkError(Exception):
    """An engine did not do the work: it has no figure."""


@dataclass(frozen=True, slots=True)
class Log:
    """Both parts of a log and what is to come of it."""

    shape: Shape
    warm: Sequence[Record]
    main: Sequence[Record]
    expected: Expected


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of one engine measured."""

    engine: Engine
    shape: Shape
    elapsed_s: float
    cpu_s: float  # of its processes, between first record and last forecast
    broker_cpu_s: float
    redis_cpu_s: float
    rss_peak_bytes: int

    @property
    def events_per_s(self) -> float:
        """Return the rate."""
        return self.shape.events / self.elapsed_s

    @property
    def cpu_s_per_million(self) -> float:
        """Return the processor seconds a million events."""
        return self.cpu_s / self.shape.events * 1e6


def written(shape: Shape) -> Log:
    """Return the log of `shape`: made once, sent in each run."""
    warm, main = list(warm_records(shape)), list(main_records(shape))
    return Log(
        shape, warm, main, expected(shape, [*warm, *main], timed_from_s=shape.warm_end_s, end_s=float(shape.end_s))
    )


def run_once(engine: Engine, log: Log) -> Run:
    """Run one engine on fresh servers; raise UnequalWorkError when it did something else than the work."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        base = Path(name)
        with LocalStack(base / "stack", lambda _: None) as stack:
            settings = prepared(stack, base, log.shape)
            if engine.works:
                asyncio.run(load(settings, log.warm))
            if engine.durable:
                _warm(engine, log, settings, base / "warm.log")
            asyncio.run(load(settings, log.main))
            return _timed(engine, log, settings, stack, base / "main.log")


def run_smoke(engines: Sequence[Engine], log: Log) -> Iterator[Run]:
    """Run engines one after the other on the same servers and the whole log at once: quick, and no fair figure.

    Without a restart after the warm part Headgate's clock also runs for that part.
    """
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        base = Path(name)
        with LocalStack(base / "stack", lambda _: None) as stack:
            settings = prepared(stack, base, log.shape)
            asyncio.run(load(settings, [*log.warm, *log.main]))
            for engine in engines:
                with redis.Redis.from_url(settings.redis) as client:
                    client.flushdb()
                yield _timed(engine, log, settings, stack, base / f"{engine.name}.log")


def prepared(stack: LocalStack, base: Path, shape: Shape, **overrides: float) -> Settings:
    """Return settings of an engine of its own, with topics created and the catalog published."""
    settings = stack.settings(data_dir=base / "engine", partitions=PARTITIONS, **overrides)
    settings.data_dir.mkdir()
    publish_catalog(settings, catalog(shape))
    return settings


def started(engine: Engine, shape: Shape, settings: Settings, output: Path) -> Child:
    """Return the engine's process, just started."""
    own = settings.environment() if engine.name == HEADGATE else {}
    return Child(engine.name, engine.command(settings, shape), output, own)


def _warm(engine: Engine, log: Log, settings: Settings, output: Path) -> None:
    child = started(engine, log.shape, settings, output)
    try:
        with redis.Redis.from_url(settings.redis) as client:
            wait_for_forecasts(client, engine, log.shape.pool_ids, log.shape.warm_end_s, child)
            time.sleep(SETTLE_S)
            client.delete(FIRST_KEY)
    finally:
        child.stop(STOP_S_MAX)


def _timed(engine: Engine, log: Log, settings: Settings, stack: LocalStack, output: Path) -> Run:
    child = started(engine, log.shape, settings, output)
    pids = (child.pid, stack.kafka.pid, stack.valkey.pid)
    awaited = (log.shape.pool_ids, log.shape.end_s) if engine.works else ((ALL,), log.shape.events)
    try:
        with redis.Redis.from_url(settings.redis) as client:
            begun_s = _wait_begin(engine, client, settings, child, log.shape.events)
            before = [usage(pid) for pid in pids]
            wait_for_forecasts(client, engine, *awaited, child)
            elapsed_s = time.time() - begun_s
            spent = [usage(pid).since(one) for pid, one in zip(pids, before, strict=True)]
            rss_bytes = peak_rss_bytes(child.pid)
            if engine.works:
                verify(client, engine, log.expected)
        return Run(engine, log.shape, elapsed_s, *spent, rss_bytes)
    finally:
        child.stop(STOP_S_MAX)


def _wait_begin(engine: Engine, client: redis.Redis, settings: Settings, child: Child, events: int) -> float:
    """Return the wall time at which the first record reached the engine."""
    port = int(settings.broker.rsplit(":", 1)[1])
    least_bytes = fetched_bytes_min(events)

    def begun() -> float | None:
        if engine.name == HEADGATE:
            fetched = max(received_bytes(port).values(), default=0) > least_bytes
            return time.time() if fetched else None
        said = client.get(FIRST_KEY)
        return float(said) if said else None  # type: ignore[arg-type]

    return wait(begun, child, BEGIN_S_MAX, "it has not begun to read")


def wait_for_forecasts(
    client: redis.Redis, engine: Engine, pool_ids: Iterable[str], until_s: float, child: Child
) -> None:
    """Return when every pool shows the forecasts made at `until_s`. One key is read at a time: it costs nothing."""
    for pool_id in pool_ids:
        wait(
            lambda pool_id=pool_id: as_of_s(client, engine, pool_id) >= until_s or None,
            child,
            DONE_S_MAX,
            f"pool {pool_id} shows no forecast of {until_s:.0f}",
        )


def wait(look: Callable[[], Found | None], child: Child, wait_s_max: float, missing: str) -> Found:
    """Return what `look` finds; raise UnequalWorkError when it finds nothing in time or the process has ended."""
    ends_s = time.monotonic() + wait_s_max
    while (found := look()) is None:
        ended = child.exit_status is not None
        if time.monotonic() > ends_s or (ended and look() is None):
            why = f"it ended with {child.exit_status}" if ended else f"not within {wait_s_max:.0f} s"
            raise UnequalWorkError(f"{child.name}: {missing}: {why}; its log ends:\n{child.log_tail()}")
        time.sleep(POLL_S)
    return found


def verify(client: redis.Redis, engine: Engine, log: Expected) -> None:
    """Raise UnequalWorkError unless every pool shows what the plain fold came to."""
    for pool_id, said in log.said.items():
        found = shown(client, engine, pool_id)
        if (found.as_of_s, found.buckets) != (log.end_s, log.buckets):
            raise UnequalWorkError(
                f"{engine.name} did not do the same work on pool {pool_id}: {found.buckets} buckets closed until "
                f"{found.as_of_s:.0f}, {log.buckets} until {log.end_s:.0f} were due; it has no figure"
            )
        wrong = [one.name for one, other in zip(said, found.said, strict=True) if not one.same(other)]
        if wrong:
            raise UnequalWorkError(
                f"{engine.name} did not do the same work on pool {pool_id}: the last closed value or the forecasts of "
                f"{', '.join(wrong)} differ from the plain fold's; it has no figure"
            )
