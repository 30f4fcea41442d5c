"""The newest view of each pool: written by compare-and-set, read as `Fresh`, `Stale` or `Missing`.

Redis is a rebuildable view: a write with an older (epoch, next_offset) changes nothing, so replays and zombies
cannot move a pool backwards. `MemoryForecastStore` is held to the same tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from streams.errors import UnavailableError
from streams.events import Cut, PoolView, WorkerHealth, encode

VIEW_KEY = "headgate:view:"  # + pool_id: a hash of epoch, offset and body (JSON of PoolView)
POOLS_KEY = "headgate:pools"  # the set of pool ids that have a view
HEALTH_KEY = "headgate:worker:"  # + worker_id: JSON of WorkerHealth, expires
HEALTH_TTL_S = 15

# KEYS: view, pools. ARGV: epoch, next_offset, body, pool_id. Returns 1 when written.
_COMPARE_AND_SET = """
local epoch, offset = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
if held[1] and (tonumber(held[1]) > epoch or (tonumber(held[1]) == epoch and tonumber(held[2]) > offset)) then
  return 0
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'offset', ARGV[2], 'body', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[4])
return 1
"""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The view is at least as new as asked for, and every forecast in it is valid now."""

    view: PoolView


@dataclass(frozen=True, slots=True)
class Stale:
    """There is a view, but it or its forecasts are too old to be decided from."""

    view: PoolView
    reason: str


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no view, or it has no forecast at all."""

    view: PoolView | None
    reason: str


Reading = Fresh | Stale | Missing


def judge(view: PoolView | None, *, cut: Cut, now_s: float) -> Reading:
    """Return how far `view` can be trusted by a decision cut at `cut` and taken at event time `now_s`."""
    if view is None:
        return Missing(None, "no view of the pool")
    held = (view.cut.epoch, view.cut.next_offset)
    if held < (cut.epoch, cut.next_offset):
        return Stale(view, f"the view ends at {held}, the tick was cut at {(cut.epoch, cut.next_offset)}")
    forecasts = [series.forecast for series in view.series]
    without = sum(forecast is None for forecast in forecasts)
    if without:
        return Missing(view, f"{without} of {len(forecasts)} series have no forecast yet")
    expired = [forecast for forecast in forecasts if forecast is not None and forecast.expires_at_s < now_s]
    if expired:
        oldest_s = min(forecast.as_of_s for forecast in expired)
        return Stale(view, f"{len(expired)} forecasts expired, the oldest is of {now_s - oldest_s:.0f} s ago")
    return Fresh(view)


class ForecastStore(Protocol):
    """Keeps the newest view of each pool. A write with an older cut is refused, not an error."""

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """Write each view that is not older than what is held; return which were written."""
        ...

    async def read(self, pool_id: str) -> PoolView | None:
        """Return the newest view of the pool, or None."""
        ...

    async def pool_ids(self) -> Sequence[str]:
        """Return the pools that have a view, in order."""
        ...


class MemoryForecastStore:
    """The in-memory twin of `RedisForecastStore`."""

    def __init__(self) -> None:
        self._views: dict[str, PoolView] = {}

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """See `ForecastStore`."""
        written = []
        for view in views:
            held = self._views.get(view.pool_id)
            newer = held is None or _place(held) <= _place(view)
            if newer:
                self._views[view.pool_id] = view
            written.append(newer)
        return written

    async def read(self, pool_id: str) -> PoolView | None:
        """See `ForecastStore`."""
        return self._views.get(pool_id)

    async def pool_ids(self) -> Sequence[str]:
        """See `ForecastStore`."""
        return sorted(self._views)


class RedisForecastStore:
    """`ForecastStore` in Redis or Valkey; all views of a call in one pipeline. Raises UnavailableError."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client: Any = client
        self._script: Any = client.register_script(_COMPARE_AND_SET)
        self._decode = msgspec.json.Decoder(PoolView).decode

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """See `ForecastStore`."""
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for view in views:
                    keys = (VIEW_KEY + view.pool_id, POOLS_KEY)
                    arguments = (view.cut.epoch, view.cut.next_offset, encode(view), view.pool_id)
                    await self._script(keys=keys, args=arguments, client=pipeline)
                return [bool(written) for written in await pipeline.execute()]
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not take views: {error}") from error

    async def read(self, pool_id: str) -> PoolView | None:
        """See `ForecastStore`."""
        try:
            body = await self._client.hget(VIEW_KEY + pool_id, "body")
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not give the view of {pool_id}: {error}") from error
        return self._decode(body) if body else None

    async def pool_ids(self) -> Sequence[str]:
        """See `ForecastStore`."""
        try:
            return sorted(name.decode() for name in await self._client.smembers(POOLS_KEY))
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not list pools: {error}") from error

    async def write_health(self, health: WorkerHealth) -> None:
        """Write what a worker says of itself; it expires when the worker falls silent."""
        try:
            await self._client.set(HEALTH_KEY + health.worker_id, encode(health), ex=HEALTH_TTL_S)
        except (RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not take the worker's health: {error}") from error


def _place(view: PoolView) -> tuple[int, int]:
    return (view.cut.epoch, view.cut.next_offset)
