"""The fold of one pool: a decoded event in, state changed and effects out. Pure: no clock, no I/O, no chance.

clean -> dedupe -> ledger -> demand buckets -> (bucket due) learn -> forecast -> tick
"""

import msgspec

from streams.catalog import PoolSpec
from streams.cleaning import clean_covariate, clean_heartbeat, clean_reading, clean_transaction
from streams.clock import RunClock
from streams.closing import Closing
from streams.dedupe import HASHES, Seen
from streams.demand import Accumulator, ClosedBucket, DemandBuckets, OpenBucket, cancelled, sold
from streams.effects import Effects
from streams.errors import InvalidEventError
from streams.events import Covariate, Cut, Heartbeat, PoolView, SensorReading, Transaction
from streams.lane import Lane, line_of
from streams.model import PoolModels, PoolModelsState
from streams.model_events import ChangeKind, ModelReset
from streams.periods import SLOTS_PER_WEEK
from streams.series import Series, SeriesState
from streams.watermark import Watermark

UNKNOWN_RESOURCES_MAX = 50  # foreign ids counted by name; the rest together
UNKNOWN_OTHERS = "(others)"
MISSING_WEEKS_MAX = 2  # a longer gap is passed over in whole weeks: no model remembers further back by slot
CLOSED_MAX = 2000  # series closed by one record: below a second of work


class PoolState(msgspec.Struct):
    """Everything a `Pool` is, as plain values."""

    spec: PoolSpec
    run_clock: RunClock | None
    watermark: Watermark
    demand: DemandBuckets
    seen: Seen
    series: dict[str, SeriesState]
    models: PoolModelsState
    counters: dict[str, int]
    unknown: dict[str, int]


