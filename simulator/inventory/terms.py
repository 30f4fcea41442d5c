"""Costs, lead times and limits as stated in currency and units in, the items of drawn pools out."""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.chance import Amount, Each, amounts
from simulator.inventory.types import Float64s, Int64s, Items


@dataclass(frozen=True, slots=True)
class Terms:
    """What items cost and how they are ordered, in absolute numbers; `Trade` has the same in ratios."""

    lead_time_periods: int | tuple[int, int] | Each = 2  # of a range both ends belong to it
    holding_cost: Amount = 1.0  # currency per unit and period
    lost_sale_cost: Amount = 9.0  # currency per unit lost
    backlog_cost: Amount | None = None  # currency per unit owed and period; None: as a lost sale
    unit_cost: Amount = 1.0  # currency per unit bought, what a budget is spent in
    purchase_counts: bool = False  # whether what is bought counts as cost; where sales are fixed it changes little
    order_cost: Amount = 0.0  # currency per order, whatever its size
    minimum_order_units: Amount = 0.0
    pack_units: Amount = 1.0
    capacity_units: float = float("inf")  # units the pool may order per period
    budget: float = float("inf")  # currency the pool may spend per period

    @property
    def lead_time_periods_max(self) -> int:
        """Return the longest lead time that may be drawn."""
        lead = self.lead_time_periods
        if isinstance(lead, Each):
            return int(max(lead.values))
        return lead[1] if isinstance(lead, tuple) else lead

    def draw(self, rng: np.random.Generator, mean_units: Float64s) -> Items:
        """Return the items of pools of (worlds, n)."""
        worlds, n = rows = (mean_units.shape[0], mean_units.shape[1])
        lost_sale = amounts(rng, self.lost_sale_cost, rows)
        unit_cost = amounts(rng, self.unit_cost, rows)
        return Items(
            lead_time_periods=self._lead_times(rng, (worlds, n)),
            lost_sale_cost=lost_sale,
            holding_cost=amounts(rng, self.holding_cost, rows),
            unit_cost=unit_cost,
            capacity_units=np.full(worlds, self.capacity_units),
            budget=np.full(worlds, self.budget),
            backlog_cost=lost_sale if self.backlog_cost is None else amounts(rng, self.backlog_cost, rows),
            order_cost=amounts(rng, self.order_cost, rows),
            purchase_cost=unit_cost * self.purchase_counts,
            minimum_order_units=np.rint(amounts(rng, self.minimum_order_units, rows)),
            pack_units=np.maximum(np.rint(amounts(rng, self.pack_units, rows)), 1.0),
        )

    def _lead_times(self, rng: np.random.Generator, rows: tuple[int, int]) -> Int64s:
        lead = self.lead_time_periods
        if isinstance(lead, tuple):
            return rng.integers(lead[0], lead[1] + 1, size=rows)
        return np.rint(amounts(rng, lead, rows)).astype(np.int64)
