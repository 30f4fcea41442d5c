"""Two control agents and one tick: whoever stops, wakes up late or finds Redis empty, one decision is sent."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streams.agents import control as control_module
from streams.agents.control import Control
from streams.claims import MemoryClaims
from streams.errors import UnavailableError
from streams.events import Allocation, Command, decode_output, encode
from streams.forecast_store import MemoryForecastStore
from streams.health import Health
from streams.settings import Settings
from tests.streams.agents.control_world import DAY_S, ORDERED, START_S, spec_of, tick_of, view_of

STEPS = ("caught up", "read", "before the claim", "after the claim")  # where an agent can stand still or die
Stop = Callable[[str], Awaitable[None]]


class Died(BaseException):
    """The process is gone."""


class Topics:
    """What Kafka keeps of `actions`, `outcomes`, `commands` and `catalog`, in the order it came."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def sent(self) -> list[bytes]:
        """Return the allocations."""
        return [data for data in self.records if isinstance(decode_output(data), Allocation)]


class Redis:
    """The claims of a Redis that can be emptied."""

    def __init__(self) -> None:
        self.claims = MemoryClaims()

    def empty(self) -> None:
        """Lose everything."""
        self.claims = MemoryClaims()


async def on(_step: str) -> None:
    """Go on."""


class Agent(Control):
    """A control agent on `Topics` and `Redis`, which calls `stop` at each of `STEPS`."""

    def __init__(self, folder: Path, topics: Topics, redis: Redis, on_hand: float, stop: Stop = on) -> None:
        self.store = MemoryForecastStore()
        super().__init__(Settings(data_dir=folder), self.store, self, Health("w"))
        self._topics, self._redis, self._stop, self._folded = topics, redis, stop, 0
        self._own_view = view_of("shop", on_hand=on_hand)  # agents see different stock: deciding twice would show
        self._view.apply(spec_of("shop"))
        self.feed.caught_up = self._caught_up  # type: ignore[method-assign]

    async def run(self) -> None:
        """Decide the shop's tick."""
        await self.store.write([self._own_view])
        await self.take("ticks", 0, 0, encode(tick_of("shop")), START_S)

    def decisions(self, what: str) -> int:
        """Return one of the counters."""
        return self._health.report([], [], at_s=0.0, rss_bytes=0).counters.get(what, 0)  # type: ignore[attr-defined]

    async def _caught_up(self) -> None:
        for data in self._topics.records[self._folded :]:
            self._view.apply(decode_output(data))  # type: ignore[arg-type]
        self._folded = len(self._topics.records)
        await self._stop("caught up")

    async def _read(self, tick: Any) -> Any:
        view = await super()._read(tick)
        await self._stop("read")
        return view

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        """See `streams.claims.Claims`."""
        await self._stop("before the claim")
        won = await self._redis.claims.claim(tick_id, payload)
        await self._stop("after the claim")
        return won

    async def _send(self, topic: str, key: str, payload: bytes) -> None:  # noqa: ARG002  the method's own
        self._topics.records.append(payload)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between tries."""
    monkeypatch.setattr(control_module, "RETRY_S", (0.0,))


def orders(topics: Topics) -> list[float]:
    """Return what each allocation on the topic orders."""
    return [one.lines[0].order_units for one in map(decode_output, topics.sent()) if isinstance(one, Allocation)]


@pytest.mark.asyncio
@pytest.mark.parametrize("lost", [False, True], ids=["Redis whole", "Redis emptied"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_zombie_never_sends_another_decision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, lost: bool
) -> None:
    """It stands still at any step, its successor decides, Redis may be emptied before or after, it wakes up."""
    topics, redis = Topics(), Redis()
    asleep, wake = asyncio.Event(), asyncio.Event()
    now_s = 0.0

    async def stop(at: str) -> None:
        if at == step and not asleep.is_set():
            asleep.set()
            await wake.wait()

    monkeypatch.setattr(control_module, "time", SimpleNamespace(monotonic=lambda: now_s, time=time.time))
    zombie = Agent(tmp_path, topics, redis, on_hand=12.0, stop=stop)
    task = asyncio.create_task(zombie.run())
    await asyncio.wait_for(asleep.wait(), 30.0)
    if lost:
        redis.empty()
    successor = Agent(tmp_path, topics, redis, on_hand=9.0)
    await successor.run()
    if lost:
        redis.empty()
    now_s += 60.0  # longer than it takes the group to give its partitions away
    wake.set()
    await task

    assert len(set(topics.sent())) == 1
    claimed_first = step == "after the claim" and not lost
    assert set(orders(topics)) == {float(ORDERED) if claimed_first else ORDERED + 3.0}


@pytest.mark.asyncio
@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_before_sending_loses_nothing(tmp_path: Path, step: str) -> None:
    """The successor decides; what was claimed already is sent as it was claimed."""
    topics, redis = Topics(), Redis()

    async def die(at: str) -> None:
        if at == step:
            raise Died

    with pytest.raises(Died):
        await Agent(tmp_path, topics, redis, on_hand=12.0, stop=die).run()
    await Agent(tmp_path, topics, redis, on_hand=9.0).run()

    assert orders(topics) == [float(ORDERED) if step == "after the claim" else ORDERED + 3.0]


@pytest.mark.asyncio
async def test_a_decision_that_is_on_the_topic_is_not_sent_again(tmp_path: Path) -> None:
    """A crash after sending, before the tick was acknowledged: the tick comes again, and Redis has lost the claim."""
    topics, redis = Topics(), Redis()
    await Agent(tmp_path, topics, redis, on_hand=12.0).run()
    redis.empty()
    successor = Agent(tmp_path, topics, redis, on_hand=9.0)
    await successor.run()

    assert orders(topics) == [float(ORDERED)]
    assert successor.decisions("decisions:known") == 1


@pytest.mark.asyncio
async def test_a_hold_binds_an_agent_that_starts_with_an_empty_redis(tmp_path: Path) -> None:
    """It was told on the topic, and nothing but the topic is asked."""
    topics, redis = Topics(), Redis()
    topics.records.append(
        encode(
            Command(
                command_id="1", kind="hold", pool_id="shop", resource_id=None, reason="stocktaking", operator="ann",
                issued_at_s=0.0, expires_at_s=START_S + DAY_S,
            )
        )
    )  # fmt: skip
    redis.empty()
    await Agent(tmp_path, topics, redis, on_hand=12.0).run()

    assert orders(topics) == [0.0]


@pytest.mark.asyncio
async def test_a_view_that_is_behind_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis came back empty: the tick is decided from the view that its worker writes again, not from none."""
    topics, redis = Topics(), Redis()
    agent = Agent(tmp_path, topics, redis, on_hand=12.0)
    tries = 0

    async def empty_at_first(pool_id: str) -> Any:
        nonlocal tries
        tries += 1
        return agent._own_view if tries > 3 else None

    monkeypatch.setattr(agent.store, "read", empty_at_first)
    await agent.run()

    assert orders(topics) == [float(ORDERED)]
    assert agent.decisions("decisions:retried") == 3


