"""Workers with many and with few warmed series in; bytes a series, and what an hour of load adds, out."""

import asyncio
import time
from dataclasses import replace

import numpy as np

from benchmarks.figures import Figure
from benchmarks.stream.live import LOADED_S, Live, live
from benchmarks.stream.loading import load, started
from benchmarks.stream.pacing import Pace
from benchmarks.stream.processes import usage
from benchmarks.stream.statistics import theil_sen
from benchmarks.stream.workload import Shape, Till, main_records

FEW = {"pools": 16, "series_per_pool": 1}
PER_SERIES_KB, SLOPE_MB_PER_H = (15.0, 8.0), (1.0, None)  # must, goal
SETTLED_RATIO = 1 / 6  # of the minutes: the first ten of an hour are left out
MATURE_BUCKETS = 120  # the models' own windows, of five days at most, are full: what grows afterwards is a leak
SAMPLE_S = 1.0
BIN = 10  # samples that make a point of the slope


def per_series(shape: Shape) -> list[Figure]:
    """Return what a series takes: the difference of two workers that have read equally many events."""
    many_bytes = _settled_bytes(shape)
    few = replace(shape, **FEW)
    few_bytes = _settled_bytes(replace(few, events_per_bucket=max(shape.events // (few.series * shape.buckets), 1)))
    size_kb = (many_bytes - few_bytes) / (shape.series - few.series) / 1000
    return [
        Figure(f"memory: a series, of {shape.series:,}", size_kb, "kB", *PER_SERIES_KB),
        Figure(f"memory: a worker with {shape.series:,} series", many_bytes / 1e6, "MB"),
        Figure(f"memory: a worker with {few.series} series", few_bytes / 1e6, "MB"),
    ]


def _settled_bytes(shape: Shape) -> int:
    with live(shape) as running:
        asyncio.run(load(running.settings, main_records(shape)))
        running.wait(shape.end_s)
        time.sleep(LOADED_S)
        return usage(running.worker.pid).rss_bytes


def slope(shape: Shape, *, minutes: float) -> list[Figure]:
    """Return how fast a worker whose models have all they ever keep grows under the nominal load."""
    with live(replace(shape, warm_buckets=MATURE_BUCKETS)) as running:
        samples = asyncio.run(_sampled(running, minutes * 60.0))
    kept = [(at_s, size) for at_s, size in samples if at_s >= minutes * 60.0 * SETTLED_RATIO]
    points = [np.mean(kept[place : place + BIN], axis=0) for place in range(0, len(kept) - BIN + 1, BIN)]
    hours, sizes_mb = [point[0] / 3600 for point in points], [point[1] / 1e6 for point in points]
    growth, low, high = theil_sen(hours, sizes_mb, np.random.default_rng(0))
    label = f"memory: growth over {minutes:g} minutes at 5,000 events/s"
    return [
        Figure(label, growth, "MB/h", *SLOPE_MB_PER_H),
        Figure(f"{label}, 95 % interval from (none: not above 0)", low, "MB/h", None, 0.0),
        Figure(f"{label}, 95 % interval to", high, "MB/h"),
        Figure("memory: the worker at the end", sizes_mb[-1], "MB"),
    ]


async def _sampled(running: Live, seconds: float) -> list[tuple[float, int]]:
    """Return (seconds since the start, bytes) while the load runs."""
    producer = await started(running.settings)
    pace = Pace(replace(running.shape, spread=True), keep=False)
    load_ = asyncio.create_task(pace.run(producer, seconds, np.random.default_rng(1), Till(running.shape, "m")))
    begun_s, samples = time.monotonic(), []
    while not load_.done():
        samples.append((time.monotonic() - begun_s, usage(running.worker.pid).rss_bytes))
        await asyncio.sleep(SAMPLE_S)
    await load_
    await producer.stop()
    return samples
