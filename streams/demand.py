"""Clean events in, closed buckets of demand out, in event time on the pool's own grid of periods.

A cancellation nets demand while the bucket of the sale it undoes is open (same customer, same resource);
afterwards it only moves stock. A bucket is closed once, in order, and never opened again.
"""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from streams.periods import Periods

Aggregate = Literal["sum", "mean", "last", "max"]


class Accumulator(msgspec.Struct):
    """The events of one series in one open bucket."""

    total: float = 0.0
    count: int = 0
    maximum: float = float("-inf")
    last: float = 0.0
    last_at_s: float = float("-inf")

    def add(self, value: float, at_s: float) -> None:
        """Take in one value observed at `at_s`."""
        self.total += value
        self.count += 1
        if value > self.maximum:  # noqa: PLR1730  every event pays for a call of max
            self.maximum = value
        if at_s >= self.last_at_s:
            self.last, self.last_at_s = value, at_s

    def value(self, aggregate: Aggregate) -> float:
        """Return the bucket's one number. Net demand is never below 0."""
        match aggregate:
            case "sum":
                return max(self.total, 0.0)
            case "mean":
                return self.total / self.count
            case "last":
                return self.last
            case "max":
                return self.maximum


class OpenBucket(msgspec.Struct):
    """One period of one pool while it can still change."""

    series: dict[str, Accumulator] = msgspec.field(default_factory=dict)  # by resource_id
    covariates: dict[str, Accumulator] = msgspec.field(default_factory=dict)  # by name
    bought: dict[str, float] = msgspec.field(default_factory=dict)  # "customer|resource" -> units, to net
    stock_outs: set[str] = msgspec.field(default_factory=set)  # resources that ran out inside the period


@dataclass(frozen=True, slots=True)
class ClosedBucket:
    """One period of one pool, for good."""

    start_s: float
    end_s: float
    content: OpenBucket = field(repr=False)


class DemandBuckets(msgspec.Struct):
    """The open buckets of one pool."""

    closed_until_s: float | None = None  # None: nothing was heard yet
    heard_from_start: bool = False  # whether the first bucket was heard from its beginning
    open: dict[float, OpenBucket] = msgspec.field(default_factory=dict)  # by start
    missing_run: int = 0  # buckets closed as missing, one after the other, up to now
    span: tuple[float, float] = (0.0, 0.0)  # the period asked for last: neighbours in time share it

    def begin(self, at_s: float, periods: Periods) -> None:
        """Start the grid at the period of the first sign of life. Only a sign at its very start makes it whole."""
        if self.closed_until_s is None:
            self.closed_until_s = periods.start_of(at_s)
            self.heard_from_start = at_s == self.closed_until_s

    def bucket(self, at_s: float, periods: Periods) -> OpenBucket | None:
        """Return the open bucket of `at_s`, or None when it is closed: the event is late."""
        if self.closed_until_s is None or at_s < self.closed_until_s:
            return None
        return self.open.setdefault(self.start_of(at_s, periods), OpenBucket())

    def start_of(self, at_s: float, periods: Periods) -> float:
        """Return the start of the period of `at_s`, without asking the calendar twice in a row."""
        if not self.span[0] <= at_s < self.span[1]:
            start_s = periods.start_of(at_s)
            self.span = (start_s, periods.shift(start_s, 1))
        return self.span[0]

    def due(self, reach_s: float, lateness_s: float, periods: Periods) -> ClosedBucket | None:
        """Close and return the next bucket that `reach_s` has passed by `lateness_s`, or None."""
        if self.closed_until_s is None:
            return None
        start_s = self.closed_until_s
        if reach_s <= start_s:
            return None
        end_s = self.span[1] if self.span[0] == start_s else periods.shift(start_s, 1)
        if reach_s < end_s + lateness_s:
            return None
        self.closed_until_s = end_s
        return ClosedBucket(start_s, end_s, self.open.pop(start_s, OpenBucket()))

    def skip(self, periods: Periods, count: int) -> None:
        """Pass over `count` empty periods, unlearnt: a gap that is longer than any memory of the models."""
        assert self.closed_until_s is not None
        self.closed_until_s = periods.shift(self.closed_until_s, count)


def sold(bucket: OpenBucket, resource_id: str, units: float, at_s: float, customer_key: str | None) -> None:
    """Book a sale of `units` into `bucket`."""
    bucket.series.setdefault(resource_id, Accumulator()).add(units, at_s)
    if customer_key is not None:
        key = f"{customer_key}|{resource_id}"
        bucket.bought[key] = bucket.bought.get(key, 0.0) + units


def cancelled(bucket: OpenBucket, resource_id: str, units: float, customer_key: str | None) -> float:
    """Net at most `units` that the same customer bought in `bucket`; return how many were netted.

    >>> bucket = OpenBucket()
    >>> sold(bucket, "mug", 12.0, 0.0, "c1")
    >>> cancelled(bucket, "mug", 20.0, "c1"), cancelled(bucket, "mug", 5.0, None)
    (12.0, 0.0)
    >>> bucket.series["mug"].value("sum")
    0.0
    """
    if customer_key is None:
        return 0.0
    key = f"{customer_key}|{resource_id}"
    netted = min(units, bucket.bought.get(key, 0.0))
    if netted > 0:
        bucket.bought[key] -= netted
        bucket.series[resource_id].total -= netted
    return netted
