"""Commands, allocations, outcomes, pool specs and policies in, what binds the next decision out: holds, claims, limits.

The topics are the authority and this is a view of them: fold the records again and it is the same. Topics are
read side by side, so an outcome may come before the allocation it belongs to; records that come twice change
nothing, and of two allocations of one tick the first in the topic counts, for every reader. An order counts as on
order from its claim until the ledger knows it (`order_accepted`), it was rejected or expired, or its period of
arrival has begun.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from streams.catalog import PoolSpec
from streams.events import Allocation, Command, Outcome
from streams.policy_events import PolicyAliases, PolicyFile

Record = Command | Allocation | Outcome | PoolSpec | PolicyFile | PolicyAliases

HOLDS_MAX = 100_000  # pools and resources held at some time and not released; only beyond that is the oldest forgotten
CLAIMS_MAX = 100_000  # orders under way that no ledger has confirmed
TICKS_MAX = 100_000  # remembered, so that what was decided once is not decided again, nor counted again
OUTCOMES_MAX = 100_000  # remembered by action id, for allocations that are read after them
POLICIES_MAX = 16  # trained policies kept in memory; the topic holds those that the aliases may need, four at most


@dataclass(frozen=True, slots=True)
class Claimed:
    """An order that was decided and of which the ledger may not know yet."""

    action_id: str
    tick_id: str
    pool_id: str
    resource_id: str
    units: float
    arrives_at_s: float
    valid_until_s: float
    confirmed: bool  # whether the gateway reported it applied


class ControlView:
    """The fold's state. Bounded: the oldest of each kind is forgotten first."""

    def __init__(self) -> None:
        self._specs: dict[str, PoolSpec] = {}
        self._holds: OrderedDict[tuple[str, str | None], Command] = OrderedDict()
        self._claims: OrderedDict[str, Claimed] = OrderedDict()
        self._claims_of: dict[str, set[str]] = {}
        self._ticks: OrderedDict[str, None] = OrderedDict()
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()
        self._policies: OrderedDict[str, PolicyFile] = OrderedDict()  # by version
        self.policy_aliases: PolicyAliases | None = None  # the newest; whoever serves by them checks their seal

    def apply(self, record: Record) -> None:
        """Fold one record."""
        match record:
            case PoolSpec():
                self._specs[record.pool_id] = record
            case Command():
                self._command(record)
            case Allocation():
                self._allocation(record)
            case Outcome():
                self._outcome(record)
            case PolicyFile():
                self._policies[record.version] = record
                self._policies.move_to_end(record.version)
                _bound(self._policies, POLICIES_MAX)
            case PolicyAliases():
                self.policy_aliases = record

    def spec(self, pool_id: str) -> PoolSpec | None:
        """Return the newest declaration of the pool."""
        return self._specs.get(pool_id)

    def policy_file(self, version: str) -> PolicyFile | None:
        """Return a trained policy of which the topic told; nobody has checked its seal yet."""
        return self._policies.get(version)

    def hold(self, pool_id: str, resource_id: str, now_s: float) -> Command | None:
        """Return the hold on the resource, or on its whole pool, that is in force at event time `now_s`."""
        for key in ((pool_id, None), (pool_id, resource_id)):
            held = self._holds.get(key)
            if held is not None and now_s <= held.expires_at_s:
                return held
        return None

    def decided(self, tick_id: str) -> bool:
        """Return whether an allocation of the tick is known: the first one is what counts, no other is sent."""
        return tick_id in self._ticks

    def open_since_s(self, now_s: float) -> float:
        """Return how far back actions and outcomes can still matter to a pool declared, by a clock that runs live.

        An order counts until its period of arrival begins, and a tick may be decided until its window ends.
        """
        spans = [
            now_s
            - spec.periods.shift(now_s, -(1 + max((one.lead_time_periods for one in spec.resources), default=0)))
            + spec.decision_window_s
            for spec in self._specs.values()
            if spec.controlled
        ]
        return now_s - max(spans, default=0.0)

    def claimed(self, pool_id: str, *, tick_id: str, period_start_s: float, now_s: float) -> tuple[Claimed, ...]:
        """Return orders under way when the tick is decided, by id; its own claims are not among them."""
        claims = (self._claims[name] for name in sorted(self._claims_of.get(pool_id, ())))
        return tuple(
            claim
            for claim in claims
            if claim.tick_id != tick_id
            and claim.arrives_at_s > period_start_s
            and (claim.confirmed or now_s <= claim.valid_until_s)
        )

    def ledger_knows(self, action_ids: Iterable[str]) -> None:
        """Forget claims that the ledger has on its books: what becomes of them is told there from now on."""
        for action_id in action_ids:
            self._drop(action_id)

    def _command(self, command: Command) -> None:
        key = (command.pool_id, command.resource_id)
        self._holds.pop(key, None)
        if command.kind == "hold":
            self._holds[key] = command
            _bound(self._holds, HOLDS_MAX)
        elif command.resource_id is None:  # releasing a pool releases all that is in it
            for held in [held for held in self._holds if held[0] == command.pool_id]:
                del self._holds[held]

    def _allocation(self, allocation: Allocation) -> None:
        if allocation.tick_id in self._ticks:
            return
        self._ticks[allocation.tick_id] = None
        _bound(self._ticks, TICKS_MAX)
        for action_id in [
            name
            for name in self._claims_of.get(allocation.pool_id, ())
            if self._claims[name].arrives_at_s <= allocation.period_start_s
        ]:
            self._drop(action_id)
        for line in allocation.lines:
            if not line.order_units > 0:
                continue
            self._claims[line.action_id] = Claimed(
                line.action_id,
                allocation.tick_id,
                allocation.pool_id,
                line.resource_id,
                line.order_units,
                line.arrives_at_s,
                allocation.valid_until_s,
                confirmed=False,
            )
            self._claims_of.setdefault(allocation.pool_id, set()).add(line.action_id)
            if line.action_id in self._outcomes:
                self._resolve(self._outcomes[line.action_id])
        while len(self._claims) > CLAIMS_MAX:
            self._drop(next(iter(self._claims)))

    def _outcome(self, outcome: Outcome) -> None:
        self._outcomes[outcome.action_id] = outcome
        _bound(self._outcomes, OUTCOMES_MAX)
        self._resolve(outcome)

    def _resolve(self, outcome: Outcome) -> None:
        claim = self._claims.get(outcome.action_id)
        if claim is None:
            return
        if outcome.status in ("rejected", "expired") or not outcome.applied_units > 0:
            self._drop(outcome.action_id)
        else:
            self._claims[outcome.action_id] = replace(claim, units=outcome.applied_units, confirmed=True)

    def _drop(self, action_id: str) -> None:
        claim = self._claims.pop(action_id, None)
        if claim is None:
            return
        of_pool = self._claims_of[claim.pool_id]
        of_pool.discard(action_id)
        if not of_pool:
            del self._claims_of[claim.pool_id]


def _bound(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
