"""Recorded lines and a rule in, what would have happened had the rule alone decided out: the live path without Kafka.

The same fold, the same `decide` with the same guard and the same world as in the live run, one pool at a time, so
only the policy differs. The rule learns from its own sold quantities there, as everybody does: a rule that orders
too little sees less demand and then orders less still, so tuning on forecasts that know all demand would pick it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ops.journal import Lived
from ops.twin_actor import Actor, Told, actor
from streams.catalog import PoolSpec
from streams.control_view import ControlView
from streams.decide import decide
from streams.events import Tick, Transaction, encode
from streams.forecast_store import judge
from streams.lineup import InventoryPolicy, Lineup
from streams.shard import Shard

TUNING_PERIODS_MAX = 140  # of history that the rule is tuned on: a rule that starves itself needs long to show it
TUNING_RATIO_MAX = 2 / 3  # of history; the forecasts need the rest to begin with


@dataclass(frozen=True, slots=True)
class Known:
    """A pool at the moment of a tick: the fold's state, and the tick to be decided."""

    shard: bytes
    offset: int
    tick: Tick


@dataclass(frozen=True, slots=True)
class Learnt:
    """A pool whose history was told: when control starts, and some time before, for tuning. None: too short."""

    at_start: Known
    before: Known | None


class _Fold:
    """A shard of one pool, fed by hand."""

    def __init__(self, shard: Shard, offset: int = 0) -> None:
        self.shard = shard
        self.offset = offset

    def tell(self, event: Told | PoolSpec) -> Tick | None:
        """Fold one event; return the tick that it cut."""
        effects = self.shard.apply(encode(event), offset=self.offset, wall_s=0.0)
        self.offset += 1
        return effects.ticks[-1] if effects.ticks else None

    def tell_all(self, events: Iterable[Told]) -> Tick | None:
        """Fold `events`; return the last tick that they cut."""
        ticks = [self.tell(event) for event in events]
        return next((tick for tick in reversed(ticks) if tick), None)

    def known(self, tick: Tick | None) -> Known:
        """Return the state as it is, with the tick to be decided."""
        assert tick is not None, "a promise of a period's end closes its bucket"
        return Known(self.shard.state(), self.offset, tick)


def learn(pool: Actor) -> Learnt:
    """Tell the history of `pool`, as a twin does; return what the fold knows of it."""
    fold = _Fold(Shard(pool.spec.topic, 0, 1))
    fold.tell(pool.spec)
    tuning_from_s = _tuning_from_s(pool)
    before = None
    for event in pool.begin():
        tick = fold.tell(event)
        if tick and tick.period_start_s == tuning_from_s:
            before = fold.known(tick)
    return Learnt(fold.known(fold.tell_all(pool.promises(pool.start_s))), before)


def live(pool: Actor, known: Known, policy: InventoryPolicy) -> list[Lived]:
    """Return the journal of `pool` under `policy`, from `known` to the end of what was recorded."""
    fold = _Fold(Shard.restore(known.shard, partitions=1), known.offset)
    tick, rows = known.tick, []
    while not pool.is_done:
        now_s = tick.period_start_s
        reading = judge(fold.shard.view(pool.spec.pool_id), cut=tick.cut, now_s=now_s)
        decided = decide(tick, reading, pool.spec, Lineup(policy), ControlView(), now_s)
        assert decided is not None, "a tick that is decided at its own moment has not expired"
        fold.tell_all(pool.order(line) for line in decided.lines if line.order_units > 0)
        told, lived = pool.live(decided)
        fold.tell_all(told)
        next_tick = fold.tell_all(pool.promises(pool.now_s))
        assert next_tick is not None
        tick = next_tick
        rows += lived
    return rows


def tuning_cost(spec: PoolSpec, lines: Sequence[Transaction], learnt: Learnt, policy: InventoryPolicy) -> float:
    """Return what `policy` would have cost the pool on the end of its history; 0 when that is too short."""
    if learnt.before is None:
        return 0.0
    from_s, until_s = learnt.before.tick.period_start_s, learnt.at_start.tick.period_start_s
    recent = [line for line in lines if from_s <= line.occurred_at_s < until_s]
    pool = actor(spec, recent, control_from_s=from_s, until_s=until_s)
    fold = _Fold(Shard.restore(learnt.before.shard, partitions=1), learnt.before.offset)
    fold.tell_all(pool.begin())  # its clock goes back, its stock is counted; history is known already
    return sum(row.cost for row in live(pool, fold.known(learnt.before.tick), policy))


def _tuning_from_s(pool: Actor) -> float:
    """Return the start of the period from which the rule is tuned."""
    first_s = pool.history[0].occurred_at_s if pool.history else pool.start_s
    periods = 0
    start_s = pool.start_s
    while periods < TUNING_PERIODS_MAX and start_s - first_s > (1 - TUNING_RATIO_MAX) * (pool.start_s - first_s):
        start_s = pool.spec.periods.shift(start_s, -1)
        periods += 1
    return start_s
