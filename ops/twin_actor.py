"""One pool of a twin: its recorded lines in, its history, its orders and its periods as events out. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ops.journal import Lived
from ops.recorded_demand import RecordedPeriod, recorded_periods
from ops.twin_world import JUST_BEFORE_S, PoolWorld, Tally
from streams.catalog import PoolSpec
from streams.clock import RunClock
from streams.errors import ConfigurationError
from streams.events import ActionLine, Allocation, Clock, Heartbeat, Transaction
from streams.periods import utc_text

Told = Transaction | Heartbeat | Clock


@dataclass(slots=True)
class Actor:
    """A pool with its world, its recorded periods, and where in them it is."""

    spec: PoolSpec
    start_s: float  # of control
    history: Sequence[Transaction]
    periods: Sequence[RecordedPeriod]
    world: PoolWorld = field(init=False)
    lived: int = 0

    def __post_init__(self) -> None:
        """Put the opening stock on the shelves."""
        self.world = PoolWorld(self.spec)

    @property
    def now_s(self) -> float:
        """Return the pool's event time: the start of the period that is about to be lived through."""
        return self.periods[self.lived - 1].end_s if self.lived else self.start_s

    @property
    def is_done(self) -> bool:
        """Return whether every recorded period was lived through."""
        return self.lived == len(self.periods)

    def begin(self) -> list[Told]:
        """Return the past: the clock at the start of control, history with its promises, and the opening count.

        The promise of the last period is left out: it closes the last bucket, and with it the first tick is cut.
        """
        told: list[Told] = [_clock(self.spec, self.start_s)]
        before_s = self.spec.periods.shift(self.start_s, -1)
        first_s = self.history[0].occurred_at_s if self.history else before_s
        edge_s = min(self.spec.periods.start_of(first_s), before_s)
        place = 0
        while edge_s < self.start_s:
            told += self.promises(edge_s)
            edge_s = self.spec.periods.shift(edge_s, 1)
            while place < len(self.history) and self.history[place].occurred_at_s < edge_s:
                told.append(self.history[place])
                place += 1
        return told + self.world.count(self.start_s - JUST_BEFORE_S)

    def promises(self, until_s: float) -> list[Heartbeat]:
        """Return each feed's word that all before `until_s` was told."""
        pool_id = self.spec.pool_id
        return [Heartbeat(pool_id=pool_id, feed_id=feed.id, complete_until_s=until_s) for feed in self.spec.feeds]

    def order(self, line: ActionLine) -> Transaction:
        """Place one order of the period about to be lived through; return the event that says so."""
        resource = self.spec.resource(line.resource_id)
        assert resource is not None  # the gateway lets no unknown resource through
        due_at_s = self.spec.periods.shift(self.now_s, resource.lead_time_periods)
        return self.world.order(line.action_id, resource.id, line.order_units, at_s=self.now_s, due_at_s=due_at_s)

    def live(self, decided: Allocation | None) -> tuple[list[Told], list[Lived]]:
        """Live through the next period; return its events, the clock moved on first, and the journal's rows."""
        period = self.periods[self.lived]
        events, tallies = self.world.play(period)
        self.lived += 1
        return [_clock(self.spec, period.end_s), *events], lived_rows(self.spec, period, tallies, decided)


def actor(
    spec: PoolSpec, lines: Sequence[Transaction], *, control_from_s: float, until_s: float | None = None
) -> Actor:
    """Return the pool `spec` with what `lines`, in time order, hold of it; raise ConfigurationError when it has none.

    Control starts with the period of `control_from_s` and ends with the last whole one before `until_s`, or with
    the last recorded line of any pool.
    """
    start_s = spec.periods.start_of(control_from_s)
    if until_s is None:
        last_s = lines[-1].occurred_at_s if lines else start_s
        until_s = spec.periods.shift(spec.periods.start_of(last_s), 1)
    periods = recorded_periods(lines, spec, from_s=start_s, until_s=until_s)
    if not periods:
        span = f"{utc_text(start_s)} and {utc_text(until_s)}"
        raise ConfigurationError(f"pool {spec.pool_id}: no whole recorded {spec.period} lies between {span}")
    longest_s = max(period.end_s - period.start_s for period in periods)
    for feed in spec.feeds:
        if feed.silence_s_max < longest_s:
            raise ConfigurationError(
                f"pool {spec.pool_id}: feed {feed.id} counts as silent after {feed.silence_s_max:.0f} s, but the twin "
                f"moves {longest_s:.0f} s at a time; raise its silence_s_max"
            )
    history = [line for line in lines if line.pool_id == spec.pool_id and line.occurred_at_s < start_s]
    return Actor(spec, start_s, history, periods)


def lived_rows(
    spec: PoolSpec, period: RecordedPeriod, tallies: Mapping[str, Tally], decided: Allocation | None
) -> list[Lived]:
    """Return the journal's rows of one period; `decided` None: nothing had come in time."""
    lines = {line.resource_id: line for line in decided.lines} if decided else {}
    rows = []
    for resource in spec.resources:
        tally, line = tallies[resource.id], lines.get(resource.id)
        rows.append(
            Lived(
                pool_id=spec.pool_id,
                period_start_s=period.start_s,
                resource_id=resource.id,
                demand=tally.demand,
                sold=tally.sold,
                unmet=tally.unmet,
                returned=tally.returned,
                ordered=tally.ordered,
                received=tally.received,
                on_hand=tally.on_hand,
                cost=resource.holding_cost * tally.on_hand + resource.lost_sale_cost * tally.unmet,
                proposed=line.proposed_units if line else 0.0,
                reason_code=line.reason_code if line else "",
                shadow=line.shadow_units if line else None,
                **_decider(decided, line),
            )
        )
    return rows


def _decider(decided: Allocation | None, line: ActionLine | None) -> dict[str, str]:
    """Return who decided a line: its own policy where that is not the allocation's."""
    if decided is None:
        return {"decided_by": "timeout", "policy": "", "policy_version": "", "role": ""}
    role = line.role if line else ""
    own = line is not None and line.policy != ""
    return {
        "decided_by": "rule" if role == "rule" else decided.decided_by,
        "policy": line.policy if line and own else decided.policy,
        "policy_version": line.policy_version if line and own else decided.policy_version,
        "role": role,
    }


def _clock(spec: PoolSpec, now_s: float) -> Clock:
    return Clock(run_clock=RunClock(event_origin_s=now_s, wall_origin_s=0.0, speed_up=0.0), scope=(spec.pool_id,))
