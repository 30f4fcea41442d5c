"""The control agent: ticks in, claimed and acknowledged allocations on the topic `actions` out.

Per tick: catch up with holds and claims, read the pool's view, decide (pure: `streams.decide`), claim, send, wait
for the broker, acknowledge the tick. A tick whose allocation is on the topic already is done; one that was claimed
and not sent is sent as claimed. A tick that cannot be decided now is tried again until it expires; one that never
can goes to the dead letters. Nothing a tick does stops the stream.
"""

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

import faust
import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.agents.control_feed import ControlFeed
from streams.claims import Claims
from streams.connections import kafka_options
from streams.control_view import ControlView
from streams.decide import decide
from streams.errors import UnavailableError
from streams.events import Allocation, DeadLetter, PoolView, Tick, decode_output, encode
from streams.forecast_store import ForecastStore, judge
from streams.keys import seal_key
from streams.lineups import Lineups
from streams.settings import Settings
from streams.topics import ACTIONS, DEAD_LETTERS, MESSAGE_BYTES_MAX, TICKS

log = logging.getLogger(__name__)

VIEW_S_MAX = 6.0  # how long ticks are put off whose view is behind: Redis was slow, or lost it and is filled again
STANDSTILL_S_MAX = 4.0  # between two steps of a decision: with a heartbeat, below the session's 6 s, after which
# somebody else may have decided
RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # pauses when Redis or Kafka does not answer; the last repeats
STOP_S_MAX = 5.0  # how long a producer may take to let go
STANDING_S_MAX = 120.0  # wall time after which a tick is given up whose event time stands still: it never expires


class DecisionHealth(Protocol):
    """Where the agent reports to; `streams.health.Health` is one."""

    def count(self, what: str, by: int = 1) -> None:
        """Count `by` more of `what`, e.g. "decisions:policy"."""
        ...

    def decided_in(self, duration_s: float) -> None:
        """Take note of the time from reading a view to the acknowledged action."""
        ...


