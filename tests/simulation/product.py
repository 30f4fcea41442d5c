"""A simulated process in, the product's parts on it out, put together as `streams.worker.build` does.

A bug put back on purpose is a `Product` with another part in one place (see `bugs.py`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.agents.control import add_control
from streams.agents.ingest import Ingest, add_ingest
from streams.agents.views import Views
from streams.attempts import Attempts
from streams.forecast_store import MemoryForecastStore
from streams.guarded_fold import GuardedFold
from streams.health import Health
from streams.outputs import Outputs
from streams.pacemaker import beat
from streams.settings import Settings
from streams.shards import Shards
from streams.skips import SkipList
from tests.simulation.disk import DiskClient
from tests.simulation.log import BASE_S
from tests.simulation.redis_server import RedisClient


@dataclass(slots=True)
class Parts:
    """What the simulated process asks of the product in it."""

    ingest: Ingest
    shards: Shards
    assign: Callable[[str, int, int, dict[tuple[str, int], int]], Awaitable[int]]
    beat: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Product:
    """Which classes and functions of the product a run uses."""

    ingest: type[Ingest] = Ingest
    shards: type[Shards] = Shards
    outputs: type[Outputs] = Outputs
    fold: type[GuardedFold] = GuardedFold
    skips: type[SkipList] = SkipList
    views: type[Views] = Views
    store: type[MemoryForecastStore] = MemoryForecastStore
    add_ingest: Callable[..., None] = add_ingest
    add_control: Callable[..., None] = add_control
    chances: Mapping[str, float] = field(default_factory=dict)  # of faults under which a bug shows soonest
    worker: type[Any] | None = None  # of `tests.simulation.worker.Worker`
    patches: tuple[tuple[str, Any], ...] = ()  # dotted name and what stands there instead
    reads_on: Callable[[int, int, int], int] = field(default=lambda snapshot, _committed, _end: snapshot)

    async def build(self, app: Any, worker: Any, world: Any) -> Parts:
        """Return a worker's parts, its agents registered with `app`."""
        folder = world.folder / (worker.slot if world.own_disks else "shared")
        settings = Settings(data_dir=folder, worker_id=worker.slot, snapshot_interval_s=world.snapshot_interval_s)
        shards = self.shards(DiskClient(worker, world.disk(worker.slot)))
        outputs = self.outputs(settings)
        await outputs.start()
        health = Health(worker.slot)
        client: Any = RedisClient(worker, world.redis)
        skips = self.skips(folder / "skips.jsonl")
        attempts = Attempts(folder, worker.slot, skips)
        views = self.views(shards, client, health)
        ingest = self.ingest(
            shards, outputs, views, self.fold(skips, attempts), health, settings, lambda: BASE_S + worker.loop.time()
        )
        self.add_ingest(app, ingest)
        self.add_control(app, settings, client, client, health)

        async def assign(topic: str, partition: int, end: int, committed: dict[tuple[str, int], int]) -> int:
            place = shards.assign(topic, partition, partitions=world.partitions, start_offset=0, end_offset=end)
            at = self.reads_on(place, committed.get((topic, partition), 0), end)
            if at != place:
                shards.held[topic, partition].shard.next_offset = at
            return at

        return Parts(ingest, shards, assign, lambda: beat(outputs))
