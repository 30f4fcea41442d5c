"""A partition's final log in, what has to have come of it out: a plain fold, one event after the other.

It shares with `streams` only the words on the wire. Days are UTC, ids are remembered for ever, and nothing is fast.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import msgspec
from kafka.partitioner.default import murmur2

from streams.catalog import PoolSpec
from streams.clock import RunClock
from streams.events import Clock, Heartbeat, Transaction, Unreadable, decode_input

DAY_S = 86_400.0
POISON = b'"event_id":"poison'


class ParkedError(Exception):
    """The record belongs in the dead letters."""


@dataclass
class Feed:
    """How far a feed is."""

    silence_s: float
    until_s: float = -math.inf
    heard_s: float | None = None
    quiet_from_s: float | None = None
    gap: tuple[float, float] | None = None

    def silent(self, now_s: float, started_s: float) -> bool:
        """Return whether it is waited for no more."""
        return now_s - (started_s if self.heard_s is None else self.heard_s) > self.silence_s

    def look(self, now_s: float, started_s: float) -> None:
        """Notice that it has fallen silent."""
        if self.quiet_from_s is None and self.silent(now_s, started_s):
            self.quiet_from_s = self.until_s

    def hear(self, at_s: float, now_s: float, started_s: float, *, promised: bool) -> None:
        """Take note of what it says."""
        self.look(now_s, started_s)
        if promised:
            self.gap = None
        elif self.quiet_from_s is not None and at_s - self.quiet_from_s > self.silence_s:
            self.gap = (self.quiet_from_s, at_s)
        self.quiet_from_s, self.heard_s = None, now_s
        self.until_s = max(self.until_s, at_s)

    def reach(self, now_s: float, started_s: float) -> float:
        """Return up to where it lets buckets close."""
        return max(self.until_s, now_s - self.silence_s) if self.silent(now_s, started_s) else self.until_s

    def covers(self, start_s: float, end_s: float) -> bool:
        """Return whether it has told of the whole period."""
        skipped = self.gap is not None and end_s > self.gap[0] and start_s < self.gap[1]
        return self.until_s >= end_s and not skipped


@dataclass
class Bucket:
    """What happened to one resource on one day."""

    units: float = 0.0
    ran_out: bool = False
    bought: dict[str, float] = field(default_factory=dict)  # by customer


@dataclass
class Stock:
    """One resource of a pool."""

    on_hand: float | None = None
    on_order: dict[str, tuple[float, float]] = field(default_factory=dict)  # accepted orders: units, due
    received: dict[str, float] = field(default_factory=dict)
    buckets: dict[float, Bucket] = field(default_factory=dict)
    values: list[float] = field(default_factory=list)
    last_value: float | None = None

    def open_orders(self) -> dict[str, float]:
        """Return the units still to come, by action."""
        left = {name: units - self.received.get(name, 0.0) for name, (units, _) in self.on_order.items()}
        return {name: units for name, units in left.items() if units > 0}

    def give_up(self, due_before_s: float) -> int:
        """Expect no more of what is long overdue; return how many orders that are."""
        overdue = [name for name in self.open_orders() if self.on_order[name][1] < due_before_s]
        self.received |= dict.fromkeys(overdue, math.inf)
        return len(overdue)


class Pool:
    """One pool."""

    def __init__(self, spec: PoolSpec, now_s: float) -> None:
        self.spec, self.started_s = spec, now_s
        self.clock: RunClock | None = None
        self.feeds = {feed.id: Feed(feed.silence_s_max) for feed in spec.feeds}
        self.stock = {resource.id: Stock() for resource in spec.resources}
        self.seen: set[str] = set()
        self.closed_s: float | None = None
        self.first_is_whole = False
        self.counters: dict[str, int] = {}
        self.unknown: dict[str, int] = {}

    def count(self, what: str) -> None:
        """Count one more."""
        self.counters[what] = self.counters.get(what, 0) + 1

    def begin(self, at_s: float) -> None:
        """Start with the day of the first sign of life."""
        if self.closed_s is None:
            self.closed_s = at_s // DAY_S * DAY_S
            self.first_is_whole = at_s == self.closed_s

    def transact(self, event: Transaction, now_s: float) -> None:
        """Book one transaction."""
        if event.resource_id not in self.stock:
            self.unknown[event.resource_id] = self.unknown.get(event.resource_id, 0) + 1
        rule = broken_rule(event, self, now_s)
        if rule:
            raise ParkedError(rule)
        stock = self.stock[event.resource_id]
        self.begin(event.occurred_at_s)
        late = event.occurred_at_s < (self.closed_s or 0.0)
        if event.event_id in self.seen:
            self.count("duplicate")
            return
        self.seen.add(event.event_id)
        self.count("clean")
        if late:
            self.count("late")
        move(stock, event)
        if not late:
            bucket = stock.buckets.setdefault(event.occurred_at_s // DAY_S * DAY_S, Bucket())
            demand(bucket, event)
            bucket.ran_out = bucket.ran_out or (stock.on_hand is not None and stock.on_hand <= 0)
        if event.feed_id in self.feeds:
            self.feeds[event.feed_id].hear(event.occurred_at_s, now_s, self.started_s, promised=False)

    def promise(self, event: Heartbeat, now_s: float) -> None:
        """Take note of a promise."""
        self.begin(event.complete_until_s)
        self.feeds[event.feed_id].hear(event.complete_until_s, now_s, self.started_s, promised=True)

    def close(self, now_s: float, next_offset: int, found: "Expected") -> None:
        """Close every day that is over."""
        for feed in self.feeds.values():
            feed.look(now_s, self.started_s)
        reach_s = min(feed.reach(now_s, self.started_s) for feed in self.feeds.values())
        reach_s = min(reach_s, now_s + self.spec.ahead_s_max)
        while self.closed_s is not None and reach_s >= self.closed_s + DAY_S:
            start_s, self.closed_s = self.closed_s, self.closed_s + DAY_S
            whole = self.first_is_whole and all(feed.covers(start_s, self.closed_s) for feed in self.feeds.values())
            self.first_is_whole = True
            for name, stock in self.stock.items():
                lead_s = DAY_S * (1 + next(one.lead_time_periods for one in self.spec.resources if one.id == name))
                if given_up := stock.give_up(self.closed_s - 3 * lead_s):
                    self.counters["orders:overdue"] = self.counters.get("orders:overdue", 0) + given_up
                bucket = stock.buckets.pop(start_s, Bucket())
                stock.last_value = max(bucket.units, 0.0) if whole else None
                if stock.last_value is not None:
                    stock.values.append(stock.last_value)
                censored = bucket.ran_out or (stock.on_hand is not None and stock.on_hand <= 0)
                self.count("buckets:closed" if whole else "buckets:missing")
                found.closed[self.spec.pool_id, name, start_s] = (stock.last_value, censored, next_offset)
            if self.spec.controlled:
                found.ticks[self.spec.pool_id, self.closed_s] = (not whole, next_offset)


@dataclass
class Expected:
    """What has to have come of a log."""

    closed: dict[tuple[str, str, float], tuple[float | None, bool, int]] = field(default_factory=dict)
    ticks: dict[tuple[str, float], tuple[bool, int]] = field(default_factory=dict)
    dead: dict[int, str] = field(default_factory=dict)  # offset -> rule
    pools: dict[str, Pool] = field(default_factory=dict)


def now(clock: RunClock, wall_s: float) -> float:
    """Return the event time that the log's newest append time means."""
    return min(max(0.0, clock.event_origin_s + (wall_s - clock.wall_origin_s) * clock.speed_up), 7_258_118_400.0)


