"""A plausible stream for the console's tests: days of demand, forecasts, orders and outcomes as real messages.

Two pools of stock by the day and one of sensors by the hour. Nothing here is measured; it only has to look alive.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from online_models.base import QUANTILE_LEVELS
from ops.console.state import Picture
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.events import (
    ActionLine,
    Allocation,
    BucketClosed,
    Command,
    Cut,
    DeadLetter,
    OnOrder,
    Outcome,
    OutputMessage,
    PoolView,
    SeriesForecast,
    SeriesView,
)
from streams.health_events import PartitionHealth, WorkerHealth
from streams.topics import ACTIONS, CATALOG, COMMANDS, DEAD_LETTERS, FORECASTS, OUTCOMES

HOSTILE_ID = "<img src=x onerror=document.title='broken-in'>"
ORIGIN_S = datetime(2010, 5, 3, tzinfo=UTC).timestamp() - 3600.0  # midnight in London, summer time
_NORMAL = np.array([-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645, 1.96, 2.326])
_NAMES = {
    "gifts-a": (
        "Bags",
        "Jumbo bag red spotty,Lunch bag black skull,Lunch bag cars blue,Jumbo storage bag,Jumbo shopper,Charlotte bag",
    ),
    "gifts-b": (
        "Lights",
        "White hanging heart holder,Strawberry ceramic lights,Chilli lights,Colonial glass,Antique silver holder",
    ),
}
Message = tuple[str, str, OutputMessage | PoolSpec]  # topic, key, message


def _pool(pool_id: str) -> PoolSpec:
    name, items = _NAMES[pool_id]
    resources = tuple(
        ResourceSpec(
            id=f"8{index}0{len(item)}{pool_id[-1].upper()}", name=item.upper(), lead_time_periods=2 + index % 4
        )
        for index, item in enumerate(items.split(","))
    )
    return PoolSpec(
        pool_id=pool_id, name=name, timezone="Europe/London", controlled=True, budget=900.0, currency="GBP",
        feeds=(FeedSpec(id="till"),), resources=resources,
    )  # fmt: skip


SENSORS = PoolSpec(
    pool_id="i94", name="Interstate 94, Minneapolis", topic="readings", timezone="America/Chicago", period="hour",
    horizon_periods=24, feeds=(FeedSpec(id="detector"), FeedSpec(id="weather")),
    resources=tuple(
        ResourceSpec(id=one, name=one.title(), unit="vehicles/h", aggregate="mean")
        for one in ("westbound", "eastbound")
    ),
)  # fmt: skip
POOLS = (_pool("gifts-a"), _pool("gifts-b"), SENSORS)


@dataclass
class Item:
    """What the story keeps of one item between periods."""

    level: float
    on_hand: float
    pipeline: list[OnOrder] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    said: tuple[float, tuple[float, ...]] | None = None


class Story:
    """Plays one pool, period after period: `step` returns the messages and the view of the next period."""

    def __init__(self, spec: PoolSpec, seed: int = 7) -> None:
        self.spec = spec
        self.rng = np.random.default_rng([seed, len(spec.pool_id), len(spec.resources)])
        self.period = 0
        self.start_s = ORIGIN_S
        low, high = (1500.0, 3500.0) if spec.period == "hour" else (8.0, 70.0)
        self.items = {one.id: Item(float(self.rng.uniform(low, high)), 0.0) for one in spec.resources}
        for item in self.items.values():
            item.on_hand = round(item.level * 5)

    def step(self, extra: tuple[SeriesView, ...] = ()) -> tuple[list[Message], PoolView]:
        """Close one period of every item, decide the next where the pool is controlled, and show the state."""
        closed_s, self.period = self.start_s, self.period + 1
        self.start_s = self.spec.periods.shift(closed_s, 1)
        cut = Cut(topic=self.spec.topic, partition=0, epoch=1, next_offset=self.period)
        messages: list[Message] = []
        series = []
        for resource in self.spec.resources:
            bucket, shown = self._close(resource, closed_s, cut)
            messages.append((FORECASTS.name, self.spec.pool_id, bucket))
            series.append(shown)
        if self.spec.controlled:
            messages += self._decide(series, cut)
        view = PoolView(
            pool_id=self.spec.pool_id, cut=cut, now_s=self.start_s + 1800.0, watermark_s=self.start_s + 600.0,
            period_start_s=self.start_s, series=(*series, *extra),
            unknown_resources=(("DOTCOMPOSTAGE", 31), ("POST", 12)) if self.spec.controlled else (),
            feeds=tuple((feed.id, self.start_s, index == 0) for index, feed in enumerate(self.spec.feeds)),
            counters={"cleaned": 120 * self.period, "late": 3},
        )  # fmt: skip
        return messages, view

    def _expected(self, item: Item, period: int) -> float:
        if self.spec.period == "hour":
            hour = period % 24
            shape = 0.15 + 0.55 * np.exp(-((hour - 8) ** 2) / 8) + 0.85 * np.exp(-((hour - 17) ** 2) / 10)
            return float(item.level * shape)
        week = (0.9, 1.1, 1.15, 1.2, 1.0, 0.0, 0.6)[period % 7]
        return float(item.level * week * (1 + 0.25 * np.sin(period / 19)))

    def _close(self, resource: ResourceSpec, closed_s: float, cut: Cut) -> tuple[BucketClosed, SeriesView]:
        item = self.items[resource.id]
        for order in [one for one in item.pipeline if one.due_at_s <= closed_s]:
            item.on_hand += order.units
            item.pipeline.remove(order)
        expected = self._expected(item, self.period - 1)
        spread = 0.12 if self.spec.period == "hour" else 0.45
        value: float | None = float(round(max(0.0, self.rng.gamma(1 / spread**2, max(expected, 1e-9) * spread**2))))
        if self.spec.period == "hour" and 100 <= self.period < 104:
            value = None  # the detector was silent
        sold = min(value or 0.0, item.on_hand)
        if self.spec.controlled:
            item.on_hand -= sold
        said_mean, said_quantiles = item.said or (None, None)
        forecast = self._forecast(item)
        if forecast:
            item.said = (forecast.mean[0], forecast.quantiles[0])
        bucket = BucketClosed(
            pool_id=self.spec.pool_id, resource_id=resource.id, period_start_s=closed_s, value=value,
            censored=bool(self.spec.controlled and item.on_hand <= 0), said_mean=said_mean,
            said_quantiles=said_quantiles, forecast=forecast, cut=cut,
        )  # fmt: skip
        view = SeriesView(
            resource_id=resource.id, on_hand_units=item.on_hand if self.spec.controlled else None,
            on_order=tuple(item.pipeline), last_value=value, last_forecast=said_mean, recent_mean=item.level,
            recent_std=item.level * spread, forecast=forecast,
        )  # fmt: skip
        return bucket, view

    def _forecast(self, item: Item) -> SeriesForecast | None:
        if self.period < 8:
            return None
        horizon = self.spec.horizon_periods
        spread = 0.14 if self.spec.period == "hour" else 0.42
        noise = 1 + self.rng.normal(0, 0.05, horizon)
        means = [max(0.0, self._expected(item, self.period + ahead) * noise[ahead]) for ahead in range(horizon)]
        rows = [np.maximum(0.0, mean * (1 + spread * _NORMAL)) for mean in means]
        return SeriesForecast(
            model="river-linear", version="1", as_of_s=self.start_s, expires_at_s=self.start_s + 3 * 86_400,
            error=item.level * spread * 0.8, buckets_learnt=self.period, mean=tuple(map(float, means)),
            quantiles=tuple(tuple(map(float, row)) for row in rows),
            lead_quantiles=tuple(map(float, np.sum(rows[:3], axis=0))),
        )  # fmt: skip

    def _decide(self, series: list[SeriesView], cut: Cut) -> list[Message]:
        fallback = self.period < 9
        tick_id = f"{self.spec.pool_id}/{self.spec.periods.text(self.start_s)}"
        lines = tuple(self._line(one, tick_id) for one in series)
        allocation = Allocation(
            tick_id=tick_id, pool_id=self.spec.pool_id, period_start_s=self.start_s, decided_at_s=self.start_s + 1800.0,
            valid_until_s=self.start_s + 43_200.0, policy="learned" if not fallback else "base-stock",
            policy_version="3f21c0", forecast_model="river-linear", forecast_as_of_s=self.start_s,
            decided_by="baseline" if fallback else "policy", cut=cut, lines=lines,
        )  # fmt: skip
        outcomes = [self._outcome(line, tick_id) for line in lines]
        return [(ACTIONS.name, self.spec.pool_id, allocation), *outcomes]

    def _line(self, view: SeriesView, tick_id: str) -> ActionLine:
        resource = self.spec.resource(view.resource_id)
        assert resource is not None
        item = self.items[view.resource_id]
        lead = resource.lead_time_periods
        needed = sum(self._expected(item, self.period + ahead) for ahead in range(lead + 1))
        on_order = sum(one.units for one in item.pipeline)
        asked = max(0.0, 1.35 * needed - item.on_hand - on_order)
        limit = 3 * item.level if self.period % 11 == 4 else 1e9
        order = float(round(min(asked, limit)))
        arrives_s = self.spec.periods.shift(self.start_s, lead)
        reason = "policy" if asked <= limit else "budget"
        if order > 0:
            action_id = f"{self.spec.pool_id}/{view.resource_id}/{tick_id.rsplit('/', 1)[-1]}"
            item.pipeline.append(OnOrder(action_id=action_id, units=order, due_at_s=arrives_s))
        why = (
            f"order {order:.0f}: {needed:.0f} expected over the {lead + 1} days until it arrives, "
            f"{item.on_hand:.0f} on hand, {on_order:.0f} on order, cover {0.9 + self.rng.uniform(0, 0.09):.0%}"
        )
        return ActionLine(
            action_id=f"{self.spec.pool_id}/{view.resource_id}/{tick_id.rsplit('/', 1)[-1]}",
            resource_id=view.resource_id, order_units=order, proposed_units=asked, reason_code=reason,
            explanation=why, arrives_at_s=arrives_s,
        )  # fmt: skip

    def _outcome(self, line: ActionLine, tick_id: str) -> Message:
        expired = self.rng.random() < 0.004
        outcome = Outcome(
            action_id=line.action_id, tick_id=tick_id, pool_id=self.spec.pool_id, resource_id=line.resource_id,
            status="expired" if expired else "applied", applied_units=0.0 if expired else line.order_units,
            reason="came after noon" if expired else "handed over", at_s=self.start_s + 1900.0,
        )  # fmt: skip
        return OUTCOMES.name, self.spec.pool_id, outcome


def hostile_series() -> SeriesView:
    """Return an item whose id tries to be markup."""
    return SeriesView(
        resource_id=HOSTILE_ID, on_hand_units=3.0, on_order=(), last_value=1.0, last_forecast=None, recent_mean=1.0,
        recent_std=0.0, forecast=None,
    )  # fmt: skip


def prologue(wall_s: float) -> list[Message]:
    """Return what does not belong to a period: catalog, a hold, dead letters."""
    hold = Command(
        command_id="c-1", kind="hold", pool_id="gifts-b", resource_id=POOLS[1].resources[2].id,
        reason="supplier strike, ask Kim", operator="ops", issued_at_s=wall_s, expires_at_s=ORIGIN_S + 400 * 86_400,
    )  # fmt: skip
    rules = ("non-product", "non-product", "negative-quantity", "non-product", "future", "undecodable")
    letters: list[Message] = [
        (DEAD_LETTERS.name, f"transactions/0/{offset}",
         DeadLetter(topic="transactions", partition=0, offset=offset, rule=rule,
                    message=f"resource {HOSTILE_ID if offset == 5 else 'POST'} is no product", pool_id="gifts-a",
                    event_id=f"i{offset}", at_s=wall_s - 40 + offset, size_bytes=210))
        for offset, rule in enumerate(rules)
    ]  # fmt: skip
    catalog: list[Message] = [(CATALOG.name, spec.pool_id, spec) for spec in POOLS]
    return [*catalog, (COMMANDS.name, hold.pool_id, hold), *letters]


def worker_health(wall_s: float, **changes: Any) -> WorkerHealth:
    """Return what a busy worker says of itself."""
    partitions = tuple(
        PartitionHealth(
            topic=topic, partition=partition, next_offset=90_000 + 700 * partition, end_offset=90_012 + 703 * partition,
            events_total=88_000 + 650 * partition, snapshot_offset=89_000, snapshot_age_s=2.5 + partition,
        )
        for topic, partition in (("readings", 0), ("transactions", 0), ("transactions", 1))
    )  # fmt: skip
    health = WorkerHealth(
        worker_id="worker-0", at_s=wall_s, events_per_s=1834.0, rss_bytes=212 * 1_048_576, partitions=partitions,
        counters={"dead:non-product": 4, "lines:champion": 9, "units:shadow": 8, "duplicate": 2, "late": 1,
                  "buckets:closed": 640, "buckets:missing": 4,
                  "decisions:policy": 104, "decisions:baseline": 16, "watchdog:loop": 1},
        decision_p50_s=0.006, decision_p99_s=0.021,
    )  # fmt: skip
    return msgspec.structs.replace(health, **changes)


def played(periods: int = 12, times: int = 1) -> Picture:
    """Return a picture of the story, every message folded `times` times."""
    picture = Picture()
    messages: list[Message] = prologue(1000.0)
    for story in map(Story, POOLS):
        for _ in range(periods):
            told, view = story.step((hostile_series(),) if story.spec.pool_id == "gifts-b" else ())
            messages += told
            picture.put_view(view, 1000.0)
    for _ in range(times):
        for _, _, message in messages:
            picture.fold(message, 1000.0)
    picture.put_workers([worker_health(1000.0)])
    return picture


assert len(_NORMAL) == len(QUANTILE_LEVELS)
