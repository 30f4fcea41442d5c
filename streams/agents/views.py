"""Pools that changed in, their newest views written to Redis out: by one task, so that a slow Redis holds nobody up.

What waits is a set of pools, not of views: a pool that changes ten times before it is written is written once.
"""

import asyncio
import contextlib
import logging
from itertools import islice
from math import ceil

from streams.errors import UnavailableError
from streams.events import PoolView
from streams.forecast_store import ForecastStore
from streams.health import Health
from streams.shards import Shards

log = logging.getLogger(__name__)

INTERVAL_S = 1.0  # how long a view may wait that only counts have changed; what closed a bucket is written at once
TURNS = 10  # in which such views are written within the interval: all at once would hold up those that matter
LOST_INTERVAL_S = 1.0  # how often Redis is asked whether it still has what was written
RETRY_S = 0.2  # pause after Redis did not take views
READY_S_MAX = 0.25  # how long a tick waits for its view; later it is decided with the reason "stale"
PORTION = 64  # views made and written at once: some 10 ms of work, in which nobody else runs


class Views:
    """The views of all pools of this worker."""

    def __init__(self, shards: Shards, store: ForecastStore, health: Health) -> None:
        self._shards = shards
        self._store = store
        self._health = health
        self._unwritten: dict[str, tuple[str, int]] = {}  # pool -> its shard
        self._urgent: set[str] = set()  # those of them that closed a bucket, or that somebody waits for
        self._under_way: dict[str, tuple[str, int]] = {}  # being written now
        self._wanted = asyncio.Event()  # somebody waits, or a bucket was closed
        self._written = asyncio.Condition()
        self._writing = asyncio.Lock()
        self._known: set[tuple[str, int]] = set()  # shards whose views were all written since they came here
        self._answers = True  # whether Redis took the last write

    def changed(self, pool_ids: set[str], place: tuple[str, int], *, urgent: set[str]) -> None:
        """Have the views of `pool_ids` written: those that are `urgent` at once, the others within `INTERVAL_S`."""
        self._unwritten |= dict.fromkeys(pool_ids, place)
        if urgent:
            self._urgent |= urgent
            self._wanted.set()

    async def ready(self, pool_ids: set[str]) -> None:
        """Return when the views of `pool_ids` are written, or it is not worth waiting: Redis is away or slow."""
        self._urgent |= pool_ids & self._unwritten.keys()
        self._wanted.set()
        async with self._written:
            waiting = self._written.wait_for(lambda: not self._answers or self._has_all(pool_ids))
            try:
                await asyncio.wait_for(waiting, READY_S_MAX)
            except TimeoutError:
                self._health.count("redis:slow")

    async def write(self, *, urgent_only: bool = False) -> None:
        """Write every view that has changed, or is urgent; while Redis is away they wait, and nothing else does."""
        async with self._writing:
            await self._write(urgent_only=urgent_only)

    async def _write(self, *, urgent_only: bool) -> None:
        self._wanted.clear()
        while waiting := self._urgent if urgent_only else self._unwritten:
            self._under_way = {pool_id: self._unwritten[pool_id] for pool_id in islice(waiting, PORTION)}
            for pool_id in self._under_way:
                del self._unwritten[pool_id]
                self._urgent.discard(pool_id)
            try:
                await self._store.write(self._views())
                answers = True
            except UnavailableError as error:
                answers = False
                self._unwritten |= self._under_way
                self._urgent.update(self._under_way)
                self._health.count("redis:unavailable")
                log.warning("%s; %d views wait", error, len(self._unwritten))
            self._under_way = {}
            await self._tell(answers=answers)
            if not answers:
                return

    async def rewrite_lost(self) -> None:
        """Have everything written again when Redis may have lost it, and that of shards which have just come here."""
        try:
            if await self._store.lost():
                self._known.clear()
        except UnavailableError:
            return  # `write` tells it
        for place, held in self._shards.held.items():
            if place not in self._known:
                everyone = set(held.shard.pool_ids())
                self.changed(everyone, place, urgent=everyone)
        self._known = set(self._shards.held)

    async def run(self) -> None:
        """Write for as long as the worker runs."""
        now_s = asyncio.get_running_loop().time
        due_s = now_s()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), max(due_s - now_s(), 0.0))
            if now_s() >= due_s:
                self._urgent.update(islice(self._unwritten, self._turn()))
                due_s = now_s() + INTERVAL_S / TURNS
            await self.write(urgent_only=True)
            if not self._answers:
                await asyncio.sleep(RETRY_S)

    def _turn(self) -> int:
        """Return how many views a turn takes, so that all of the worker's are written within the interval."""
        return ceil(sum(len(held.shard.pool_ids()) for held in self._shards.held.values()) / TURNS)

    def _views(self) -> list[PoolView]:
        shards = [(pool_id, self._shards.held.get(place)) for pool_id, place in self._under_way.items()]
        return [held.shard.view_to_write(pool_id) for pool_id, held in shards if held is not None]

    def _has_all(self, pool_ids: set[str]) -> bool:
        return self._unwritten.keys().isdisjoint(pool_ids) and self._under_way.keys().isdisjoint(pool_ids)

    async def _tell(self, *, answers: bool) -> None:
        self._answers = answers
        async with self._written:
            self._written.notify_all()