@pytest.mark.asyncio
async def test_views_that_stay_away_are_waited_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their worker is gone: after the bound the tick is decided without, and so is the next one at once."""
    topics, redis = Topics(), Redis()
    agent = Agent(tmp_path, topics, redis, on_hand=12.0)
    now_s = 0.0

    async def nothing(pool_id: str) -> None:
        nonlocal now_s
        now_s += 1.0

    monkeypatch.setattr(control_module, "time", SimpleNamespace(monotonic=lambda: now_s, time=time.time))
    monkeypatch.setattr(agent.store, "read", nothing)
    await agent.run()
    tried = agent.decisions("decisions:retried")
    await agent.take("ticks", 0, 1, encode(tick_of("shop", 2)), START_S)

    assert tried == control_module.VIEW_S_MAX
    assert agent.decisions("decisions:retried") == tried
    assert agent.decisions("decisions:hold") == 2


@pytest.mark.asyncio
async def test_a_claim_without_redis_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for until Redis answers; meanwhile nothing is sent."""
    topics, redis = Topics(), Redis()
    agent = Agent(tmp_path, topics, redis, on_hand=12.0)
    sent_meanwhile = []

    async def away(tick_id: str, payload: bytes) -> bytes:
        sent_meanwhile.append(len(topics.sent()))
        if len(sent_meanwhile) < 5:
            raise UnavailableError("Redis does not take the claim")
        return payload

    monkeypatch.setattr(redis.claims, "claim", away)
    await agent.run()

    assert sent_meanwhile == [0] * 5
    assert orders(topics) == [float(ORDERED)]
