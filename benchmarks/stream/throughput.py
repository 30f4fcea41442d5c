"""Rows of the workload in; events a second and processor seconds of every engine, interleaved run by run, out."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.figures import Figure
from benchmarks.stream.engine_list import BARE, BYTEWAX, ENGINES, FAUST, HEADGATE, QUIX, Engine
from benchmarks.stream.running import Log, Run, UnequalWorkError, run_once, run_smoke, written
from benchmarks.stream.statistics import median_interval, quartile_range
from benchmarks.stream.workload import Shape

RUNS = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of load."""

    label: str
    shape: Shape


ROWS: Mapping[str, Row] = {
    "row1": Row("100 events a bucket:", Shape()),
    "row2": Row("10 events a bucket:", Shape(events_per_bucket=10)),
    "row3": Row("Zipf pools:", Shape(zipf=True)),
}


def measured(row: Row, *, runs: int, names: Sequence[str] | None = None) -> list[Figure]:
    """Return the figures of one row; engines that are not installed are named and left out."""
    engines = [engine for engine in ENGINES.values() if (names is None or engine.name in names) and _present(engine)]
    logs = {share: written(row.shape.share(share)) for share in {engine.share for engine in engines}}
    found: dict[str, list[Run]] = {engine.name: [] for engine in engines}
    for number in range(runs):
        turn = engines[number % len(engines) :] + engines[: number % len(engines)]  # nobody always comes first
        for engine in turn:
            found[engine.name] += _tried(engine, logs[engine.share], f"{row.label} run {number + 1} of {runs}")
    failed = sum(runs - len(own) for own in found.values())
    found = {name: own for name, own in found.items() if len(own) == runs}  # one unequal run and there is no figure
    figures = [failures(row.label, failed)]
    for name, own in found.items():
        figures += _own(row.label, own, logs[ENGINES[name].share])
    return figures + _compared(row.label, found)


def smoke(shape: Shape) -> list[Figure]:
    """Return the figures of a small log: every engine that is installed does the same, verified work, once."""
    engines = [engine for engine in ENGINES.values() if _present(engine)]
    log = written(shape)
    found = {}
    for run in run_smoke(engines, log):
        found[run.engine.name] = [run]
        print(f"quick: {run.engine.name} {run.engine.version}: {run.events_per_s:,.0f} events/s")
    return [figure for own in found.values() for figure in _own("quick:", own, log)]


def failures(label: str, count: int) -> Figure:
    """Return how many runs did not do the work, or not in time."""
    return Figure(f"{label} runs that did not do the work", count, "runs", 0.0, 0.0)


def _present(engine: Engine) -> bool:
    if engine.version is None:
        print(f"missing: {engine.name} ({engine.needs} is not installed; pip install 'headgate[bench]')")
    return engine.version is not None


def _tried(engine: Engine, log: Log, what: str) -> list[Run]:
    try:
        run = run_once(engine, log)
    except UnequalWorkError as error:
        print(f"FAILED: {what}: {error}", file=sys.stderr)
        return []
    print(f"{what}: {engine.name} {engine.version}: {run.events_per_s:,.0f} events/s, {run.cpu_s:.1f} s of processor")
    return [run]


def _own(label: str, runs: Sequence[Run], log: Log) -> list[Figure]:
    rng = np.random.default_rng(0)
    engine = runs[0].engine
    title = f"{label} {engine.name}"
    part = f" (on {runs[0].shape.events:,} events)"
    rate, low, high = median_interval([run.events_per_s for run in runs], rng)
    cpu_s = [run.cpu_s_per_million for run in runs]
    broker_cpu_s = [run.broker_cpu_s / run.shape.events * 1e6 for run in runs]
    figures = [Figure(f"{title}{part}", rate, "events/s")]
    if len(runs) > 1:
        figures += [
            Figure(f"{title}: 95 % interval of the median, from", low, "events/s"),
            Figure(f"{title}: 95 % interval of the median, to", high, "events/s"),
            Figure(f"{title}: between the quartiles", quartile_range([run.events_per_s for run in runs]), "events/s"),
        ]
    figures += [
        Figure(f"{title}: processor time", float(np.median(cpu_s)), "s/million"),
        Figure(f"{title}: most memory", float(np.median([run.rss_peak_bytes for run in runs])) / 1e6, "MB"),
        Figure(f"{title}: the broker's processor time", float(np.median(broker_cpu_s)), "s/million"),
    ]
    if engine.works:
        share = log.expected.model_cpu_s / float(np.median([run.cpu_s for run in runs]))
        figures.append(Figure(f"{title}: the models' share of its processor time", 100 * share, "%"))
    return figures


def _compared(label: str, found: Mapping[str, Sequence[Run]]) -> list[Figure]:
    """Return Headgate against its peers: medians of the same run."""
    if HEADGATE not in found:
        return []
    rates = {name: float(np.median([run.events_per_s for run in runs])) for name, runs in found.items()}
    costs = {name: float(np.median([run.cpu_s_per_million for run in runs])) for name, runs in found.items()}
    own = rates[HEADGATE]
    figures = []
    best = max((rates[name] for name in (QUIX, BYTEWAX) if name in rates), default=None)
    if best is not None:
        title = f"{label} against the best of Quix and Bytewax"
        figures.append(Figure(title, own / best, "x", 2.5, 4.0, at_least=True))
    if FAUST in rates:
        figures.append(Figure(f"{label} against plain Faust", own / rates[FAUST], "x", 8.0, 15.0, at_least=True))
    if BARE in rates:
        figures.append(Figure(f"{label} against the bare loop", own / rates[BARE], "x", 0.4, 0.7, at_least=True))
    peers = [costs[name] for name in (QUIX, BYTEWAX, FAUST) if name in costs]
    if peers:
        ratio = costs[HEADGATE] / min(peers)
        figures.append(Figure(f"{label} processor time against the best peer's", ratio, "x", 1.0, 0.5))
    return figures
