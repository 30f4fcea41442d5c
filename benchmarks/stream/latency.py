"""A steady load in; the time from the append of a closing record to its forecast readable in Redis, out.

The reader is a process of its own (`benchmarks.stream.reader`). Its own delay, measured by writes of its own in the
same run, is part of every figure and is shown beside them. Appended is when the broker says so (LogAppendTime, in
whole milliseconds).
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.figures import Figure
from benchmarks.stream.live import Live, live
from benchmarks.stream.loading import started
from benchmarks.stream.pacing import Close, Pace
from benchmarks.stream.reader import Seen, reading
from benchmarks.stream.workload import Shape, Till

SECONDS = 200.0  # 1,000 closes of pools at the nominal rate
AT_ONCE_SECONDS = 130.0  # three times all pools
DRAIN_S_MAX = 20.0
LOOK_S = 0.2
P50_MS, P99_MS = (20.0, 5.0), (100.0, 30.0)  # must, goal


def measured(shape: Shape, *, seconds: float = SECONDS, at_once_seconds: float = AT_ONCE_SECONDS) -> list[Figure]:
    """Return the figures for clocks spread over the hour, and for all pools closing at the same moment."""
    figures = []
    for spread, lasting_s in ((True, seconds), (False, at_once_seconds)):
        with live(replace(shape, spread=spread)) as running:
            latencies_ms, probes_ms, missing = _followed(running, lasting_s)
        label = "latency:" if spread else "latency, all series close at once:"
        figures += _figures(label, latencies_ms, probes_ms, missing, limits=spread)
    return figures


def _figures(
    label: str, latencies_ms: Sequence[float], probes_ms: Sequence[float], missing: int, *, limits: bool
) -> list[Figure]:
    if not latencies_ms:
        return [Figure(f"{label} closes whose forecast never came", missing, "closes", 0.0, 0.0)]
    none = (None, None)
    return [
        Figure(f"{label} append to readable, p50", _at(latencies_ms, 50), "ms", *(P50_MS if limits else none)),
        Figure(f"{label} append to readable, p99", _at(latencies_ms, 99), "ms", *(P99_MS if limits else none)),
        Figure(f"{label} closes of pools", len(latencies_ms), "closes"),
        Figure(f"{label} closes whose forecast never came", missing, "closes", 0.0, 0.0),
        Figure(f"{label} the reader's own delay, p50", _at(probes_ms, 50), "ms"),
        Figure(f"{label} the reader's own delay, p99", _at(probes_ms, 99), "ms"),
    ]


def _at(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(np.asarray(values), percent)) if values else float("nan")


def _followed(running: Live, seconds: float) -> tuple[list[float], list[float], int]:
    pace = Pace(running.shape, keep=False)
    with reading(running.settings.redis) as reader:
        asyncio.run(_paced(pace, running, seconds))
        ends_s = time.monotonic() + DRAIN_S_MAX
        while None in (come := _come(seen := reader.seen(), pace.appended)) and time.monotonic() < ends_s:
            time.sleep(LOOK_S)
    waits_s = [at_s - appended_s for at_s, appended_s in zip(come, pace.appended.values(), strict=True) if at_s]
    return [1000.0 * one for one in waits_s], [1000.0 * one for one in seen.probes_s], come.count(None)


async def _paced(pace: Pace, running: Live, seconds: float) -> None:
    producer = await started(running.settings)
    try:
        await pace.run(producer, seconds, np.random.default_rng(1), Till(running.shape, "l"))
    finally:
        await producer.stop()


def _come(seen: Seen, closes: Iterable[Close]) -> list[float | None]:
    """Return when the forecast of each close became readable."""
    return [seen.readable_s(close.pool_id, close.end_s) for close in closes]
