"""A pool's view and the claims on it in, what a policy sees out: from its forecasts, or from recent demand alone.

An order counts once: a claim that the ledger lists is told by its action id.
"""

from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS
from policies.observation import PIPELINE_PERIODS_MAX, Observation, build
from streams.catalog import PoolSpec
from streams.control_view import Claimed
from streams.events import PoolView, SeriesForecast, SeriesView
from streams.periods import Periods

Float64s = NDArray[np.float64]
_STANDARD_NORMAL = np.array([NormalDist().inv_cdf(level) for level in QUANTILE_LEVELS])
_UNKNOWN = SeriesView(
    resource_id="", on_hand_units=None, on_order=(), last_value=None, last_forecast=None, recent_mean=0.0,
    recent_std=0.0, forecast=None,
)  # fmt: skip


def observe(view: PoolView, spec: PoolSpec, claims: Sequence[Claimed], period_start_s: float) -> Observation:
    """Return what the policy sees. Raises ValueError when a series has no forecast, or another horizon."""
    series = series_of(view, spec)
    forecasts = [_forecast(one) for one in series]
    return build(
        spec.resources,
        on_hand_units=[one.on_hand_units or 0.0 for one in series],
        on_order=_on_order(spec, series, claims, period_start_s),
        demand_mean_units=[forecast.mean for forecast in forecasts],
        demand_quantile_units=[forecast.quantiles for forecast in forecasts],
        lead_demand_quantile_units=[forecast.lead_quantiles for forecast in forecasts],
        capacity_units=spec.capacity_units,
        budget=spec.budget,
    )


def observe_recent(view: PoolView, spec: PoolSpec, claims: Sequence[Claimed], period_start_s: float) -> Observation:
    """Return what the baseline sees: recent demand goes on, normal and each period by itself."""
    series = series_of(view, spec)
    mean = np.array([one.recent_mean for one in series])
    std = np.array([one.recent_std for one in series])
    periods = np.array([resource.lead_time_periods + 1 for resource in spec.resources])
    quantiles = _quantiles(mean, std)
    return build(
        spec.resources,
        on_hand_units=[one.on_hand_units or 0.0 for one in series],
        on_order=_on_order(spec, series, claims, period_start_s),
        demand_mean_units=np.repeat(mean[:, None], spec.horizon_periods, axis=1),
        demand_quantile_units=np.repeat(quantiles[:, None, :], spec.horizon_periods, axis=1),
        lead_demand_quantile_units=_quantiles(mean * periods, std * np.sqrt(periods)),
        capacity_units=spec.capacity_units,
        budget=spec.budget,
    )


def series_of(view: PoolView, spec: PoolSpec) -> list[SeriesView]:
    """Return the series of the catalog's resources, in its order; one of which nothing is known for what is new."""
    known = {one.resource_id: one for one in view.series}
    return [known.get(resource.id, _UNKNOWN) for resource in spec.resources]


def _forecast(series: SeriesView) -> SeriesForecast:
    if series.forecast is None:
        raise ValueError(f"series {series.resource_id} has no forecast")
    return series.forecast


def _quantiles(mean: Float64s, std: Float64s) -> Float64s:
    """Return (n, levels) quantiles of demand that is normal but never below zero."""
    normal: Float64s = np.maximum(mean[:, None] + std[:, None] * _STANDARD_NORMAL[None, :], 0.0)
    return normal


def _on_order(
    spec: PoolSpec, series: Sequence[SeriesView], claims: Sequence[Claimed], period_start_s: float
) -> list[list[tuple[float, int]]]:
    """Return per resource what is on order as (units, periods until it arrives), the ledger's and ours."""
    starts = _starts(spec.periods, period_start_s)
    claims_of: Mapping[str, list[Claimed]] = {resource.id: [] for resource in spec.resources}
    for claim in claims:
        if claim.resource_id in claims_of:
            claims_of[claim.resource_id].append(claim)
    rows = []
    for resource, one in zip(spec.resources, series, strict=True):
        on_books = {order.action_id for order in one.on_order}
        due = [(order.units, order.due_at_s) for order in one.on_order]
        due += [
            (claim.units, claim.arrives_at_s) for claim in claims_of[resource.id] if claim.action_id not in on_books
        ]
        rows.append([(units, _periods_until(at_s, starts)) for units, at_s in due])
    return rows


def _starts(periods: Periods, period_start_s: float) -> Float64s:
    """Return the starts of the coming periods, the first one after `period_start_s` first."""
    return np.array([periods.shift(period_start_s, ahead) for ahead in range(1, PIPELINE_PERIODS_MAX + 1)])


def _periods_until(at_s: float, starts: Float64s) -> int:
    """Return how many periods ahead the period begins that contains `at_s`; 0 for what is due already."""
    return int(np.searchsorted(starts, at_s, side="right"))
