"""One log and 1, 2 and 4 workers of one group in; events a second, what the servers took of the machine, out.

All workers share one folder of snapshots, as on one machine. Every run ends with the same verified forecasts, also the
one in which workers come and go under load.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import redis

from benchmarks.figures import Figure
from benchmarks.stream.engine_list import ENGINES, HEADGATE, as_of_s
from benchmarks.stream.loading import load
from benchmarks.stream.processes import fetched_bytes_min, received_bytes, usage
from benchmarks.stream.running import DONE_S_MAX, SETTLE_S, Log, UnequalWorkError, prepared, verify, written
from benchmarks.stream.workload import Shape
from ops.stack.local import LocalStack
from ops.supervisor import Supervisor
from streams.settings import Settings

WORKERS = (1, 2, 4)
POLL_S = 0.02
SPEED_UP = (1.6, 1.85)  # must, goal: of two workers on two cores
CHANGES = (("start", "w1"), ("start", "w2"), ("stop", "w0"), ("start", "w3"), ("stop", "w2"))
CHANGE_EVERY_S = 1.5


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took."""

    elapsed_s: float
    workers_cpu_s: float
    broker_cpu_s: float
    redis_cpu_s: float


def measured(shape: Shape, *, runs: int) -> list[Figure]:
    """Return the figures; the numbers of workers take turns."""
    log = written(shape)
    took: dict[int, list[Took]] = {count: [] for count in WORKERS}
    for _ in range(runs):
        for count in WORKERS:
            took[count].append(_run(log, count))
    rates = {count: float(np.median([shape.events / one.elapsed_s for one in own])) for count, own in took.items()}
    figures = [Figure("scaling: two workers against one", rates[2] / rates[1], "x", *SPEED_UP, at_least=True)]
    for count, own in took.items():
        label = f"scaling: {count} workers" if count > 1 else "scaling: 1 worker"
        figures.append(Figure(label, rates[count], "events/s"))
        for who in ("workers", "broker", "redis"):
            cores = float(np.median([getattr(one, f"{who}_cpu_s") / one.elapsed_s for one in own]))
            figures.append(Figure(f"{label}, cores used by {who}", cores, "cores"))
    left = list(CHANGES)
    changed = _run(log, 1, left)
    label = "scaling: workers added and removed under load"
    return [
        *figures,
        Figure(label, shape.events / changed.elapsed_s, "events/s"),
        Figure(f"{label}, comings and goings left undone", len(left), "changes", 0.0, 0.0),
    ]


def _run(log: Log, count: int, left: list[tuple[str, str]] | None = None) -> Took:
    """Run `count` workers; those in `left` come and go meanwhile, and what could not be done in time stays in it."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        base = Path(name)
        with (
            LocalStack(base / "stack", lambda _: None) as stack,
            Supervisor(base / "logs", lambda _: None) as supervisor,
            redis.Redis.from_url(stack.redis) as client,
        ):
            settings = prepared(stack, base, log.shape)
            asyncio.run(load(settings, log.warm))
            _start(supervisor, settings, "w0")
            _until(client, log, log.shape.warm_end_s, lambda: None)
            time.sleep(SETTLE_S)
            supervisor.stop_one("w0")
            asyncio.run(load(settings, log.main))
            for number in range(count):
                _start(supervisor, settings, f"w{number}")
            return _timed(log, stack, supervisor, client, _changes(supervisor, settings, left or []))


def _start(supervisor: Supervisor, settings: Settings, name: str) -> None:
    supervisor.start(name, ["worker", "--worker-id", name], settings)


def _changes(supervisor: Supervisor, settings: Settings, left: list[tuple[str, str]]) -> Callable[[], None]:
    """Return what is called again and again under load: it lets workers come and go in the order of `left`."""
    due_s = [time.monotonic() + CHANGE_EVERY_S]

    def change() -> None:
        if not left or time.monotonic() < due_s[0]:
            return
        what, name = left.pop(0)
        if what == "start":
            _start(supervisor, settings, name)
        else:
            supervisor.stop_one(name)
        due_s[0] = time.monotonic() + CHANGE_EVERY_S

    return change


def _timed(
    log: Log, stack: LocalStack, supervisor: Supervisor, client: redis.Redis, change: Callable[[], None]
) -> Took:
    port = stack.settings().broker.rsplit(":", 1)[1]
    while max(received_bytes(int(port)).values(), default=0) < fetched_bytes_min(log.shape.events):
        time.sleep(POLL_S)
    begun_s, servers = time.monotonic(), (stack.kafka.pid, stack.valkey.pid)
    workers = [child.pid for child in supervisor.children().values()]
    before = _spent(workers), *(usage(pid).cpu_s for pid in servers)
    _until(client, log, log.shape.end_s, change)
    elapsed_s = time.monotonic() - begun_s
    after = _spent(workers), *(usage(pid).cpu_s for pid in servers)
    verify(client, ENGINES[HEADGATE], log.expected)
    return Took(elapsed_s, *(late - early for late, early in zip(after, before, strict=True)))


def _spent(pids: Sequence[int]) -> float:
    return sum(usage(pid).cpu_s for pid in pids)


def _until(client: redis.Redis, log: Log, end_s: float, change: Callable[[], None]) -> None:
    """Return when all pools show the forecasts made at `end_s`; raise when they never do."""
    ends_s = time.monotonic() + DONE_S_MAX
    for pool_id in log.shape.pool_ids:
        while as_of_s(client, ENGINES[HEADGATE], pool_id) < end_s:
            if time.monotonic() > ends_s:
                raise UnequalWorkError(f"pool {pool_id} shows no forecast of {end_s:.0f} within {DONE_S_MAX:.0f} s")
            change()
            time.sleep(POLL_S)
