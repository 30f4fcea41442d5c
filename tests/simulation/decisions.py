"""Each decision of the control agent in, what it should have known and did not out.

Truth is what was in `actions`, `outcomes` and `commands` when the tick was handed to the agent: it may know more, never
less. A tick is decided once. Only when Redis has lost its claim may two who both think that they own it send what each
decided, at nearly the same time; the gateway and the control view take the first.
"""

from collections.abc import Callable
from typing import Any

from streams.events import Allocation, Command, Outcome, Tick, decode_output
from tests.simulation.log import Log, Record
from tests.simulation.loop import CURRENT

TOGETHER_S_MAX = 6.0  # the agent looks again after standing still for 3 s; the rest is on its way


class Decisions:
    """What was decided, and what bound it."""

    def __init__(self, log: Log, violated: Callable[[str], None], lost_claims: set[str]) -> None:
        self.allocations: list[Allocation] = []  # the first of each tick, as they came
        self.outcomes: list[Outcome] = []
        self.commands: list[Command] = []
        self.received: set[str] = set()  # actions that have arrived
        self.doubled = 0  # ticks decided by two at once
        self._first: dict[str, Record] = {}
        self._violated = violated
        self._lost_claims = lost_claims
        log.watchers["actions"] = self._action
        log.watchers["outcomes"] = lambda record: self.outcomes.append(decode_output(record.value))  # type: ignore[arg-type]
        log.watchers["commands"] = lambda record: self.commands.append(decode_output(record.value))  # type: ignore[arg-type]

    @property
    def truth(self) -> tuple[int, int, int]:
        """Return how far the topics are."""
        return len(self.allocations), len(self.outcomes), len(self.commands)

    @property
    def ticks(self) -> set[str]:
        """Return the ticks that were decided."""
        return set(self._first)

    def watched(self, decide: Callable[..., Allocation | None]) -> Callable[..., Allocation | None]:
        """Return `decide`, with what it is given and returns checked."""

        def checked(tick: Tick, reading: Any, spec: Any, policy: Any, control: Any, now_s: float) -> Allocation | None:
            allocation = decide(tick, reading, spec, policy, control, now_s)
            if allocation is not None:
                self._check_holds(tick, allocation, now_s)
                self._check_orders(tick, reading, control, allocation, now_s)
            return allocation

        return checked

    def _action(self, record: Record) -> None:
        allocation = decode_output(record.value)
        assert isinstance(allocation, Allocation)
        first = self._first.setdefault(allocation.tick_id, record)
        if first is record:
            self.allocations.append(allocation)
        elif first.value != record.value:
            self.doubled += 1
            apart_s = (record.timestamp - first.timestamp) / 1000
            if allocation.tick_id not in self._lost_claims or apart_s > TOGETHER_S_MAX:
                self._violated(f"tick {allocation.tick_id} was decided again, {apart_s:.2f} s after the first time")

    def _check_holds(self, tick: Tick, allocation: Allocation, now_s: float) -> None:
        until = CURRENT.get().truth[2]
        later = self.commands[until:]
        if any(command.pool_id == tick.pool_id for command in later):
            return  # on its way: either is right
        holds: dict[str | None, float] = {}
        for command in self.commands[:until]:
            if command.pool_id != tick.pool_id:
                continue
            if command.kind == "hold":
                holds[command.resource_id] = command.expires_at_s
            elif command.resource_id is None:
                holds.clear()
            else:
                holds.pop(command.resource_id, None)
        for line in allocation.lines:
            held = any(now_s <= holds.get(key, 0.0) for key in (None, line.resource_id))
            if held and line.order_units > 0:
                self._violated(f"{line.action_id} orders {line.order_units} although it is held")

    def _check_orders(self, tick: Tick, reading: Any, control: Any, allocation: Allocation, now_s: float) -> None:
        if reading.view is None or not any(line.order_units > 0 for line in allocation.lines):
            return
        known = {order.action_id for series in reading.view.series for order in series.on_order}
        claims = control.claimed(tick.pool_id, tick_id=tick.tick_id, period_start_s=tick.period_start_s, now_s=now_s)
        known |= {claim.action_id for claim in claims}
        known |= self.received | {one.action_id for one in self.outcomes if one.status == "rejected"}
        others = [
            one
            for one in self.allocations[: CURRENT.get().truth[0]]
            if one.pool_id == tick.pool_id and one.tick_id != tick.tick_id
        ]
        # An order is under way until a tick was decided at whose period's start it had to be there.
        reached_s = max([tick.period_start_s, *(one.period_start_s for one in others)])
        for line in (line for one in others for line in one.lines):
            if line.order_units > 0 and line.arrives_at_s > reached_s and line.action_id not in known:
                self._violated(f"tick {tick.tick_id} was decided without knowing the order {line.action_id}")
