"""Small pools and records that the tests of the fold share."""

import pytest

from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.events import BucketClosed, Clock, DeadLetter, Heartbeat, InputEvent, Tick, Transaction, encode
from streams.ledger import Ledger
from streams.model_events import ModelChanged
from streams.records import Records, Stretch
from streams.shard import Shard
from streams.topics import partition_of
from streams.values import Values

PARTITIONS = 4
DAY_S = 86_400.0
START_S = 1_000_080_000.0  # 2001-09-10 00:00 UTC, a Monday


def shop(**changes: object) -> PoolSpec:
    """Return a pool of two products that is decided daily."""
    fields: dict[str, object] = {
        "pool_id": "shop",
        "controlled": True,
        "forecast": "seasonal-naive",
        "feeds": (FeedSpec(id="till", silence_s_max=2 * DAY_S, repeated_lines="drop"),),
        "resources": (ResourceSpec(id="mug", lead_time_periods=2), ResourceSpec(id="cup", lead_time_periods=2)),
    }
    return PoolSpec(**(fields | changes))  # type: ignore[arg-type]


def shard_of(spec: PoolSpec) -> Shard:
    """Return an empty shard of the partition that `spec` belongs to."""
    return Shard(spec.topic, partition_of(spec.pool_id, PARTITIONS), PARTITIONS)


def declared(spec: PoolSpec, *, now_s: float = START_S) -> "Log":
    """Return a log that begins with the catalog and a clock that stands at `now_s`."""
    log = Log(spec)
    log.add(spec)
    log.clock(now_s)
    return log


def sale(
    at_s: float, units: float = 1.0, *, event_id: str = "", resource_id: str = "mug", **more: object
) -> Transaction:
    """Return a sale of `shop()`."""
    fields: dict[str, object] = {
        "event_id": event_id or f"{resource_id}@{at_s}x{units}",
        "pool_id": "shop",
        "resource_id": resource_id,
        "feed_id": "till",
        "kind": "sale",
        "quantity_units": units,
        "occurred_at_s": at_s,
        "unit_price": 2.0,
    }
    return Transaction(**(fields | more))  # type: ignore[arg-type]


class Log:
    """A partition's log in memory, and a shard that folds it."""

    def __init__(self, spec: PoolSpec) -> None:
        self.spec = spec
        self.records: list[bytes] = []
        self.shard = shard_of(spec)
        self.closed: list[BucketClosed] = []
        self.changed: list[ModelChanged] = []
        self.ticks: list[Tick] = []
        self.dead: list[DeadLetter] = []

    def add(self, event: InputEvent | bytes) -> None:
        """Append one record and fold it."""
        data = event if isinstance(event, bytes) else encode(event)
        effects = self.shard.apply(data, offset=len(self.records), wall_s=2e9 + len(self.records))
        self.records.append(data)
        self.closed += effects.closed
        self.changed += effects.changed
        self.ticks += effects.ticks
        self.dead += effects.dead

    @staticmethod
    def break_on(monkeypatch: pytest.MonkeyPatch, event_id: str) -> type[Exception]:
        """Make the fold raise half-way through the event `event_id`; return what it raises."""

        class BugError(Exception):
            """A fault of ours."""

        whole = Ledger.apply

        def half(ledger: Ledger, event: Transaction) -> None:
            whole(ledger, event)
            if event.event_id == event_id:
                raise BugError(event_id)

        monkeypatch.setattr(Ledger, "apply", half)
        return BugError

    def clock(self, now_s: float) -> None:
        """Move the run's event time to `now_s`."""
        self.add(Clock(run_clock=RunClock(event_origin_s=now_s, speed_up=0.0), scope=(self.spec.pool_id,)))

    def promise(self, until_s: float) -> None:
        """Move the run's event time to `until_s` and let the till promise everything before."""
        self.clock(until_s)
        self.add(Heartbeat(pool_id=self.spec.pool_id, feed_id="till", complete_until_s=until_s))


def values(log: Log, resource_id: str = "mug") -> list[float | None]:
    """Return the closed buckets of one resource."""
    return [closed.value for closed in log.closed if closed.resource_id == resource_id]


def stretch_of(log: Log, start_offset: int = 0) -> Stretch:
    """Return `log` from an offset on as the transport hands it over."""
    return Stretch(start_offset, len(log.records), records_of(log).after(start_offset))


def records_of(log: Log) -> Records:
    """Return the whole of `log` as if it had been fetched at once."""
    offsets = range(len(log.records))
    return Records(offsets, [2e9 + offset for offset in offsets], Values.of(log.records))
