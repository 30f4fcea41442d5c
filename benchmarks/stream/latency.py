"""A steady load in; the time from the append of a closing record to its forecast readable in Redis, out.

Read by keyspace notification: the reader is told of each write of a view and looks whether it is the awaited one. Its
own delay, measured by writes of its own in the same run, is part of every figure and is shown beside them. Appended is
when the broker says so (LogAppendTime, in whole milliseconds).
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import numpy as np
import redis.asyncio

from benchmarks.figures import Figure
from benchmarks.stream.live import Live, live
from benchmarks.stream.loading import started
from benchmarks.stream.pacing import Close, Pace
from benchmarks.stream.workload import Shape, Till
from streams.forecast_store import VIEW_KEY

SECONDS = 200.0  # 1,000 closes of pools at the nominal rate
AT_ONCE_SECONDS = 130.0  # three times all pools
DRAIN_S_MAX = 20.0
PROBE_KEY = VIEW_KEY + "bench-probe"
PROBE_EVERY_S = 0.2
P50_MS, P99_MS = (20.0, 5.0), (100.0, 30.0)  # must, goal


class Reader:
    """Notes when each awaited forecast, and each probe, became readable."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client = client
        self._looked: dict[str, float] = {}  # pool -> newest period seen
        self._readable: dict[str, list[tuple[float, float]]] = {}  # pool -> (period, wall time), in order
        self.probes_s: list[float] = []
        self._probed_s = 0.0

    async def follow(self) -> None:
        """Read notifications until it is cancelled."""
        await self._client.config_set("notify-keyspace-events", "Kh")
        async with self._client.pubsub() as channel:
            await channel.psubscribe(f"__keyspace@0__:{VIEW_KEY}*")
            async for message in channel.listen():
                if message["type"] == "pmessage":
                    await self._told(message["channel"].decode().removeprefix("__keyspace@0__:"))

    async def _told(self, key: str) -> None:
        now_s = time.time()
        if key == PROBE_KEY:
            self.probes_s.append(now_s - self._probed_s)
            return
        body = await self._client.hget(key, "body")
        if body:
            pool_id = key.removeprefix(VIEW_KEY)
            end_s = _PERIOD.decode(body).period_start_s
            if end_s > self._looked.get(pool_id, 0.0):
                self._looked[pool_id] = end_s
                self._readable.setdefault(pool_id, []).append((end_s, time.time()))

    def readable_s(self, close: Close) -> float | None:
        """Return when the forecast of a close, or a newer one in its place, became readable."""
        return next((at_s for end_s, at_s in self._readable.get(close.pool_id, ()) if end_s >= close.end_s), None)

    async def probe(self) -> None:
        """Write a key of our own now and then until it is cancelled."""
        while True:
            self._probed_s = time.time()
            await self._client.hset(PROBE_KEY, "body", "")
            await asyncio.sleep(PROBE_EVERY_S)


def measured(shape: Shape, *, seconds: float = SECONDS, at_once_seconds: float = AT_ONCE_SECONDS) -> list[Figure]:
    """Return the figures for clocks spread over the hour, and for all pools closing at the same moment."""
    figures = []
    for spread, lasting_s in ((True, seconds), (False, at_once_seconds)):
        with live(replace(shape, spread=spread)) as running:
            latencies_ms, probes_ms, missing = asyncio.run(_followed(running, lasting_s))
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


async def _followed(running: Live, seconds: float) -> tuple[list[float], list[float], int]:
    pace = Pace(running.shape, keep=False)
    producer = await started(running.settings)
    client = redis.asyncio.Redis.from_url(running.settings.redis)
    reader = Reader(client)
    tasks = [asyncio.create_task(reader.follow()), asyncio.create_task(reader.probe())]
    try:
        await pace.run(producer, seconds, np.random.default_rng(1), Till(running.shape, "l"))
        ends_s = time.monotonic() + DRAIN_S_MAX
        while time.monotonic() < ends_s and any(  # noqa: ASYNC110  Redis tells the reader
            reader.readable_s(close) is None for close in pace.appended
        ):
            await asyncio.sleep(0.1)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await producer.stop()
        await client.aclose()
    come = [(reader.readable_s(close), appended_s) for close, appended_s in pace.appended.items()]
    latencies_ms = [1000.0 * (at_s - appended_s) for at_s, appended_s in come if at_s is not None]
    return latencies_ms, [1000.0 * one for one in reader.probes_s], len(come) - len(latencies_ms)


class _Period(msgspec.Struct):
    period_start_s: float


_PERIOD = msgspec.json.Decoder(_Period)
