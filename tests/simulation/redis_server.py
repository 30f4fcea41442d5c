"""Views and claims in, what is held out: a Redis that refuses, answers late, does late what was given up, and forgets.

The compare-and-set itself is the product's (`MemoryForecastStore`, `MemoryClaims`); its promise is checked after each
write.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from streams.claims import MemoryClaims
from streams.errors import UnavailableError
from streams.events import PoolView
from streams.forecast_store import MemoryForecastStore
from tests.simulation.loop import SimulatedLoop
from tests.simulation.process import Process

T = TypeVar("T")
SLOW_S = (0.05, 1.5)


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that never waits."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the in-memory twin waited")


class RedisServer:
    """What all workers write to."""

    def __init__(self, loop: SimulatedLoop, store: type[MemoryForecastStore], violated: Callable[[str], None]) -> None:
        self._store = store
        self._violated = violated
        self._loop = loop
        self.views = store()
        self.claims = MemoryClaims()
        self.lost_claims: set[str] = set()  # ticks
        self._claimed: set[str] = set()
        self.life = 0  # of the server: another one after each loss
        self._highest: dict[str, tuple[int, int]] = {}
        self._replica: Sequence[PoolView | None] = ()

    def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """Write views; nothing that is held may move backwards."""
        written = at_once(self.views.write(views))
        for view in views:
            held = at_once(self.views.read(view.pool_id))
            place = (held.cut.epoch, held.cut.next_offset) if held else (-1, -1)
            if place < self._highest.get(view.pool_id, (-1, -1)):
                self._violated(f"the view of {view.pool_id} went back from {self._highest[view.pool_id]} to {place}")
            self._highest[view.pool_id] = place
        return written

    def claim(self, tick_id: str, payload: bytes) -> bytes:
        """Claim a tick."""
        self._claimed.add(tick_id)
        return at_once(self.claims.claim(tick_id, payload))

    def empty(self) -> None:
        """Forget everything."""
        self.views, self.claims = self._store(), MemoryClaims()
        self._begin_anew()

    def go_back(self, pool_ids: Sequence[str]) -> None:
        """Have a replica that is behind take over: claims and newer views are gone."""
        before = self._replica
        self.empty()
        at_once(self.views.write([view for view in before if view is not None]))
        self._replica = [at_once(self.views.read(pool_id)) for pool_id in pool_ids]

    def replicate(self, pool_ids: Sequence[str]) -> None:
        """Have the replica catch up."""
        self._replica = [at_once(self.views.read(pool_id)) for pool_id in pool_ids]

    def _begin_anew(self) -> None:
        self.life += 1
        self._highest.clear()
        self.lost_claims |= self._claimed
        self._claimed.clear()


class RedisClient:
    """One process's connection: `ForecastStore` and `Claims` in one."""

    def __init__(self, process: Process, server: RedisServer) -> None:
        self._process = process
        self._server = server
        self._life = -1

    async def write(self, views: Sequence[PoolView]) -> Sequence[bool]:
        """See `ForecastStore`."""
        return await self._ask("writes views", lambda: self._server.write(views))

    async def read(self, pool_id: str) -> PoolView | None:
        """See `ForecastStore`."""
        return await self._ask("reads a view", lambda: at_once(self._server.views.read(pool_id)))

    async def lost(self) -> bool:
        """See `ForecastStore`."""
        before, self._life = self._life, await self._ask("asks whether all is there", lambda: self._server.life)
        return before != self._life

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        """See `Claims`."""
        return await self._ask(f"claims {tick_id}", lambda: self._server.claim(tick_id, payload))

    async def _ask(self, what: str, effect: Callable[[], T]) -> T:
        process, faults = self._process, self._process.faults
        if faults.strikes("redis failed"):
            await process.request(f"{what}: refused", lambda: None)
            raise UnavailableError("simulated: Redis refused")
        if faults.strikes("redis timed out"):
            process.tell(process.name, what, "and hears nothing")
            await process.request(
                f"{what}: no answer", lambda: process.loop.after(faults.between(*SLOW_S), lambda: effect() and None)
            )
            raise UnavailableError("simulated: Redis did not answer in time")
        process.tell(process.name, what)
        slow_s = faults.between(*SLOW_S) if faults.strikes("redis slow") else None
        return await process.request(what, effect, slow_s)
