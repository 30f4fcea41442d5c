"""Every metric name in one typed table: what is counted, in which unit, by which labels (never a person)."""

from dataclasses import dataclass
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric as Prometheus sees it."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()


EVENTS = MetricSpec("headgate_events_total", "counter", "input events folded", ("topic", "partition"))
DEAD = MetricSpec("headgate_dead_letters_total", "counter", "events that broke a rule", ("rule",))
DUPLICATES = MetricSpec("headgate_duplicates_total", "counter", "events seen before and dropped", ())
LATE = MetricSpec("headgate_late_total", "counter", "events after their bucket had closed", ())
BUCKETS = MetricSpec("headgate_buckets_closed_total", "counter", "closed buckets by kind", ("kind",))
LAG = MetricSpec("headgate_lag_events", "gauge", "events appended and not yet folded", ("topic", "partition"))
FRESHNESS = MetricSpec(
    "headgate_freshness_s", "gauge", "event time from a pool's watermark to the run's now", ("pool",)
)
SNAPSHOTS = MetricSpec("headgate_snapshots_total", "counter", "sealed snapshots", ("topic", "partition"))
DECISIONS = MetricSpec("headgate_decisions_total", "counter", "ticks by what decided them", ("decided_by",))
DECISION_S = MetricSpec(
    "headgate_decision_seconds", "histogram", "from reading the view to the acknowledged action", ()
)
OUTCOMES = MetricSpec("headgate_outcomes_total", "counter", "outcomes of actions by status", ("status",))

METRICS = (BUCKETS, DEAD, DECISIONS, DECISION_S, DUPLICATES, EVENTS, FRESHNESS, LAG, LATE, OUTCOMES, SNAPSHOTS)


def counter(spec: MetricSpec) -> Counter:
    """Return a new Prometheus counter for `spec`."""
    return Counter(spec.name, spec.meaning, spec.labels)


def gauge(spec: MetricSpec) -> Gauge:
    """Return a new Prometheus gauge for `spec`."""
    return Gauge(spec.name, spec.meaning, spec.labels)


def histogram(spec: MetricSpec) -> Histogram:
    """Return a new Prometheus histogram for `spec`."""
    return Histogram(spec.name, spec.meaning, spec.labels)
