"""Dice in, records of the input topic out: pools that sell, and feeds that double, reorder, delay and send garbage.

The gateway and the world behind it are here too: orders of `actions` are accepted once each, or rejected, and arrive.
"""

from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.events import (
    ActionLine,
    Allocation,
    Clock,
    Command,
    Heartbeat,
    Outcome,
    Transaction,
    Unreadable,
    decode_output,
    encode,
)
from tests.simulation.decisions import Decisions
from tests.simulation.faults import Faults
from tests.simulation.log import BASE_S, Log, Record
from tests.simulation.loop import SimulatedLoop

INPUT = "transactions"
START_S = 1_000_080_000.0  # 2001-09-10 00:00 UTC, a Monday: the run's event time at second 0
DAY_S = 86_400.0
DAYS_PER_S = 1.2
RUN_CLOCK = RunClock(event_origin_s=START_S, wall_origin_s=BASE_S, speed_up=DAYS_PER_S * DAY_S)
BURST_S = 0.1
SENT_AGAIN_S = (0.02, 4.0)
HELD_BACK_S = (0.05, 2.5)


def specs(model: str) -> tuple[PoolSpec, ...]:
    """Return the pools: two that are decided and one that is only watched, on two partitions."""
    long = 1e9  # a tick never expires in a run: each has to be decided
    till = FeedSpec(id="till", silence_s_max=3 * DAY_S)
    web = FeedSpec(id="web", silence_s_max=1.5 * DAY_S)
    mug = ResourceSpec(id="mug", lead_time_periods=1, lost_sale_cost=4.0, holding_cost=1.0)
    plain = {"policy": "base-stock", "forecast": model, "horizon_periods": 3, "decision_window_s": long}
    return (
        PoolSpec(pool_id="north", controlled=True, feeds=(till,), resources=(mug,), **plain),
        PoolSpec(pool_id="south", controlled=True, feeds=(till, web), resources=(mug,), **plain),
        PoolSpec(pool_id="west", feeds=(till,), resources=(mug, ResourceSpec(id="cup")), **plain),
    )


