"""What a policy sees: stock, pipeline, forecasts and costs of one pool as arrays, the same live and simulated."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from online_models.base import QUANTILE_LEVELS

Float32s = NDArray[np.float32]

TERMS = {"order_cost": 0.0, "minimum_order_units": 0.0, "pack_units": 1.0}  # what ordering costs where nobody says
PIPELINE_PERIODS_MAX = 61  # the catalog's longest lead time is 60; what is due later counts as due then


@dataclass(frozen=True, slots=True)
class Observation:
    """What a policy may know at one moment. All arrays share the order of `resource_ids`."""

    resource_ids: tuple[str, ...]
    on_hand_units: Float32s  # (n,) units ready to use
    pipeline_units: Float32s  # (n, lead_time_periods_max) units on order; column k arrives at the start of period k + 1
    demand_mean_units: Float32s  # (n, horizon_periods) forecast mean per period
    demand_quantile_units: Float32s  # (n, horizon_periods, quantiles) forecast quantiles per period
    lead_demand_quantile_units: Float32s  # (n, quantiles) quantiles of demand over lead_time_periods + 1 periods
    lead_time_periods: Float32s  # (n,) periods from order to receipt
    lost_sale_cost: Float32s  # (n,) currency per unit of unmet demand
    holding_cost: Float32s  # (n,) currency per unit and period
    unit_cost: Float32s  # (n,) currency per unit bought, what a budget is spent in
    capacity_units: float  # units the pool may order this period
    budget: float  # currency the pool may spend this period
    # The terms of ordering, each (n,), or (1,) when all items have the same:
    order_cost: Float32s = field(default_factory=lambda: _same("order_cost"))  # currency per order, whatever its size
    minimum_order_units: Float32s = field(
        default_factory=lambda: _same("minimum_order_units")
    )  # smaller orders are not accepted
    pack_units: Float32s = field(default_factory=lambda: _same("pack_units"))  # orders are multiples of it


def _same(term: str) -> Float32s:
    return np.full(1, TERMS[term], dtype=np.float32)


class Resource(Protocol):
    """What is read of a resource: `streams.catalog.ResourceSpec` and the simulator's items both have it."""

    @property
    def id(self) -> str:
        """The name, unique in its pool."""

    @property
    def lead_time_periods(self) -> int:
        """Periods from order to receipt."""

    @property
    def lost_sale_cost(self) -> float:
        """Currency per unit of unmet demand."""

    @property
    def holding_cost(self) -> float:
        """Currency per unit and period."""

    @property
    def unit_cost(self) -> float:
        """Currency per unit bought."""


def build(
    resources: Sequence[Resource],
    *,
    on_hand_units: ArrayLike,  # (n,)
    on_order: Sequence[Sequence[tuple[float, int]]],  # per resource (units, periods until arrival)
    demand_mean_units: ArrayLike,  # (n, horizon_periods), the current period first
    demand_quantile_units: ArrayLike,  # (n, horizon_periods, quantiles)
    lead_demand_quantile_units: ArrayLike,  # (n, quantiles), over lead_time_periods + 1 periods
    capacity_units: float,
    budget: float,
) -> Observation:
    """Return what a policy sees of `resources`; raise ValueError that names the field of a wrong shape or NaN.

    Receipts due now are already on hand. An order due in 1 period is in pipeline column 0; one that is overdue
    (0 periods or fewer) is expected with the next receipts, and one due beyond the last column with the last.
    """
    return from_arrays(
        resource_ids=tuple(resource.id for resource in resources),
        on_hand_units=on_hand_units,
        pipeline_units=_pipeline([resource.lead_time_periods for resource in resources], on_order),
        demand_mean_units=demand_mean_units,
        demand_quantile_units=demand_quantile_units,
        lead_demand_quantile_units=lead_demand_quantile_units,
        lead_time_periods=[resource.lead_time_periods for resource in resources],
        lost_sale_cost=[resource.lost_sale_cost for resource in resources],
        holding_cost=[resource.holding_cost for resource in resources],
        unit_cost=[resource.unit_cost for resource in resources],
        capacity_units=capacity_units,
        budget=budget,
    )


def from_arrays(
    *, resource_ids: tuple[str, ...], capacity_units: float, budget: float, **arrays: ArrayLike
) -> Observation:
    """Return the observation of arrays that are laid out already; a batch of worlds is one long pool of rows."""
    known = {name: np.asarray(values, dtype=np.float32) for name, values in arrays.items()}
    n, levels = len(resource_ids), len(QUANTILE_LEVELS)
    horizon = known["demand_mean_units"].shape[-1] if known["demand_mean_units"].ndim else 0
    shapes: dict[str, tuple[int, ...]] = {
        "pipeline_units": (n, known["pipeline_units"].shape[-1]),
        "demand_mean_units": (n, horizon),
        "demand_quantile_units": (n, horizon, levels),
        "lead_demand_quantile_units": (n, levels),
    }
    for name, usual in TERMS.items():
        known[name] = np.broadcast_to(known.get(name, usual), (n,)).astype(np.float32)
    for name, values in known.items():
        if values.shape != shapes.get(name, (n,)):
            raise ValueError(f"observation: {name} has shape {values.shape}, not {shapes.get(name, (n,))}")
        if not np.isfinite(values).all():
            row = int(np.argwhere(~np.isfinite(values))[0][0])
            raise ValueError(f"observation: {name} of {resource_ids[row]} is not finite")
    return Observation(resource_ids=resource_ids, capacity_units=capacity_units, budget=budget, **known)


def _pipeline(lead_times: Sequence[int], on_order: Sequence[Sequence[tuple[float, int]]]) -> Float32s:
    """Return (n, columns) units; as many columns as the longest lead time or the latest order needs, at least one."""
    if len(on_order) != len(lead_times):
        raise ValueError(f"observation: on_order has {len(on_order)} rows, not {len(lead_times)}")
    latest = max((periods for row in on_order for _, periods in row), default=1)
    columns = min(max(1, latest, *lead_times), PIPELINE_PERIODS_MAX)
    pipeline = np.zeros((len(lead_times), columns), dtype=np.float32)
    for row, orders in enumerate(on_order):
        for units, periods in orders:
            pipeline[row, min(max(periods, 1), columns) - 1] += units
    return pipeline
