"""The truth of inventory worlds as frozen arrays: any leading axes for worlds, the last one for items."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Int64s = NDArray[np.int64]
Array = Any  # a numpy array or a torch tensor: the lines of `dynamics` run on both


@dataclass(frozen=True, slots=True)
class Stock:
    """What is there and what is on its way."""

    on_hand: Array  # (..., n) units; negative: units owed to customers who wait
    pipeline: Array  # (..., n, lead_time_periods_max) units; column k arrives at the start of period k + 1


@dataclass(frozen=True, slots=True)
class Items:
    """What does not change while a world runs: costs, lead times and the terms and limits of ordering.

    Beside (worlds, n) everything may be of any shape that broadcasts to it.
    """

    lead_time_periods: Int64s  # (worlds, n) promised; what an order takes is in `Chance`
    lost_sale_cost: Float64s  # (worlds, n) currency per unit lost
    holding_cost: Float64s  # (worlds, n) currency per unit and period
    unit_cost: Float64s  # (worlds, n) currency per unit bought, what a budget is spent in
    capacity_units: Float64s  # (worlds,) units a pool may order per period
    budget: Float64s  # (worlds,) currency a pool may spend per period
    backlog_cost: Array  # (worlds, n) currency per unit owed and period
    order_cost: Array = 0.0  # (worlds, n) currency per order, whatever its size
    purchase_cost: Array = 0.0  # (worlds, n) currency per unit ordered that counts as cost; mostly margin has it
    minimum_order_units: Array = 0.0  # (worlds, n) smaller orders are not accepted
    pack_units: Array = 1.0  # (worlds, n) orders are multiples of it

    def unmet_cost(self, waiting_ratio: float) -> Array:
        """Return what a unit not served at once costs, (worlds, n): lost or owed for a period, as customers wait."""
        return waiting_ratio * self.backlog_cost + (1.0 - waiting_ratio) * self.lost_sale_cost


@dataclass(frozen=True, slots=True)
class Chance:
    """What chance decides in one period, drawn before the first order; each (..., n)."""

    demand_units: Array
    lead_time_periods: Array  # whole, of an order placed now
    arrived_ratio: Array = 1.0  # 1.0, or 0.0 when an order placed now is lost on its way
    waiting_ratio: Array = 0.0  # share of customers not served at once who wait
    waiting_draw: Array | None = None  # in [0, 1), makes the waiting whole units; None leaves fractions


@dataclass(frozen=True, slots=True)
class Costs:
    """The parts of what a period costs, each (..., n) in currency."""

    holding: Array  # of what is on hand at the period's end
    lost_sales: Array
    backlog: Array  # of what is owed at the period's end
    ordering: Array  # of placing orders
    purchase: Array

    @property
    def total(self) -> Array:
        """Return the sum of the parts, (..., n)."""
        return self.holding + self.lost_sales + self.backlog + self.ordering + self.purchase


PARTS = ("holding", "lost_sales", "backlog", "ordering", "purchase")  # of `Costs`


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one period brought, each (..., n)."""

    ordered_units: Array  # after the terms and the pool's limits
    sold_units: Array  # from stock, at once
    unmet_units: Array  # asked for and not sold at once; sold + unmet = demand
    lost_units: Array  # of the unmet, those whose customers did not wait
    received_units: Array  # on hand from the next period on
    costs: Costs

    @property
    def cost(self) -> Array:
        """Return all costs of the period, (..., n) in currency."""
        return self.costs.total