class Feeds:
    """Everybody who appends to the input topic, and operators."""

    def __init__(self, loop: SimulatedLoop, faults: Faults, log: Log, decisions: Decisions, model: str) -> None:
        self._loop, self._faults, self._log, self._decisions = loop, faults, log, decisions
        self.pools = specs(model)
        self._number = 0
        self._accepted: set[str] = set()
        self.ended = False

    def start(self, for_s: float) -> None:
        """Declare the pools, and live for a while."""
        for spec in self.pools:
            self._log.append("catalog", spec.pool_id, encode(spec))
            self._send(spec.pool_id, encode(spec))
            self._send(spec.pool_id, encode(Clock(run_clock=RUN_CLOCK, scope=(spec.pool_id,))))
            for feed in spec.feeds:
                self._promise(spec.pool_id, feed.id, START_S)
            for resource in spec.resources:
                self._transact(spec.pool_id, resource.id, "count", 40.0, START_S)
        self._seen = self._log.watchers["actions"]
        self._log.watchers["actions"] = self._order
        self._until_s = for_s
        for spec in self.pools:
            self._loop.after(self._faults.between(0.0, BURST_S), lambda spec=spec: self._burst(spec))
        self._loop.after(self._faults.between(0.5, 5.0), self._command)

    def end(self) -> None:
        """Promise that all was sent, so that every bucket of the run closes."""
        self.ended = True
        for spec in self.pools:
            for feed in spec.feeds:
                self._promise(spec.pool_id, feed.id, self._event_s())

    def _event_s(self) -> float:
        return RUN_CLOCK.now_s(BASE_S + self._loop.time())

    def _burst(self, spec: PoolSpec) -> None:
        if self._loop.time() > self._until_s:
            return
        rng = self._faults.rng
        for _ in range(rng.randint(1, 3)):
            resource = rng.choice(spec.resources).id
            kind = rng.choice(("sale", "sale", "sale", "sale", "return", "cancellation"))
            units = float(rng.randint(1, 4)) * (1 if kind == "sale" else -1)
            at_s = self._event_s() - rng.random() * 0.3 * DAY_S
            self._transact(spec.pool_id, resource, kind, units, at_s)
        if rng.random() < 0.4:
            feed = rng.choice(spec.feeds)
            self._promise(spec.pool_id, feed.id, self._event_s() - 0.1 * DAY_S)
        self._garbage(spec)
        self._loop.after(self._faults.between(0.3, 1.7) * BURST_S, lambda: self._burst(spec))

    def _transact(self, pool_id: str, resource_id: str, kind: str, units: float, at_s: float) -> None:
        self._number += 1
        rng = self._faults.rng
        name = "" if rng.random() < 0.03 else f"e{self._number}"
        customer = rng.choice((None, "c1", "c2"))
        event = Transaction(
            event_id=name, pool_id=pool_id, resource_id=resource_id, feed_id="till", kind=kind,
            quantity_units=units, occurred_at_s=at_s, customer_key=customer,
        )  # fmt: skip
        data = encode(event)
        if kind == "sale" and self._faults.strikes("reorder"):
            self._loop.after(self._faults.between(*HELD_BACK_S), lambda: self._send(pool_id, data))
            return
        self._send(pool_id, data)
        while name and self._faults.strikes("duplicate"):
            self._loop.after(self._faults.between(*SENT_AGAIN_S), lambda: self._send(pool_id, data))

    def _promise(self, pool_id: str, feed_id: str, until_s: float) -> None:
        self._send(pool_id, encode(Heartbeat(pool_id=pool_id, feed_id=feed_id, complete_until_s=until_s)))

    def _send(self, pool_id: str, data: bytes) -> None:
        self._log.append(INPUT, pool_id, data)

    def _garbage(self, spec: PoolSpec) -> None:
        while self._faults.strikes("garbage"):
            self._send(spec.pool_id, self._bad(spec.pool_id, self._faults.rng.randrange(11)))
        if self._faults.strikes("poison"):
            at_s = self._event_s() - 0.1 * DAY_S
            self._number += 1
            poison = Transaction(
                event_id=f"poison{self._number}", pool_id=spec.pool_id, resource_id="mug", feed_id="till",
                kind="return", quantity_units=-1.0, occurred_at_s=at_s,
            )  # fmt: skip
            self._send(spec.pool_id, encode(poison))

    def _bad(self, pool_id: str, which: int) -> bytes:
        now_s = self._event_s()
        self._number += 1
        fields = {
            "event_id": f"b{self._number}", "pool_id": pool_id, "resource_id": "mug", "feed_id": "till",
            "kind": "sale", "quantity_units": 1.0, "occurred_at_s": now_s,
        }  # fmt: skip
        changes = (
            {"resource_id": "postage"}, {"quantity_units": -2.0}, {"quantity_units": 0.0},
            {"quantity_units": 1e9}, {"kind": "return"}, {"occurred_at_s": now_s + 9 * DAY_S},
            {"occurred_at_s": 5.0}, {"unit_price": 0.0}, {"pool_id": "nowhere"},
        )  # fmt: skip
        if which == 9:
            return self._faults.rng.choice((b"", b"{", b"\xff\xfe", b'{"type":"sale"}', b"[" * 40, b"null"))
        if which == 10:
            return encode(Unreadable(event_id="row 7", pool_id=pool_id, feed_id="till", reason="no date"))
        return encode(Transaction(**(fields | changes[which])))

    def _order(self, record: Record) -> None:
        """Hand each order of an allocation over once, whatever is sent twice."""
        self._seen(record)
        allocation = decode_output(record.value)
        assert isinstance(allocation, Allocation)
        for line in allocation.lines:
            if line.order_units > 0 and line.action_id not in self._accepted:
                self._accepted.add(line.action_id)
                self._loop.after(self._faults.between(0.02, 1.0), lambda line=line: self._hand_over(allocation, line))

    def _hand_over(self, allocation: Allocation, line: ActionLine) -> None:
        rejected = self._faults.rng.random() < 0.15
        times = 2 if self._faults.strikes("doubled outcome") else 1
        outcome = Outcome(
            action_id=line.action_id, tick_id=allocation.tick_id, pool_id=allocation.pool_id,
            resource_id=line.resource_id, status="rejected" if rejected else "applied",
            applied_units=0.0 if rejected else line.order_units, reason="", at_s=self._event_s(),
        )  # fmt: skip
        for _ in range(times):
            self._log.append("outcomes", allocation.pool_id, encode(outcome))
        if rejected:
            return
        self._move(allocation.pool_id, line, "order_accepted", times)
        wait_s = max(line.arrives_at_s - self._event_s(), 0.0) / (DAYS_PER_S * DAY_S)
        self._loop.after(wait_s, lambda: self._move(allocation.pool_id, line, "receipt", times))

    def _move(self, pool_id: str, line: ActionLine, kind: str, times: int) -> None:
        if self.ended:
            return
        if kind == "receipt":
            self._decisions.received.add(line.action_id)
        event = Transaction(
            event_id=f"{kind}/{line.action_id}", pool_id=pool_id, resource_id=line.resource_id, feed_id="gateway",
            kind=kind, quantity_units=line.order_units, occurred_at_s=self._event_s(), action_id=line.action_id,
            due_at_s=line.arrives_at_s,
        )  # fmt: skip
        for _ in range(times):
            self._send(pool_id, encode(event))

    def _command(self) -> None:
        if self._loop.time() > self._until_s:
            return
        rng = self._faults.rng
        pool = rng.choice(self.pools)
        self._number += 1
        command = Command(
            command_id=f"c{self._number}", kind=rng.choice(("hold", "hold", "release")), pool_id=pool.pool_id,
            resource_id=rng.choice((None, "mug")), reason="stocktaking", operator="ann", issued_at_s=0.0,
            expires_at_s=self._event_s() + rng.choice((0.5, 3.0)) * DAY_S,
        )  # fmt: skip
        self._log.append("commands", pool.pool_id, encode(command))
        self._loop.after(self._faults.between(0.5, 4.0), self._command)
