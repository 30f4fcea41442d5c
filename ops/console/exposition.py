"""The picture in, every metric of `streams.metrics` out, in the text format that Prometheus reads."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ops.console import rows
from ops.console.attention import active_holds
from ops.console.state import Picture
from streams import metrics
from streams.metrics import METRICS, MetricSpec

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Samples = Iterator[tuple[tuple[str, ...], float]]  # label values, number


def exposition(picture: Picture) -> bytes:
    """Return all metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_PictureCollector(picture))
    return generate_latest(registry)


class _PictureCollector(Collector):
    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def collect(self) -> Iterator[Metric]:
        with self._picture.lock:
            for spec in METRICS:
                yield _family(spec, _SOURCES[spec.name](self._picture))


def _family(spec: MetricSpec, samples: Samples) -> Metric:
    kind = CounterMetricFamily if spec.kind == "counter" else GaugeMetricFamily
    family = kind(spec.name, spec.meaning, labels=spec.labels)
    for labels, number in samples:
        family.add_metric(labels, number)
    return family


def _buckets(picture: Picture) -> Samples:
    return _counted(picture, "buckets:")


def _dead(picture: Picture) -> Samples:
    return _counted(picture, "dead:")


def _decisions(picture: Picture) -> Samples:
    return _counted(picture, "decisions:")


def _duplicates(picture: Picture) -> Samples:
    return (((worker.worker_id,), worker.counters.get("duplicate", 0)) for worker in picture.workers.values())


def _late(picture: Picture) -> Samples:
    return (((worker.worker_id,), worker.counters.get("late", 0)) for worker in picture.workers.values())


def _counted(picture: Picture, prefix: str) -> Samples:
    for worker in picture.workers.values():
        for name, count in sorted(worker.counters.items()):
            if name.startswith(prefix):
                yield (worker.worker_id, name.removeprefix(prefix)), count


def _connected(picture: Picture) -> Samples:
    return (((name,), float(one.ok)) for name, one in picture.connections.items())


def _decision_s(picture: Picture) -> Samples:
    for worker in picture.workers.values():
        for quantile, seconds in (("0.5", worker.decision_p50_s), ("0.99", worker.decision_p99_s)):
            if seconds is not None:
                yield (worker.worker_id, quantile), seconds


def _events(picture: Picture) -> Samples:
    for worker in picture.workers.values():
        for part in worker.partitions:
            yield (worker.worker_id, part.topic, str(part.partition)), part.events_total


def _forecasts(picture: Picture) -> Samples:
    states = ("fresh", "stale", "missing")
    found = dict.fromkeys(((pool_id, state) for pool_id in picture.pools for state in states), 0)
    for series in picture.series.values():
        state = rows.forecast_state(series, picture.pools[series.pool_id])
        found[series.pool_id, {"fresh": "fresh", "stale": "stale", "behind": "stale"}.get(state, "missing")] += 1
    return iter(found.items())


def _freshness(picture: Picture) -> Samples:
    for pool in picture.pools.values():
        seconds = rows.freshness_s(pool)
        if seconds is not None:
            yield (pool.pool_id,), seconds


def _holds(picture: Picture) -> Samples:
    held = [hold.pool_id for hold in active_holds(picture)]
    return (((pool_id,), held.count(pool_id)) for pool_id in picture.pools)


def _lag(picture: Picture) -> Samples:
    for worker in picture.workers.values():
        for part in worker.partitions:
            yield (part.topic, str(part.partition)), max(0, part.end_offset - part.next_offset)


def _lines(picture: Picture) -> Samples:
    return _counted(picture, "lines:")


def _outcomes(picture: Picture) -> Samples:
    return (((status,), count) for status, count in sorted(picture.outcomes_by_status.items()))


def _shadowed(picture: Picture) -> Samples:
    return _counted(picture, "units:")


def _snapshot_age(picture: Picture) -> Samples:
    for worker in picture.workers.values():
        for part in worker.partitions:
            if part.snapshot_age_s is not None:
                yield (part.topic, str(part.partition)), part.snapshot_age_s


def _stock_outs(picture: Picture) -> Samples:
    for pool in picture.pools.values():
        on_hand = [one.on_hand_units for one in pool.view.series] if pool.view else []
        if any(units is not None for units in on_hand):
            yield (pool.pool_id,), sum(units is not None and units <= 0 for units in on_hand)


def _watchdog(picture: Picture) -> Samples:
    return _counted(picture, "watchdog:")


def _worker_memory(picture: Picture) -> Samples:
    return (((worker.worker_id,), worker.rss_bytes) for worker in picture.workers.values())


_SOURCES: Mapping[str, Callable[[Picture], Samples]] = {
    metrics.BUCKETS.name: _buckets,
    metrics.CONNECTED.name: _connected,
    metrics.DEAD.name: _dead,
    metrics.DECISIONS.name: _decisions,
    metrics.DECISION_S.name: _decision_s,
    metrics.DUPLICATES.name: _duplicates,
    metrics.EVENTS.name: _events,
    metrics.FORECASTS.name: _forecasts,
    metrics.FRESHNESS.name: _freshness,
    metrics.HOLDS.name: _holds,
    metrics.LAG.name: _lag,
    metrics.LATE.name: _late,
    metrics.LINES.name: _lines,
    metrics.OUTCOMES.name: _outcomes,
    metrics.SHADOWED.name: _shadowed,
    metrics.SNAPSHOT_AGE.name: _snapshot_age,
    metrics.STOCK_OUTS.name: _stock_outs,
    metrics.WATCHDOG.name: _watchdog,
    metrics.WORKER_MEMORY.name: _worker_memory,
}
