"""One pool, one item or one decision of the picture in, the plain values that the page shows out.

Times leave as Unix seconds and as text in the pool's own timezone; numbers leave as numbers, the page rounds.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ops.console.entries import Decided, PoolState, SeriesState, band
from policies.guard import RULES
from streams.catalog import PoolSpec, ResourceSpec

GUARD_RULES = frozenset(RULES) - {"policy"}  # proposals are fractions and orders whole: only the reason tells
SPARK_BUCKETS = 42  # six weeks of days, or most of two days of hours
LINE_CHARACTERS_MAX = 400  # of text that came from elsewhere
Row = dict[str, Any]


def local_text(at_s: float, timezone: str, period: str = "hour") -> str:
    """Return `at_s` for people in the pool's timezone: the date, and the time where periods are shorter than a day.

    >>> local_text(1_269_738_000.0, "Europe/London"), local_text(1_269_738_000.0, "Europe/London", "day")
    ('Sun 28 Mar 2010 02:00', 'Sun 28 Mar 2010')
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    try:
        local = datetime.fromtimestamp(at_s, zone)
    except (OverflowError, ValueError, OSError):
        return "?"
    return local.strftime("%a %-d %b %Y" if period == "day" else "%a %-d %b %Y %H:%M")


def cover_periods(on_hand_units: float, mean: Sequence[float]) -> float | None:
    """Return for how many periods stock lasts at the forecast mean, or None when nothing is asked for.

    Beyond the horizon demand is taken as the horizon's mean.

    >>> cover_periods(25.0, (10.0, 10.0, 10.0)), cover_periods(50.0, (10.0, 10.0)), cover_periods(5.0, (0.0,))
    (2.5, 5.0, None)
    """
    left = on_hand_units
    for period, asked in enumerate(mean):
        if asked > 0 and left <= asked:
            return period + left / asked
        left -= asked
    average = sum(mean) / len(mean) if mean else 0.0
    return len(mean) + left / average if average > 0 else None


def forecast_state(series: SeriesState, pool: PoolState) -> str:
    """Return how far the item's forecast can be trusted: "waiting", "learning", "behind", "stale" or "fresh".

    "behind" is a forecast that has expired while history is still being caught up with.
    """
    if series.view is None or pool.view is None:
        return "waiting"
    if series.view.forecast is None:
        return "learning"
    if series.stale:
        return "behind" if pool.catching_up else "stale"
    return "fresh"


def pool_row(pool: PoolState) -> Row:
    """Return what the page says of one pool."""
    spec, view = pool.spec, pool.view
    zone, period = zone_and_period(spec)
    return {
        "id": pool.pool_id,
        "name": (spec.name if spec else "") or pool.pool_id,
        "timezone": zone,
        "period": period,
        "controlled": bool(spec and spec.controlled),
        "currency": spec.currency if spec else "",
        "policy": spec.policy if spec else "",
        "forecast": spec.forecast if spec else "",
        "model_text": _model_text(pool),
        "place": f"{view.cut.topic}/{view.cut.partition}" if view else "",
        "now_s": view.now_s if view else None,
        "now_text": local_text(view.now_s, zone) if view else None,
        "period_text": local_text(view.period_start_s, zone, period) if view and view.period_start_s else None,
        "freshness_s": freshness_s(pool),
        "catching_up": pool.catching_up,
        "feeds": [
            {"id": feed, "behind_s": view.now_s - until_s if heard else None} for feed, until_s, heard in view.feeds
        ]
        if view
        else [],
        "unknown": [list(one) for one in view.unknown_resources[:20]] if view else [],
    }


def _model_text(pool: PoolState) -> str:
    """Return what happens to the model of the whole pool just now, or nothing."""
    whole = [one for one in pool.models if one.resource_id is None]
    return f"learning {whole[-1].model} beside: {whole[-1].reason}" if whole and whole[-1].kind == "begun" else ""


def freshness_s(pool: PoolState) -> float | None:
    """Return how far the pool's watermark is behind its event time, or None before anything was heard."""
    return pool.view.now_s - pool.view.watermark_s if pool.view and pool.view.watermark_s > 0 else None


def zone_and_period(spec: PoolSpec | None) -> tuple[str, str]:
    """Return the pool's timezone and period, as far as they are known."""
    return (spec.timezone, spec.period) if spec else ("UTC", "hour")


def series_row(series: SeriesState, pool: PoolState) -> Row:
    """Return what the page says of one item."""
    spec = pool.spec.resource(series.resource_id) if pool.spec else None
    view = series.view
    forecast = view.forecast if view else None
    low, high = band(forecast.quantiles[0]) if forecast and forecast.quantiles else (None, None)
    on_hand = view.on_hand_units if view else None
    return {
        "pool": series.pool_id,
        "id": series.resource_id,
        "name": (spec.name if spec else "") or series.resource_id,
        "unit": unit_of(spec),
        "aggregate": spec.aggregate if spec else "sum",
        "state": forecast_state(series, pool),
        "on_hand": on_hand,
        "on_order": sum(order.units for order in view.on_order) if view else 0.0,
        "last": view.last_value if view else None,
        "said": view.last_forecast if view else None,
        "next": forecast.mean[0] if forecast and forecast.mean else None,
        "low": low,
        "high": high,
        "cover": cover_periods(on_hand, forecast.mean) if on_hand is not None and forecast else None,
        "error": forecast.error if forecast else None,
        "buckets": forecast.buckets_learnt if forecast else 0,
        "model": forecast.model if forecast else None,
        "censored": series.censored,
        "spark": series.buckets.column(0, SPARK_BUCKETS),
        "said_spark": series.buckets.column(1, SPARK_BUCKETS),
        "order": action_row(series.last_action, pool) if series.last_action else None,
    }


def unit_of(spec: ResourceSpec | None) -> str:
    """Return the unit of the item's quantities."""
    return spec.unit if spec else "units"


def action_row(decided: Decided, pool: PoolState) -> Row:
    """Return what the page says of one line of a decision."""
    zone, period = zone_and_period(pool.spec)
    allocation, line, outcome = decided.allocation, decided.line, decided.outcome
    spec = pool.spec.resource(line.resource_id) if pool.spec else None
    return {
        "id": line.action_id,
        "pool": allocation.pool_id,
        "resource": line.resource_id,
        "name": (spec.name if spec else "") or line.resource_id,
        "unit": unit_of(spec),
        "period_s": allocation.period_start_s,
        "period_text": local_text(allocation.period_start_s, zone, period),
        "order": line.order_units,
        "proposed": line.proposed_units,
        "reason": line.reason_code,
        "guarded": line.reason_code in GUARD_RULES,
        "explanation": line.explanation[:LINE_CHARACTERS_MAX],
        "decided_by": line.role if line.role == "rule" else allocation.decided_by,
        "policy": f"{line.policy or allocation.policy} {line.policy_version or allocation.policy_version}".strip(),
        "role": line.role,
        "shadow": line.shadow_units,
        "beside": allocation.challenger
        if line.role != "canary"
        else f"{allocation.policy} {allocation.policy_version}",
        "model": allocation.forecast_model,
        "as_of_text": local_text(allocation.forecast_as_of_s, zone) if allocation.forecast_as_of_s else None,
        "decided_text": local_text(allocation.decided_at_s, zone),
        "valid_text": local_text(allocation.valid_until_s, zone),
        "arrives_text": local_text(line.arrives_at_s, zone, period),
        "status": outcome.status if outcome else None,
        "applied": outcome.applied_units if outcome else None,
        "outcome": outcome.reason[:LINE_CHARACTERS_MAX] if outcome else None,
    }
