"""A worker that is killed in; how fast it replays and how soon its first correct output comes, out.

The worker runs under `ops.supervisor`, as in `headgate up`. What it shows at the end is compared with a plain fold over
all that was sent, so the outputs between were not wrong either: a view never moves backwards.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from operator import gt

import msgspec
import numpy as np

from benchmarks.figures import Figure
from benchmarks.stream.engine_list import ENGINES, HEADGATE
from benchmarks.stream.live import Live, live
from benchmarks.stream.loading import append, load, started
from benchmarks.stream.pacing import RATE_PER_S, Pace
from benchmarks.stream.pool_work import Sale
from benchmarks.stream.processes import fetched_bytes_min, received_bytes
from benchmarks.stream.reference import expected
from benchmarks.stream.running import UnequalWorkError, verify
from benchmarks.stream.workload import HOUR_S, Record, Shape, Till, main_records
from streams.forecast_store import VIEW_KEY

KILLS = 20
BETWEEN_KILLS_S = (12.5, 17.5)  # a snapshot interval wide; no more often than a supervisor puts up with
CHECK_S = 0.02
OUTPUT_S_MAX = 60.0
REPLAY_TIMES = (10.0, 25.0)  # of the nominal rate: must, goal
OUTPUT_S = (8.0, 7.0)


def replay(shape: Shape) -> list[Figure]:
    """Return the rate at which a killed worker reads on from a snapshot before the whole main part."""
    with live(shape, snapshot_interval_s=3600.0) as running:
        _seal_warm(running)
        asyncio.run(load(running.settings, main_records(shape)))
        running.wait(shape.end_s)
        running.client.flushdb()  # so that its forecasts come back only from the replay
        running.worker.signal(signal.SIGKILL)
        running.worker.wait(10.0)
        running.supervisor.check()
        port = int(running.settings.broker.rsplit(":", 1)[1])
        least_bytes = fetched_bytes_min(shape.events)
        _until(running, lambda: (max(received_bytes(port).values(), default=0) > least_bytes) or None)
        begun_s = time.monotonic()
        running.wait(shape.end_s)
        rate = shape.events / (time.monotonic() - begun_s)
    return [
        Figure("restore: replay", rate, "events/s"),
        Figure(
            f"restore: replay against {RATE_PER_S:,.0f} events/s", rate / RATE_PER_S, "x", *REPLAY_TIMES, at_least=True
        ),
    ]


def _seal_warm(running: Live) -> None:
    """Restart the worker in order: it seals the warm part as it ends, and then nothing for an hour."""
    running.supervisor.stop_one("worker")
    running.supervisor.start("worker", ["worker"], running.settings)


def kills(shape: Shape, *, count: int = KILLS) -> list[Figure]:
    """Return how long after SIGKILL a worker under the nominal load shows something new that is right."""
    with live(shape) as running:
        outages_s, records = asyncio.run(_killed(running, count))
        end_s = _end_s(shape, records)
        running.wait(end_s)
        wanted = expected(shape, [*running.warm, *records], timed_from_s=shape.warm_end_s, end_s=end_s)
        verify(running.client, ENGINES[HEADGATE], wanted)
    return [
        Figure("restore: SIGKILL to the first correct output, p50", float(np.percentile(outages_s, 50)), "s"),
        Figure(
            "restore: SIGKILL to the first correct output, p99", float(np.percentile(outages_s, 99)), "s", *OUTPUT_S
        ),
        Figure("restore: kills", len(outages_s), "kills"),
    ]


def _end_s(shape: Shape, records: list[Record]) -> float:
    """Return the event time of the last closing records."""
    return float(msgspec.json.decode(records[-shape.pools].value, type=Sale).occurred_at_s)


async def _killed(running: Live, count: int) -> tuple[list[float], list[Record]]:
    """Kill the worker `count` times under load; return the outages and all that was sent."""
    till, pace = Till(running.shape, "k"), Pace(running.shape)
    producer = await started(running.settings)
    rng = np.random.default_rng(1)
    killing = asyncio.create_task(asyncio.to_thread(_kill_now_and_then, running, count))
    load_ = asyncio.create_task(pace.run(producer, float("inf"), rng, till, until=killing.done))
    try:
        outages_s = await killing
        await load_
        closing = list(till.closing(running.shape.warm_end_s + (int(pace.at_s) // HOUR_S + 1) * HOUR_S))
        for future, _ in await append(producer, closing):
            await future
    finally:
        await producer.stop()
    return outages_s, [*pace.records, *closing]


def _kill_now_and_then(running: Live, count: int) -> list[float]:
    rng, outages_s = np.random.default_rng(2), []
    for _ in range(count):
        time.sleep(rng.uniform(*BETWEEN_KILLS_S))
        begun_s = time.monotonic()
        running.worker.signal(signal.SIGKILL)
        running.worker.wait(OUTPUT_S_MAX)
        shown = _offsets(running)
        _until(running, lambda shown=shown: any(map(gt, _offsets(running), shown)) or None)
        outages_s.append(time.monotonic() - begun_s)
    return outages_s


def _offsets(running: Live) -> list[int]:
    """Return how far the view of each pool is."""
    with running.client.pipeline(transaction=False) as pipeline:
        for pool_id in running.shape.pool_ids:
            pipeline.hget(VIEW_KEY + pool_id, "offset")
        return [int(offset) for offset in pipeline.execute()]


def _until(running: Live, look: Callable[[], object]) -> None:
    """Return when `look` finds something; the supervisor looks after the worker meanwhile."""
    ends_s = time.monotonic() + OUTPUT_S_MAX
    while look() is None:
        if time.monotonic() > ends_s:
            raise UnequalWorkError(f"nothing new within {OUTPUT_S_MAX:.0f} s; {running.worker.log_tail()}")
        running.supervisor.check()
        time.sleep(CHECK_S)
