"""The newest view of each pool: written by compare-and-set, read as `Fresh`, `Stale` or `Missing`.

Redis is a rebuildable view: a write with an older (epoch, next_offset) changes nothing, so replays and zombies
cannot move a pool backwards. Whether it still has what was written is asked by `lost`: a mark in Redis is gone when
it was emptied, and a server that restarted or took over has another run id. `MemoryForecastStore` is held to the
same tests.
"""

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import Any, Protocol

import msgspec
import redis.asyncio
from redis.exceptions import NoScriptError

from streams.events import Cut, PoolView, encode
from streams.health_events import WorkerHealth
from streams.redis_answers import answered, raise_first

VIEW_KEY = "headgate:view:"  # + pool_id: a hash of epoch, offset and body (JSON of PoolView)
POOLS_KEY = "headgate:pools"  # the set of pool ids that have a view
HEALTH_KEY = "headgate:worker:"  # + worker_id: JSON of WorkerHealth, expires
HEALTH_TTL_S = 15

MARK_KEY = "headgate:mark"  # set by whoever finds it missing: another mark means that Redis was emptied meanwhile
PIPELINE_BYTES_MAX = 2 * 1024 * 1024  # views sent at once; more go in further pipelines, so that memory stays bounded

# KEYS: view. ARGV: epoch, next_offset, body. Returns 1 when written.
_COMPARE_AND_SET = """
local epoch, offset = tonumber(ARGV[1]), tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
if held[1] and (tonumber(held[1]) > epoch or (tonumber(held[1]) == epoch and tonumber(held[2]) > offset)) then
  return 0
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'offset', ARGV[2], 'body', ARGV[3])
return 1
"""
_DECODE = msgspec.json.Decoder(PoolView).decode
_SHA = sha1(_COMPARE_AND_SET.encode(), usedforsecurity=False).hexdigest()  # as Redis names scripts


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

    async def lost(self) -> bool:
        """Return whether something written may be gone since this was last asked, so that all is written again."""
        ...


class MemoryForecastStore:
    """The in-memory twin of `RedisForecastStore`."""

    def __init__(self) -> None:
        self._views: dict[str, PoolView] = {}
        self._asked = False

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """See `ForecastStore`."""
        written = []
        for view in views:
            held = self._views.get(view.pool_id)
            newer = held is None or _place(held) <= _place(view)
            if newer:
                self._views[view.pool_id] = _DECODE(encode(view))
            written.append(newer)
        return written

    async def read(self, pool_id: str) -> PoolView | None:
        """See `ForecastStore`."""
        return self._views.get(pool_id)

    async def lost(self) -> bool:
        """See `ForecastStore`."""
        asked, self._asked = self._asked, True
        return not asked


class RedisForecastStore:
    """`ForecastStore` in Redis or Valkey; all views of a call in one pipeline. Raises UnavailableError."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client: Any = client
        self._life: tuple[bytes, str] | None = None  # the mark and the server's run id when `lost` was last asked

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """See `ForecastStore`."""
        written: list[bool] = []
        for bodies in _portions(views):
            async with answered(self._client, f"Redis does not take {len(bodies)} views"):
                written += await self._write(bodies)
        return written

    async def read(self, pool_id: str) -> PoolView | None:
        """See `ForecastStore`."""
        async with answered(self._client, f"Redis does not give the view of {pool_id}"):
            body = await self._client.hget(VIEW_KEY + pool_id, "body")
        return _DECODE(body) if body else None

    async def lost(self) -> bool:
        """See `ForecastStore`. True the first time; one round trip, so ask each second."""
        async with answered(self._client, "Redis does not say whether it still has all"):
            async with self._client.pipeline(transaction=False) as pipeline:
                pipeline.get(MARK_KEY)
                pipeline.info("server")
                mark, server = await pipeline.execute(raise_on_error=False)
            raise_first([mark])
            run_id = server.get("run_id", "") if isinstance(server, dict) else ""  # an ACL may keep INFO from us
            if mark is None:
                own = secrets.token_hex(8).encode()
                mark = await self._client.set(MARK_KEY, own, nx=True, get=True) or own
        before, self._life = self._life, (bytes(mark), run_id)
        return before != self._life

    async def write_health(self, health: WorkerHealth) -> None:
        """Write what a worker says of itself; it expires when the worker falls silent."""
        async with answered(self._client, "Redis does not take the worker's health"):
            await self._client.set(HEALTH_KEY + health.worker_id, encode(health), ex=HEALTH_TTL_S)

    async def _write(self, bodies: Sequence[tuple[PoolView, bytes]]) -> list[bool]:
        answers = await self._compare_and_set(bodies)
        if any(isinstance(answer, NoScriptError) for answer in answers):  # a new or flushed server
            await self._client.script_load(_COMPARE_AND_SET)
            answers = await self._compare_and_set(bodies)
        raise_first(answers)
        return [bool(answer) for answer in answers[:-1]]

    async def _compare_and_set(self, bodies: Sequence[tuple[PoolView, bytes]]) -> list[Any]:
        async with self._client.pipeline(transaction=False) as pipeline:
            for view, body in bodies:
                pipeline.evalsha(_SHA, 1, VIEW_KEY + view.pool_id, view.cut.epoch, view.cut.next_offset, body)
            pipeline.sadd(POOLS_KEY, *(view.pool_id for view, _ in bodies))
            return list(await pipeline.execute(raise_on_error=False))


def _portions(views: Sequence[PoolView]) -> Iterator[list[tuple[PoolView, bytes]]]:
    """Yield the views with their bodies, as many at a time as `PIPELINE_BYTES_MAX` holds, at least one."""
    portion: list[tuple[PoolView, bytes]] = []
    size_bytes = 0
    for view in views:
        body = encode(view)
        if portion and size_bytes + len(body) > PIPELINE_BYTES_MAX:
            yield portion
            portion, size_bytes = [], 0
        portion.append((view, body))
        size_bytes += len(body)
    if portion:
        yield portion


def _place(view: PoolView) -> tuple[int, int]:
    return (view.cut.epoch, view.cut.next_offset)