class Control:
    """Decides ticks, one after the other."""

    def __init__(self, settings: Settings, store: ForecastStore, claims: Claims, health: DecisionHealth) -> None:
        self._settings = settings
        self._store = store
        self._claims = claims
        self._health = health
        self._view = ControlView()
        self._lineups = Lineups(self._view, settings.data_dir, partial(seal_key, settings))
        self._producer: Any = None
        self._behind_since_s: float | None = None  # monotonic; views have been behind their ticks since
        self.feed = ControlFeed(settings, self._view, _wall_s)

    async def take(self, topic: str, partition: int, offset: int, data: bytes, wall_s: float) -> None:
        """Decide one record of `ticks`; raises nothing but cancellation."""
        try:
            tick = decode_output(data)
            if not isinstance(tick, Tick):
                raise msgspec.ValidationError(f"a {type(tick).__name__} is no tick")  # noqa: TRY301  one kind of bad
            await self._until_decided(tick)
        except msgspec.MsgspecError as error:
            await self._park(topic, partition, offset, data, wall_s, "bad-tick", str(error))
        except Exception as error:  # a fault of ours: this tick is lost, the pool's next one is not
            log.exception("deciding %s/%d/%d failed", topic, partition, offset)
            await self._park(topic, partition, offset, data, wall_s, "undecided", type(error).__name__)

    async def stop(self) -> None:
        """Let go of Kafka."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with suppress(TimeoutError):  # what it still holds was not acknowledged, and is sent again by the next
                async with asyncio.timeout(STOP_S_MAX):
                    await producer.stop()

    async def _until_decided(self, tick: Tick) -> None:
        since_s, tries = time.monotonic(), 0
        while True:
            if not tick.run_clock.now_s(_wall_s()) <= tick.valid_until_s:
                self._health.count("decisions:expired")
                return
            try:
                await self._decide(tick)
            except UnavailableError as error:
                pause_s = RETRY_S[min(tries, len(RETRY_S) - 1)]
                tries += 1
                self._health.count("decisions:retried")
                log.warning("tick %s is tried again in %.2f s: %s", tick.tick_id, pause_s, error)
                if tick.run_clock.speed_up <= 0 and time.monotonic() - since_s > STANDING_S_MAX:
                    raise
                await asyncio.sleep(pause_s)
            else:
                return

    async def _decide(self, tick: Tick) -> None:
        since_s = time.monotonic()
        await self.feed.caught_up()
        since_s = _awake(since_s)
        if self._view.decided(tick.tick_id):
            self._health.count("decisions:known")
            return
        spec = self._view.spec(tick.pool_id)
        if spec is None or not spec.controlled:
            self._health.count("decisions:uncontrolled" if spec else "decisions:unknown-pool")
            return
        started_s = since_s
        view = await self._read(tick)
        since_s = _awake(since_s)
        if view is not None:
            self._view.ledger_knows(order.action_id for series in view.series for order in series.on_order)
        now_s = tick.run_clock.now_s(_wall_s())
        reading = judge(view, cut=tick.cut, now_s=now_s)
        allocation = decide(tick, reading, spec, self._lineups.of(spec.policy), self._view, now_s)
        if allocation is None:
            self._health.count("decisions:expired")
            return
        payload = await self._claims.claim(tick.tick_id, encode(allocation))
        _awake(since_s)
        await self._send(ACTIONS.name, tick.pool_id, payload)
        self._health.decided_in(time.monotonic() - started_s)
        sent = decode_output(payload)
        assert isinstance(sent, Allocation), "only allocations are claimed"
        self._view.apply(sent)  # the next tick sees it even before the topic brings it back
        self._health.count(f"decisions:{sent.decided_by}")
        self._count_lines(sent)

    def _count_lines(self, sent: Allocation) -> None:
        for line in sent.lines:
            self._health.count(f"lines:{line.role or sent.decided_by}")
            if line.shadow_units is not None:
                self._health.count("units:decided", round(line.order_units))
                self._health.count("units:shadow", round(line.shadow_units))

    async def _read(self, tick: Tick) -> PoolView | None:
        """Return the pool's view; raise UnavailableError while one as new as the tick may still come."""
        view = await self._store.read(tick.pool_id)
        wanted = (tick.cut.epoch, tick.cut.next_offset)
        if view is not None and (view.cut.epoch, view.cut.next_offset) >= wanted:
            self._behind_since_s = None
            return view
        now_s = time.monotonic()
        if self._behind_since_s is None:
            self._behind_since_s = now_s
        if now_s - self._behind_since_s < VIEW_S_MAX:
            raise UnavailableError(f"the view of {tick.pool_id} in Redis is {'behind' if view else 'not there'}")
        return view

    async def _send(self, topic: str, key: str, payload: bytes) -> None:
        try:
            if self._producer is None:
                self._producer = await _started(self._settings)
            await self._producer.send_and_wait(topic, payload, key=key.encode())
        except (KafkaError, OSError) as error:
            await self.stop()  # it may have failed for good; the next try gets a new one
            raise UnavailableError(f"{topic} does not take a message: {error}") from error

    async def _park(
        self, topic: str, partition: int, offset: int, data: bytes, wall_s: float, rule: str, message: str
    ) -> None:
        self._health.count(f"dead:{rule}")
        letter = DeadLetter(
            topic=topic, partition=partition, offset=offset, rule=rule, message=message, pool_id=None, event_id=None,
            at_s=wall_s, size_bytes=len(data),
        )  # fmt: skip
        try:
            await self._send(DEAD_LETTERS.name, f"{topic}/{partition}/{offset}", encode(letter))
        except UnavailableError as error:  # the record stays where it is, and the log says where
            log.warning("%s/%d/%d is no tick to decide (%s: %s); %s", topic, partition, offset, rule, message, error)


def _awake(since_s: float) -> float:
    """Return the time; raise UnavailableError when so much has gone by since the last step that others took over."""
    now_s = time.monotonic()
    if now_s - since_s > STANDSTILL_S_MAX:
        raise UnavailableError(f"this process stood still for {now_s - since_s:.0f} s, so another may have decided")
    return now_s


def _wall_s() -> float:
    return time.time()  # noqa: TID251  an edge: the tick's run clock maps it to event time


async def _started(settings: Settings) -> Any:
    producer = AIOKafkaProducer(
        **kafka_options(settings),
        client_id=f"headgate-{settings.worker_id}-control",
        acks="all",
        enable_idempotence=True,
        max_request_size=4 * MESSAGE_BYTES_MAX,
    )
    try:
        await producer.start()
    except BaseException:
        await producer.stop()
        raise
    return producer


def add_control(
    app: faust.App, settings: Settings, store: ForecastStore, claims: Claims, health: DecisionHealth
) -> None:
    """Register the agent of `ticks`, and the task that keeps its control view."""
    control = Control(settings, store, claims, health)
    ticks = app.topic(TICKS.name, value_serializer="raw", key_serializer="raw")

    @app.task  # type: ignore[untyped-decorator]
    async def follow_control_topics() -> None:
        try:
            await control.feed.follow()
        finally:
            await control.stop()

    @app.agent(ticks, name="control")
    async def control_agent(stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            await control.take(
                message.topic, message.partition, message.offset, message.value or b"", message.timestamp
            )
            event.ack()