def broken_rule(event: Transaction, pool: Pool, now_s: float) -> str:
    """Return the first rule that a transaction breaks, or nothing."""
    units, at_s = event.quantity_units, event.occurred_at_s
    reversal = event.kind in ("cancellation", "return")
    rules = (
        ("unknown-resource", event.resource_id not in pool.stock),
        ("future", at_s > now_s + pool.spec.ahead_s_max),
        ("past", at_s < 631_152_000.0),
        ("positive-reversal", reversal and units > 0),
        ("negative-quantity", not reversal and units < 0),
        ("zero-quantity", units == 0 and event.kind != "count"),
        ("quantity-limit", abs(units) > 1e7),
        ("price-not-positive", event.kind == "sale" and event.unit_price is not None and event.unit_price <= 0),
    )
    return next((rule for rule, broken in rules if broken), "")


def move(stock: Stock, event: Transaction) -> None:
    """Move stock and orders."""
    if event.kind == "count":
        stock.on_hand = event.quantity_units
    elif event.kind == "order_accepted":
        assert event.due_at_s is not None
        stock.on_order[event.action_id or ""] = (event.quantity_units, event.due_at_s)
    else:
        sign = 1 if event.kind == "receipt" else -1
        if event.kind == "receipt":
            name = event.action_id or ""
            stock.received[name] = stock.received.get(name, 0.0) + event.quantity_units
        if stock.on_hand is not None:
            stock.on_hand += sign * event.quantity_units


