"""One log and 1, 2 and 4 workers of one group in; events a second, what the servers took of the machine, out.

All workers share one folder of snapshots, as on one machine. Every run ends with the same verified forecasts, also the
one in which workers come and go under load. A group takes seconds to share its partitions out; its rate is therefore
what its workers fold between two moments of each one's health reports, at which all of them are busy.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
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
from streams.forecast_store import HEALTH_KEY
from streams.health_events import WorkerHealth
from streams.settings import Settings

WORKERS = (1, 2, 4)
POLL_S = 0.02
EVENTS = 3_000_000  # long enough for four workers to be busy together for some seconds
SPEED_UP = (1.6, 1.85)  # must, goal: of two workers on two cores
BUSY_S_MIN = 2.0  # of a run in which all workers were busy; a shorter one tells nothing
CHANGES = (("start", "w1"), ("start", "w2"), ("stop", "w0"), ("start", "w3"), ("stop", "w2"))
CHANGE_EVERY_S = 1.5


Course = list[WorkerHealth]  # what one worker said of itself, each second


@dataclass(frozen=True, slots=True)
class Took:
    """What one run took."""

    elapsed_s: float
    workers_cpu_s: float
    broker_cpu_s: float
    redis_cpu_s: float
    courses: Mapping[str, Course]  # by worker


def measured(shape: Shape, *, runs: int) -> list[Figure]:
    """Return the figures; the numbers of workers take turns."""
    log = written(shape)
    took: dict[int, list[Took]] = {count: [] for count in WORKERS}
    rates: dict[int, list[float]] = {count: [] for count in WORKERS}
    for number in range(runs):
        for count in WORKERS:
            took[count].append(_run(log, count))
            try:
                rates[count].append(busy_rate(took[count][-1].courses, count))
            except UnequalWorkError as error:  # of this run there is no rate, of the others there is
                print(f"scaling: run {number + 1} of {runs}: {count} workers: {error}")
                continue
            print(f"scaling: run {number + 1} of {runs}: {count} workers: {rates[count][-1]:,.0f} events/s")
    if not (rates[1] and rates[2]):
        raise UnequalWorkError("no run with one and with two workers of which there is a rate")
    medians = {count: float(np.median(own)) for count, own in rates.items() if own}
    figures = [
        Figure("scaling: two workers against one", medians[2] / medians[1], "x", *SPEED_UP, at_least=True),
        Figure("scaling: runs without a rate", float(sum(runs - len(own) for own in rates.values())), "runs"),
    ]
    for count, own in took.items():
        label = f"scaling: {count} workers" if count > 1 else "scaling: 1 worker"
        if count in medians:
            figures.append(Figure(label, medians[count], "events/s"))
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
    courses: dict[str, Course] = {}

    def look() -> None:
        change()
        for name in supervisor.children():
            _note(client, name, courses.setdefault(name, []))

    _until(client, log, log.shape.end_s, look)
    elapsed_s = time.monotonic() - begun_s
    after = _spent(workers), *(usage(pid).cpu_s for pid in servers)
    verify(client, ENGINES[HEADGATE], log.expected)
    return Took(elapsed_s, *(late - early for late, early in zip(after, before, strict=True)), courses)


def _note(client: redis.Redis, name: str, course: Course) -> None:
    said = client.get(HEALTH_KEY + name)
    report = msgspec.json.decode(said, type=WorkerHealth) if said else None  # type: ignore[arg-type]
    if report is not None and (not course or course[-1].at_s < report.at_s):
        course.append(report)


def busy_rate(courses: Mapping[str, Course], count: int) -> float:
    """Return the events a second of `count` workers together, while all had partitions of their own and a backlog.

    Raises UnequalWorkError when they had so for less than `BUSY_S_MIN`.
    """
    busy = [own for own in map(_busy, courses.values()) if len(own) > 1]
    from_s = max((own[0].at_s for own in busy), default=0.0)
    until_s = min((own[-1].at_s for own in busy), default=0.0)
    if len(busy) < count or until_s - from_s < BUSY_S_MIN:
        raise UnequalWorkError(f"{len(busy)} of {count} workers were busy together, for {until_s - from_s:.1f} s")
    return sum(_folded(own, until_s) - _folded(own, from_s) for own in busy) / (until_s - from_s)


def _busy(course: Course) -> Course:
    """Return the last reports in a row that tell of the same partitions and of a backlog."""
    behind = [one for one in course if any(place.end_offset > place.next_offset for place in one.partitions)]
    held = [[place.partition for place in one.partitions] for one in behind]
    return [one for one, own in zip(behind, held, strict=True) if own == held[-1]]


def _folded(course: Course, at_s: float) -> float:
    """Return how many records the worker had folded of its partitions at a moment between two reports."""
    offsets = [sum(place.next_offset for place in one.partitions) for one in course]
    return float(np.interp(at_s, [one.at_s for one in course], offsets))


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
