"""Raw records of the input topics in, what every pool has to be now out: a second fold, apart from the first.

It imports nothing from the packages under test. It knows the rules of the wire only as far as the load of the chaos
run uses them: pools declared by `catalog.v1`, hourly buckets of sums, clocks that stand still, promises of feeds,
sales, returns and counts. Each sale moves one unit, so that units missing in a bucket are events lost.
"""

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NoReturn

BYTES_MAX = 262_144  # a larger event is garbage
QUANTITY_MAX = 1e7
TIME_S_MIN = 631_152_000.0  # 1990
HOUR_S = 3600.0
TEXT, NUMBER, OBJECT = str, (int, float), dict
FIELDS: dict[str, dict[str, Any]] = {
    "transaction.v1": {
        "pool_id": TEXT,
        "resource_id": TEXT,
        "feed_id": TEXT,
        "kind": TEXT,
        "quantity_units": NUMBER,
        "occurred_at_s": NUMBER,
    },
    "heartbeat.v1": {"pool_id": TEXT, "feed_id": TEXT, "complete_until_s": NUMBER},
    "clock.v1": {"run_clock": OBJECT},
    "catalog.v1": {"pool_id": TEXT, "feeds": list, "resources": list},
}
KINDS = ("sale", "return", "count")
Key = tuple[str, str, float]  # pool, resource, start of the period


class GarbageError(Exception):
    """The record has to be a dead letter."""


@dataclass(slots=True)
class Expected:
    """What a closed bucket has to say."""

    units: float
    learnt: int  # buckets of the series learnt so far, this one included
    appended_s: float  # when the record that closed it was appended
    next_offset: int  # the place in the log just behind that record
    partition: int