class Pool:
    """The live state of one pool."""

    def __init__(self, state: PoolState, models: PoolModels) -> None:
        self.spec = state.spec
        self.run_clock = state.run_clock  # None: the partition's
        self.counters = state.counters
        self._watermark = state.watermark
        self._demand = state.demand
        self._seen = state.seen
        self._unknown = state.unknown
        self._series = {name: Series(one) for name, one in state.series.items()}
        self._models = models
        self._periods = state.spec.periods
        self._index()

    @classmethod
    def new(cls, spec: PoolSpec, *, now_s: float) -> "Pool":
        """Return the pool just declared by `spec`."""
        models = PoolModels.new(spec)
        pool = cls(PoolState(spec, None, Watermark(), DemandBuckets(), Seen(), {}, models.state(), {}, {}), models)
        pool.declare(spec, now_s=now_s)
        return pool

    @classmethod
    def restore(cls, state: PoolState) -> "Pool":
        """Return the pool that `state()` was taken of."""
        return cls(state, PoolModels.restore(state.models))

    def state(self) -> PoolState:
        """Return everything as plain values."""
        series = {name: one.state() for name, one in self._series.items()}
        return PoolState(
            self.spec, self.run_clock, self._watermark, self._demand, self._seen, series, self._models.state(),
            self.counters, self._unknown,
        )  # fmt: skip

    def declare(self, spec: PoolSpec, *, now_s: float, effects: Effects | None = None) -> None:
        """Take over a newer declaration; raise InvalidEventError when the grid of periods would break."""
        if (spec.period, spec.timezone) != (self.spec.period, self.spec.timezone):
            raise InvalidEventError(
                "catalog-conflict",
                f"pool {spec.pool_id} counts by {self.spec.period} in {self.spec.timezone}; "
                f"it cannot change to {spec.period} in {spec.timezone}: give the pool a new id",
            )
        self._watermark.declare(spec.feeds, now_s=now_s)
        self._series = {one.id: self._series.get(one.id) or Series.new() for one in spec.resources}
        self._begun(self._models.declare(spec), now_s=now_s, effects=effects)
        self.spec = spec
        self._index()

    def lane(self, clock: RunClock) -> Lane | None:
        """Return the short way for plain records of the bucket asked for last, or None while it has no event."""
        demand, seen = self._demand, self._seen
        start_s = demand.span[0]
        bucket, ids = demand.open.get(start_s), seen.open.get(start_s)
        if bucket is None or ids is None or demand.closed_until_s is None:
            return None
        return Lane(
            clock=clock,
            ahead_s_max=self.spec.ahead_s_max,
            span=demand.span,
            closes_at_s=self._periods.shift(demand.closed_until_s, 1) + self.spec.lateness_s,
            silent_at_s=self._watermark.silent_at_s(),
            bucket=bucket,
            ids=ids,
            other_ids=tuple(other for other in seen.open.values() if other is not ids),
            digest=HASHES[seen.hashed_by],
            drops_lines=self._drops_lines,
            ledgers=self._ledgers,
            feeds=self._watermark.feeds,
            counters=self.counters,
        )

    def _index(self) -> None:
        """Look up once what the declaration says."""
        self._calendar = self.spec.calendar
        self._ledgers = {name: one.ledger for name, one in self._series.items()}
        self._drops_lines = frozenset(feed.id for feed in self.spec.feeds if feed.repeated_lines == "drop")

    def apply_transaction(self, event: Transaction, *, now_s: float) -> None:
        """Book a clean, new transaction; raise InvalidEventError for a bad one."""
        self._count_unknown(event.resource_id)
        clean_transaction(event, spec=self.spec, now_s=now_s)
        ledger = self._series[event.resource_id].ledger
        ledger.check(event)
        bucket = self._bucket(event.occurred_at_s)
        if not self._is_new(event, bucket):
            return
        ledger.apply(event)
        if bucket is not None:
            self._book(event, bucket, ran_out=ledger.on_hand_units is not None and ledger.on_hand_units <= 0)
        self._watermark.hear(event.feed_id, event.occurred_at_s, promised=False, now_s=now_s)

    def apply_reading(self, event: SensorReading, *, now_s: float) -> None:
        """Take in a clean, new reading; raise InvalidEventError for a bad one."""
        self._count_unknown(event.resource_id)
        clean_reading(event, spec=self.spec, now_s=now_s)
        bucket = self._bucket(event.observed_at_s)
        if not self._is_fresh_id(event.event_id, event.observed_at_s, bucket):
            return
        if bucket is not None:
            bucket.series.setdefault(event.resource_id, Accumulator()).add(event.value, event.observed_at_s)
        self._watermark.hear(event.feed_id, event.observed_at_s, promised=False, now_s=now_s)

    def apply_covariate(self, event: Covariate, *, now_s: float) -> None:
        """Take in a clean, new covariate; raise InvalidEventError for a bad one."""
        clean_covariate(event, spec=self.spec, now_s=now_s)
        bucket = self._bucket(event.observed_at_s)
        if not self._is_fresh_id(event.event_id, event.observed_at_s, bucket):
            return
        if bucket is not None:
            bucket.covariates.setdefault(event.name, Accumulator()).add(event.value, event.observed_at_s)
        self._watermark.hear(event.feed_id, event.observed_at_s, promised=False, now_s=now_s)

    def apply_heartbeat(self, event: Heartbeat, *, now_s: float) -> None:
        """Take note of a feed's promise; raise InvalidEventError when it cannot be kept."""
        clean_heartbeat(event, spec=self.spec, now_s=now_s)
        self._demand.begin(event.complete_until_s, self._periods)
        self._watermark.hear(event.feed_id, event.complete_until_s, promised=True, now_s=now_s)

    def apply_reset(self, event: ModelReset, *, now_s: float, effects: Effects) -> None:
        """Begin to learn anew; an order that comes again changes nothing."""
        if self._seen.add(event.event_id, bucket_start_s=None):
            self._begun(self._models.reset(f"{event.operator}: {event.reason}"), now_s=now_s, effects=effects)
        else:
            self.count("duplicate")

    def close_due(self, *, now_s: float, cut: Cut, clock: RunClock, effects: Effects) -> None:
        """Close the buckets that are due, learn from them, forecast, and cut their ticks.

        One record closes at most `CLOSED_MAX` series: the rest of a long stretch is closed with the next records, so
        that no record stops the worker.
        """
        self._watermark.note_silence(now_s=now_s)
        reach_s = self._watermark.reach_s(now_s=now_s, ahead_s_max=self.spec.ahead_s_max)
        demand = self._demand
        for _ in range(max(CLOSED_MAX // len(self._series), 1)):
            bucket = demand.due(reach_s, self.spec.lateness_s, self._periods)
            if bucket is None:
                return
            closing = self._close(bucket, now_s=now_s, cut=cut, clock=clock, effects=effects)
            if closing.heard:
                demand.missing_run = 0
            elif not closing.closed:  # silence on a closed day says neither
                demand.missing_run += 1
            if demand.missing_run >= MISSING_WEEKS_MAX * SLOTS_PER_WEEK[self.spec.period]:
                self._skip_weeks(bucket.end_s, min([reach_s, *demand.open]))

    def view(self, *, now_s: float, cut: Cut, clock: RunClock) -> PoolView:
        """Return the pool as readers get it."""
        return PoolView(
            pool_id=self.spec.pool_id,
            cut=cut,
            now_s=now_s,
            watermark_s=max(self._watermark.reach_s(now_s=now_s, ahead_s_max=self.spec.ahead_s_max), 0.0),
            period_start_s=self._demand.closed_until_s or 0.0,
            series=tuple(one.view(name) for name, one in self._series.items()),
            unknown_resources=tuple(self._unknown.items()),
            feeds=self._watermark.shown(now_s=now_s),
            counters=dict(self.counters),
            run_clock=clock,
        )

    def count(self, what: str, by: int = 1) -> None:
        """Count `by` more of `what` since the log's start."""
        if by:
            self.counters[what] = self.counters.get(what, 0) + by

    def _begun(self, kind: ChangeKind | None, *, now_s: float, effects: Effects | None) -> None:
        """Tell of a model that was begun."""
        if kind is not None and effects is not None:
            model = self._models.following or self._models.serving
            effects.changed.append(self._models.changed(kind, model, pool_id=self.spec.pool_id, at_s=now_s))
            self.count("models:begun")

    def _count_unknown(self, resource_id: str) -> None:
        if resource_id in self._series:
            return
        name = resource_id[:64]
        if name not in self._unknown and len(self._unknown) >= UNKNOWN_RESOURCES_MAX:
            name = UNKNOWN_OTHERS
        self._unknown[name] = self._unknown.get(name, 0) + 1

    def _bucket(self, at_s: float) -> OpenBucket | None:
        self._demand.begin(at_s, self._periods)
        return self._demand.bucket(at_s, self._periods)

    def _is_new(self, event: Transaction, bucket: OpenBucket | None) -> bool:
        if not self._is_fresh_id(event.event_id, event.occurred_at_s, bucket):
            return False
        if event.document_id is None or event.feed_id not in self._drops_lines:
            return True
        if self._seen.add(line_of(event), bucket_start_s=self._start(event.occurred_at_s, bucket)):
            return True
        self.count("repeated-line")
        return False

    def _is_fresh_id(self, event_id: str, at_s: float, bucket: OpenBucket | None) -> bool:
        if not self._seen.add(event_id, bucket_start_s=self._start(at_s, bucket)):
            self.count("duplicate")
            return False
        if bucket is None:
            self.count("late")
        self.count("clean")
        return True

    def _start(self, at_s: float, bucket: OpenBucket | None) -> float | None:
        return None if bucket is None else self._demand.start_of(at_s, self._periods)

    def _book(self, event: Transaction, bucket: OpenBucket, *, ran_out: bool) -> None:
        if event.kind == "sale":
            sold(bucket, event.resource_id, event.quantity_units, event.occurred_at_s, event.customer_key)
        elif event.kind == "cancellation":
            cancelled(bucket, event.resource_id, -event.quantity_units, event.customer_key)
        if ran_out:
            bucket.stock_outs.add(event.resource_id)

    def _close(self, bucket: ClosedBucket, *, now_s: float, cut: Cut, clock: RunClock, effects: Effects) -> Closing:
        """Learn from `bucket` and return what was closed."""
        heard = self._watermark.covers(bucket.start_s, bucket.end_s) and self._demand.heard_from_start
        self._demand.heard_from_start = True  # true of every bucket after the first
        self._seen.close(bucket.start_s)
        closing = Closing(self.spec, self._calendar, bucket, heard)
        self.count("orders:overdue", closing.give_up_orders(self._series))
        closed, changes = closing.learn(self._series, self._models, cut)
        for change in changes:
            self.count(f"models:{change.kind}")
        missing = sum(one.value is None for one in closed)
        self.count("buckets:missing", missing)
        self.count("buckets:closed", len(closed) - missing)
        if closing.closed:
            self.count("closed:sold", sum(bool(one.value) for one in closed))
        effects.closed += closed
        effects.changed += changes
        effects.touched.add(self.spec.pool_id)
        if self.spec.controlled:
            effects.ticks.append(closing.tick(now_s=now_s, cut=cut, clock=clock))
        return closing

    def _skip_weeks(self, from_s: float, until_s: float) -> None:
        """Pass over whole weeks before `until_s`, the next period in which anything was heard or the end."""
        per_week = SLOTS_PER_WEEK[self.spec.period]
        weeks = int((until_s - from_s) // (7 * 86_400)) - 1
        if weeks > 0:
            self._demand.skip(self._periods, weeks * per_week)
            self.count("buckets:skipped", weeks * per_week)
