"""Every metric name in one typed table: what is counted, in which unit, by which labels (never a person).

`ops.console.exposition` renders all of them at `/metrics`, from what workers say of themselves and from the views.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric as Prometheus sees it."""

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str
    labels: tuple[str, ...] = ()


BUCKETS = MetricSpec("headgate_buckets_total", "counter", "buckets by how they closed", ("worker", "kind"))
CONNECTED = MetricSpec("headgate_connected", "gauge", "1 when the console reaches the server", ("server",))
DEAD = MetricSpec("headgate_dead_letters_total", "counter", "events that broke a rule", ("worker", "rule"))
DECISIONS = MetricSpec("headgate_decisions_total", "counter", "ticks by what decided them", ("worker", "decided_by"))
DECISION_S = MetricSpec(
    "headgate_decision_seconds", "gauge", "from reading the view to the acknowledged action", ("worker", "quantile")
)
DUPLICATES = MetricSpec("headgate_duplicates_total", "counter", "events seen before and dropped", ("worker",))
EVENTS = MetricSpec("headgate_events_total", "counter", "input events folded", ("worker", "topic", "partition"))
FORECASTS = MetricSpec("headgate_forecasts", "gauge", "series by fresh, stale or missing forecast", ("pool", "state"))
FRESHNESS = MetricSpec(
    "headgate_freshness_seconds", "gauge", "event time from a pool's watermark to the run's now", ("pool",)
)
HOLDS = MetricSpec("headgate_holds", "gauge", "holds in force", ("pool",))
LAG = MetricSpec("headgate_lag_events", "gauge", "events appended and not yet folded", ("topic", "partition"))
LATE = MetricSpec("headgate_late_total", "counter", "events after their bucket had closed", ("worker",))
LINES = MetricSpec(
    "headgate_lines_total",
    "counter",
    "lines by the part of who decided them: champion, canary, rule",
    ("worker", "role"),
)
OUTCOMES = MetricSpec(
    "headgate_outcomes_total", "counter", "outcomes of actions the console has read, by status", ("status",)
)
SNAPSHOT_AGE = MetricSpec(
    "headgate_snapshot_age_seconds", "gauge", "age of the newest sealed snapshot", ("topic", "partition")
)
SHADOWED = MetricSpec(
    "headgate_shadowed_units_total",
    "counter",
    "of lines beside which another alias stood: units decided, and what it would have ordered (shadow)",
    ("worker", "who"),
)
STOCK_OUTS = MetricSpec("headgate_stock_outs", "gauge", "resources with nothing on hand", ("pool",))
WATCHDOG = MetricSpec(
    "headgate_watchdog_ends_total", "counter", "workers of a slot ended by their watchdog", ("worker", "rule")
)
WORKER_MEMORY = MetricSpec("headgate_worker_memory_bytes", "gauge", "resident memory of a worker", ("worker",))

METRICS = (
    BUCKETS, CONNECTED, DEAD, DECISIONS, DECISION_S, DUPLICATES, EVENTS, FORECASTS, FRESHNESS, HOLDS, LAG, LATE,
    LINES, OUTCOMES, SHADOWED, SNAPSHOT_AGE, STOCK_OUTS, WATCHDOG, WORKER_MEMORY,
)  # fmt: skip