@dataclass(slots=True)
class PoolTruth:
    """What one pool has to be after the records so far."""

    resources: tuple[str, ...]
    reach_s: dict[str, float]  # by feed: how far it has got in event time
    ahead_s: float
    lateness_s: float
    now_s: float = 0.0
    closed_until_s: float | None = None
    open: dict[float, Counter[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    on_hand_units: dict[str, float] = field(default_factory=dict)  # counted ones only
    last_value: dict[str, float] = field(default_factory=dict)
    learnt: Counter[str] = field(default_factory=Counter)
    counters: Counter[str] = field(default_factory=Counter)


class Oracle:
    """Folds every partition of the input topic."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self.pools: dict[str, PoolTruth] = {}
        self.partition_of: dict[str, int] = {}
        self.closed: dict[Key, Expected] = {}
        self.garbage: set[tuple[str, int, int]] = set()  # places of records that have to be dead letters
        self.events = 0

    def take(self, topic: str, partition: int, offset: int, appended_s: float, data: bytes) -> None:
        """Fold one record; records of a partition have to come in order, each once."""
        try:
            event = parsed(data)
            if event["type"] == "clock.v1":
                self._clock(event)
                touched = [name for name, home in self.partition_of.items() if home == partition]
            else:
                touched = self._event(event, partition)
        except GarbageError:
            self.garbage.add((topic, partition, offset))
            return
        for name in touched:
            self._close(name, appended_s, offset + 1)

    def _clock(self, event: dict[str, Any]) -> None:
        clock = event["run_clock"]
        for name in event.get("scope", ()):
            if name in self.pools:
                assert clock["speed_up"] == 0, "the load's clocks stand still"
                self.pools[name].now_s = float(clock["event_origin_s"])

    def _event(self, event: dict[str, Any], partition: int) -> list[str]:
        name = event["pool_id"]
        if event["type"] == "catalog.v1":
            self._declare(event, partition)
            return []
        pool = self.pools.get(name)
        if pool is None or self.partition_of[name] != partition:
            raise GarbageError(f"pool {name} is not here")
        if event["type"] == "heartbeat.v1":
            _promise(pool, event)
        else:
            self.events += _transaction(pool, event)
        return [name]

    def _declare(self, event: dict[str, Any], partition: int) -> None:
        name = event["pool_id"]
        assert event.get("period") == "hour", "the load counts by the hour"
        if name not in self.pools:
            self.partition_of[name] = partition
            self.pools[name] = PoolTruth(
                tuple(one["id"] for one in event["resources"]),
                {one["id"]: -math.inf for one in event["feeds"]},
                float(event.get("ahead_s_max", 3600.0)),
                float(event.get("lateness_s", 0.0)),
            )

    def _close(self, name: str, appended_s: float, next_offset: int) -> None:
        pool = self.pools[name]
        reach_s = min(*pool.reach_s.values(), pool.now_s + pool.ahead_s)
        while pool.closed_until_s is not None and reach_s >= pool.closed_until_s + HOUR_S + pool.lateness_s:
            start_s = pool.closed_until_s
            pool.closed_until_s = start_s + HOUR_S
            units = pool.open.pop(start_s, Counter())
            for resource in pool.resources:
                pool.learnt[resource] += 1
                pool.last_value[resource] = float(units[resource])
                self.closed[name, resource, start_s] = Expected(
                    float(units[resource]), pool.learnt[resource], appended_s, next_offset, self.partition_of[name]
                )


def parsed(data: bytes) -> dict[str, Any]:
    """Return the message in `data`; raise GarbageError when it is none.

    >>> parsed(b'{"type": "heartbeat.v1", "pool_id": "p", "feed_id": "f", "complete_until_s": 1}')["feed_id"]
    'f'
    """
    if len(data) > BYTES_MAX:
        raise GarbageError("too large")
    try:
        event = json.loads(data.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise GarbageError(str(error)) from error
    fields = FIELDS.get(event.get("type", "")) if isinstance(event, dict) else None
    if fields is None:
        raise GarbageError("no message")
    for name, kind in fields.items():
        value = event.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise GarbageError(f"{name} is {value!r:.40}")
        if kind is NUMBER and not math.isfinite(value):
            raise GarbageError(f"{name} is not finite")
    return event


def _no_number(text: str) -> NoReturn:
    raise GarbageError(text)


def _believed(pool: PoolTruth, at_s: float) -> None:
    if not TIME_S_MIN <= at_s <= pool.now_s + pool.ahead_s:
        raise GarbageError(f"event time {at_s}")


def _promise(pool: PoolTruth, event: dict[str, Any]) -> None:
    until_s, feed = event["complete_until_s"], event["feed_id"]
    if feed not in pool.reach_s:
        raise GarbageError(f"no feed {feed}")
    _believed(pool, until_s)
    if pool.closed_until_s is None:
        assert until_s % HOUR_S == 0, "the load begins with a promise on the hour"
        pool.closed_until_s = float(until_s)
    pool.reach_s[feed] = max(pool.reach_s[feed], until_s)


def _transaction(pool: PoolTruth, event: dict[str, Any]) -> int:
    """Book one transaction and return how many events that is: 0 when it was there before."""
    resource, kind, units, at_s = event["resource_id"], event["kind"], event["quantity_units"], event["occurred_at_s"]
    wrong_sign = units > 0 if kind == "return" else units < 0
    if resource not in pool.resources or kind not in KINDS or wrong_sign or abs(units) > QUANTITY_MAX:
        raise GarbageError(f"{kind} of {units} {resource}")
    if units == 0 and kind != "count":
        raise GarbageError(f"{kind} of nothing")
    _believed(pool, at_s)
    if event["event_id"] in pool.seen:
        pool.counters["duplicate"] += 1
        return 0
    pool.seen.add(event["event_id"])
    pool.counters["clean"] += 1
    if kind == "count":
        pool.on_hand_units[resource] = float(units)
    elif resource in pool.on_hand_units:
        pool.on_hand_units[resource] -= units
    assert pool.closed_until_s is not None, "the load begins with a promise"
    if at_s < pool.closed_until_s:
        pool.counters["late"] += 1
    elif kind == "sale":
        pool.open.setdefault(at_s // HOUR_S * HOUR_S, Counter())[resource] += units
    if event["feed_id"] in pool.reach_s:
        pool.reach_s[event["feed_id"]] = max(pool.reach_s[event["feed_id"]], at_s)
    return 1
