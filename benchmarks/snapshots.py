"""`python -m benchmarks.snapshots [--quick] [--json FILE]`: how long sealing holds the stream up, and how old it gets.

Sixteen shards as one worker owns them, warmed until every series forecasts, then the real ingest path with disk
snapshots: the pause is what `Shard.state` takes, during which no record is folded.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import Figure, options, tell
from streams.agents.ingest import SNAPSHOT_CHECK_S, Ingest
from streams.agents.views import Views
from streams.attempts import Attempts
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.events import Heartbeat, InputEvent, Transaction, encode
from streams.forecast_store import MemoryForecastStore
from streams.guarded_fold import GuardedFold
from streams.health import Health
from streams.records import Records, Stretch
from streams.settings import Settings
from streams.shard import Shard
from streams.shards import Shards
from streams.skips import SkipList
from streams.snapshots import DiskSnapshots
from streams.topics import partition_of
from streams.values import Values

PARTITIONS = 16
SERIES_PER_POOL = 10
WARM_BUCKETS = 30  # every model forecasts after a day
OPEN_EVENTS = 50  # ids of the open bucket, of each series
HOUR_S = 3600
START_S = 1_736_121_600.0  # a Monday
WATCHED_S, QUICK_S = 30.0, 5.0  # quick: just longer than all take in turns
BOUNDS = {2_000: (5.0, 100.0), 20_000: (30.0, 250.0)}  # series of a worker: age s, pause ms


class _Outputs:
    """Kafka that has everything at once: what is measured is our own time."""

    async def send_all(self, _topic: str, _messages: Sequence[Any]) -> None:
        """Take messages."""

    async def settled(self) -> None:
        """Return at once."""


def pool(pool_id: str) -> PoolSpec:
    """Return an hourly pool of River regressions."""
    return PoolSpec(
        pool_id=pool_id,
        period="hour",
        horizon_periods=24,
        forecast="river-linear",
        feeds=(FeedSpec(id="till", silence_s_max=1e9),),
        resources=tuple(
            ResourceSpec(id=f"{pool_id}-{number}", lead_time_periods=1) for number in range(SERIES_PER_POOL)
        ),
    )


def sale(pool_id: str, bucket: int, place: int, rng: np.random.Generator) -> Transaction:
    """Return one sale."""
    return Transaction(
        event_id=f"{pool_id}-{bucket}-{place}",
        pool_id=pool_id,
        resource_id=f"{pool_id}-{place % SERIES_PER_POOL}",
        feed_id="till",
        kind="sale",
        quantity_units=float(rng.integers(1, 30)),
        occurred_at_s=START_S + bucket * HOUR_S + place,
    )


def warm(shard: Shard, pool_ids: Sequence[str]) -> None:
    """Let every series forecast, and fill the open bucket."""
    events: list[InputEvent] = [pool(pool_id) for pool_id in pool_ids]
    rng = np.random.default_rng(shard.partition)
    for bucket in range(WARM_BUCKETS + 1):
        sales = SERIES_PER_POOL * (OPEN_EVENTS if bucket == WARM_BUCKETS else 1)
        for pool_id in pool_ids:
            events.append(Heartbeat(pool_id=pool_id, feed_id="till", complete_until_s=START_S + bucket * HOUR_S))
            events += [sale(pool_id, bucket, place, rng) for place in range(sales)]
    values = [encode(event) for event in events]
    for _ in shard.fold(Records(range(len(values)), [2e9] * len(values), Values.of(values))):
        pass


async def watched(series: int, watched_s: float) -> tuple[float, float, float]:
    """Return the oldest a snapshot got, s, the longest pause, ms, and the bytes of a series."""
    pool_ids = [f"p{number:05d}" for number in range(series // SERIES_PER_POOL)]
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder = Path(name)
        shards, health = Shards(DiskSnapshots(folder / "snapshots", b"k" * 32)), Health("bench")
        skips = SkipList(folder / "skips.jsonl")
        fold = GuardedFold(skips, Attempts(folder / "attempts", "bench", skips))
        views, outputs = Views(shards, MemoryForecastStore(), health), _Outputs()
        settings = Settings(data_dir=folder)
        ingest = Ingest(shards, outputs, views, fold, health, settings, time.time)  # type: ignore[arg-type]
        for partition in range(PARTITIONS):
            own = [pool_id for pool_id in pool_ids if partition_of(pool_id, PARTITIONS) == partition]
            shards.assign("transactions", partition, partitions=PARTITIONS, start_offset=0, end_offset=0)
            warm(shards.held["transactions", partition].shard, own)
        size_bytes = sum(len(held.shard.state()) for held in shards.held.values()) / series
        oldest_s, pause_s = await _look(ingest, shards, watched_s)
    return oldest_s, 1000 * pause_s, size_bytes


async def _look(ingest: Ingest, shards: Shards, watched_s: float) -> tuple[float, float]:
    """Keep every shard moving and its snapshots due, as the worker's timer does; return age and pause, s."""
    beat = encode(Heartbeat(pool_id="nobody", feed_id="till", complete_until_s=START_S))
    oldest_s = pause_s = 0.0
    until_s = time.time() + watched_s
    while time.time() < until_s:
        for place, held in list(shards.held.items()):
            await ingest.take_batch(*place, _one(beat, held.shard.next_offset))
        await ingest.snapshot_due()
        sealed_s = [held.snapshot_wall_s for held in shards.held.values() if held.snapshot_wall_s is not None]
        if len(sealed_s) == PARTITIONS:
            oldest_s = max(oldest_s, time.time() - min(sealed_s))
        pause_s = max(pause_s, *(held.state_s for held in shards.held.values()))
        await asyncio.sleep(SNAPSHOT_CHECK_S)
    return oldest_s, pause_s


def _one(value: bytes, offset: int) -> Stretch:
    """Return a record as the transport hands it over."""
    return Stretch(offset, offset + 1, Records([offset], [2e9], Values.of([value])))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return 1 when a figure misses what it must reach."""
    chosen = options((__doc__ or "").splitlines()[0]).parse_args(arguments)
    figures = []
    for series, (age_s, pause_ms) in BOUNDS.items():
        if chosen.quick and series > min(BOUNDS):
            continue
        measured = asyncio.run(watched(series, QUICK_S if chosen.quick else WATCHED_S + 2 * age_s))
        label = f"{series:,} series of a worker:"
        figures += [
            Figure(f"{label} oldest snapshot", measured[0], "s", age_s, age_s),
            Figure(f"{label} longest pause of the stream", measured[1], "ms", pause_ms, pause_ms),
            Figure(f"{label} snapshot", measured[2] / 1000, "kB/series"),
        ]
    return tell(figures, chosen.json)


if __name__ == "__main__":
    sys.exit(main())
