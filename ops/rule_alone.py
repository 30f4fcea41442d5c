"""Pools and recorded lines in, the journal of the tuned base-stock rule alone out; pools side by side on all cores."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any

from ops import tuned_rule
from ops.counterfactual import Learnt, learn, live, tuning_cost
from ops.journal import Lived
from ops.twin_actor import actor
from policies.inventory.base_stock import BaseStock
from streams.catalog import PoolSpec
from streams.errors import UnavailableError
from streams.events import Transaction

FACTORS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.8)  # of the rule's target
FIRST_TRIED = (4, 5)  # places in FACTORS; from there downhill
SERIAL_BUCKETS_MAX = 3000  # a smaller job is done before other processes have started
WORKERS_S_MAX = 900.0  # for one round of jobs: a year of 40 items takes seconds, so somebody was killed

Map = Callable[..., Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Task:
    """One pool's recorded demand and the span that is compared."""

    spec: PoolSpec
    lines: tuple[Transaction, ...]  # of the pool's own resources, in time order
    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class RuleAlone:
    """The rule with the factor that cost least before the compared span, and what it lived through in it."""

    factor: float
    tried: dict[float, float]  # factor -> cost on the earlier span, currency
    rows: list[Lived]


def rule_alone(
    specs: Sequence[PoolSpec],
    lines: Sequence[Transaction],
    spans: Sequence[tuple[float, float]],
    kept: Path | None = None,
) -> RuleAlone:
    """Tune the rule on what was recorded before each pool's span (start, end), and return what it did in it.

    `kept` is a file that remembers what tuning found, so that the same past is tuned once.
    """
    tasks = [_task(spec, lines, *span) for spec, span in zip(specs, spans, strict=True)]
    buckets = sum(
        len(task.spec.resources) * (task.until_s - task.lines[0].occurred_at_s) for task in tasks if task.lines
    )
    with _workers(len(tasks), heavy=buckets / 86_400 > SERIAL_BUCKETS_MAX) as spread:
        learnt = list(spread(_learn, tasks))
        tried = _tuned_or_kept(tasks, learnt, spread, kept)
        factor = min(tried, key=lambda one: tried[one])
        rows = [row for some in spread(_live, tasks, learnt, repeat(factor)) for row in some]
    return RuleAlone(factor, tried, rows)


def tune(specs: Sequence[PoolSpec], lines: Sequence[Transaction], from_s: float, kept: Path) -> dict[float, float]:
    """Tune the rule on what was recorded before `from_s`, keep it in `kept` and return the cost of each factor."""
    tasks = [_task(spec, lines, from_s, spec.periods.shift(from_s, 1)) for spec in specs]
    with _workers(len(tasks), heavy=True) as spread:
        return _tuned_or_kept(tasks, list(spread(_learn, tasks)), spread, kept)


def _tuned_or_kept(tasks: list[Task], learnt: list[Learnt], spread: Map, kept: Path | None) -> dict[float, float]:
    if kept is None:
        return _tuned(tasks, learnt, spread)
    past = (line for task in tasks for line in task.lines if line.occurred_at_s < task.from_s)
    digest = tuned_rule.digest_of([task.spec for task in tasks], past)
    tried = tuned_rule.read(kept, digest)
    if tried is None:
        tried = _tuned(tasks, learnt, spread)
        tuned_rule.write(kept, digest, tried)
    return tried


def _tuned(tasks: list[Task], learnt: list[Learnt], spread: Map) -> dict[float, float]:
    """Return the cost of each factor that was tried, going downhill until both neighbours of the best cost more."""
    tried: dict[int, float] = {}
    wanted = set(FIRST_TRIED)
    while wanted:
        jobs = [(place, task, known) for place in sorted(wanted) for task, known in zip(tasks, learnt, strict=True)]
        costs = spread(_cost, (job[1] for job in jobs), (job[2] for job in jobs), (FACTORS[job[0]] for job in jobs))
        for (place, _, _), cost in zip(jobs, costs, strict=True):
            tried[place] = tried.get(place, 0.0) + cost
        best = min(tried, key=lambda place: tried[place])
        wanted = {place for place in (best - 1, best + 1) if 0 <= place < len(FACTORS)} - set(tried)
    return {FACTORS[place]: tried[place] for place in sorted(tried)}


def _task(spec: PoolSpec, lines: Sequence[Transaction], from_s: float, until_s: float) -> Task:
    known = {resource.id for resource in spec.resources}
    own = (line for line in lines if line.pool_id == spec.pool_id and line.resource_id in known)
    return Task(spec, tuple(own), from_s, until_s)


def _learn(task: Task) -> Learnt:
    first_end_s = task.spec.periods.shift(task.from_s, 1)  # only what lies before it is learnt
    return learn(actor(task.spec, task.lines, control_from_s=task.from_s, until_s=first_end_s))


def _cost(task: Task, learnt: Learnt, factor: float) -> float:
    return tuning_cost(task.spec, task.lines, learnt, BaseStock(factor))


def _live(task: Task, learnt: Learnt, factor: float) -> list[Lived]:
    pool = actor(task.spec, task.lines, control_from_s=task.from_s, until_s=task.until_s)
    return live(pool, learnt.at_start, BaseStock(factor))


@contextmanager
def _workers(tasks: int, *, heavy: bool) -> Iterator[Map]:
    """Yield a map that spreads its calls over all cores when they are worth it; leaving ends what still runs."""
    cores = min(tasks, os.cpu_count() or 1)
    if not heavy or cores < 2:
        yield map
        return
    quiet = (signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits
    with multiprocessing.get_context("spawn").Pool(cores, signal.signal, quiet) as pool:

        def spread(function: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
            try:
                return pool.starmap_async(function, zip(*arguments), 1).get(WORKERS_S_MAX)  # noqa: B905  repeat() is endless
            except multiprocessing.TimeoutError as error:
                raise UnavailableError(
                    f"the rule alone was not done in {WORKERS_S_MAX:.0f} s; with less memory in use try again"
                ) from error

        yield spread