def demand(bucket: Bucket, event: Transaction) -> None:
    """Book demand, net of what the same customer takes back."""
    if event.kind == "sale":
        bucket.units += event.quantity_units
        if event.customer_key:
            bucket.bought[event.customer_key] = bucket.bought.get(event.customer_key, 0.0) + event.quantity_units
    elif event.kind == "cancellation" and event.customer_key:
        netted = min(-event.quantity_units, bucket.bought.get(event.customer_key, 0.0))
        bucket.units -= netted
        bucket.bought[event.customer_key] = bucket.bought.get(event.customer_key, 0.0) - netted


def fold(records: list[Any], topic: str, partition: int, partitions: int) -> Expected:
    """Return what has to have come of `records`, all of one partition."""
    found, newest_s, clock = Expected(), 0.0, RunClock()
    for record in records:
        newest_s = max(newest_s, record.timestamp / 1000.0)
        try:
            clock = _take(record, newest_s, clock, found, topic, partitions, partition)
        except ParkedError as error:
            found.dead[record.offset] = str(error)
    return found


def _take(
    record: Any, newest_s: float, clock: RunClock, found: Expected, topic: str, partitions: int, partition: int
) -> RunClock:
    if POISON in record.value:
        raise ParkedError("poison")
    try:
        event = decode_input(record.value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParkedError("malformed") from error
    if isinstance(event, Clock):
        for name in event.scope:
            found.pools[name].clock = event.run_clock
        for pool in found.pools.values():
            pool.close(now(pool.clock or clock, newest_s), record.offset + 1, found)
        return clock if event.scope else event.run_clock
    pool = found.pools.get(event.pool_id)
    if isinstance(event, Unreadable):
        if pool:
            pool.count("dead:unreadable-row")
        raise ParkedError("unreadable-row")
    if isinstance(event, PoolSpec):
        found.pools[event.pool_id] = Pool(event, now(clock, newest_s))
        return clock
    if pool is None:
        home = (murmur2(event.pool_id.encode()) & 0x7FFFFFFF) % partitions
        raise ParkedError("unknown-pool" if home == partition else "wrong-partition")
    now_s = now(pool.clock or clock, newest_s)
    try:
        if isinstance(event, Heartbeat):
            pool.promise(event, now_s)
        else:
            named = event.event_id or f"{topic}/{partition}/{record.offset}"
            pool.transact(msgspec.structs.replace(event, event_id=named), now_s)
    except ParkedError as error:
        pool.count(f"dead:{error}")
        raise
    pool.close(now_s, record.offset + 1, found)
    return clock
