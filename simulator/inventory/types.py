"""The truth of inventory worlds as frozen arrays: any leading axes for worlds, the last one for items."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stock:
    """What is there and what is on its way."""

    on_hand: Float64s  # (..., n) units; negative only with backlog: units owed
    pipeline: Float64s  # (..., n, lead_time_periods_max) units; column k arrives at the start of period k + 1


@dataclass(frozen=True, slots=True)
class Items:
    """What does not change while a world runs: costs, lead times and the limits of its pool."""

    lead_time_periods: Int64s  # (worlds, n)
    lost_sale_cost: Float64s  # (worlds, n) currency per unit unmet
    holding_cost: Float64s  # (worlds, n) currency per unit and period
    unit_cost: Float64s  # (worlds, n) currency per unit bought
    capacity_units: Float64s  # (worlds,) units a pool may order per period
    budget: Float64s  # (worlds,) currency a pool may spend per period


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one period brought, each (worlds, n)."""

    ordered_units: Float64s  # after the pool's limits
    sold_units: Float64s
    unmet_units: Float64s
    received_units: Float64s  # on hand from the next period on
    cost: Float64s  # currency
