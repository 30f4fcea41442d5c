"""What a policy sees: stock, pipeline, forecasts and costs of one pool as arrays, the same live and simulated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32s = NDArray[np.float32]


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
