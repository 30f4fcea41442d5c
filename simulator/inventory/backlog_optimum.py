"""An instance whose unmet demand waits in; the best policy by stock position, and what it costs, out.

When all customers wait, what is on hand and on order together says everything: an order placed now, at position y
after ordering, meets the demand D of L + 1 periods, and its period costs G(y) = h E(y - D)+ + p E(D - y)+, where p is
charged for each unit and period that a customer waits. With an order cost K the best policy is an (s, S) rule: Scarf
1960, "The optimality of (S, s) policies in the dynamic inventory problem", Mathematical Methods in the Social Sciences.
"""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.lost_sales import LostSales, Units
from simulator.inventory.stationary import StateSpaceError
from simulator.inventory.types import Float64s

GAP_MAX = 1e-8
STANDING_STILL = 0.05  # part of a sweep, for worlds that go round in circles
SWEEPS_MAX = 20_000
TAIL = 1e-9  # demand beyond is left out of where positions begin and end


@dataclass(frozen=True, slots=True, eq=False)
class BacklogOptimum:
    """The best policy and proven bounds on what it costs a period."""

    lower_bound: float
    upper_bound: float
    lowest_position: int  # in units, negative when customers wait
    orders: Units  # (positions,) by position, from the lowest on

    @property
    def highest_ordering(self) -> int:
        """Return the highest position at which it orders: s, or S - 1 when orders cost nothing."""
        return int(self.lowest_position + np.flatnonzero(self.orders)[-1])

    @property
    def order_up_to(self) -> int:
        """Return the position after an order at the highest position that orders."""
        at = self.highest_ordering
        return at + int(self.orders[at - self.lowest_position])


def solve(instance: LostSales) -> BacklogOptimum:
    """Return the optimum; lost_sale_cost is what a unit costs for each period a customer waits.

    Without a fixed cost it is the newsvendor's: Poisson(5), L = 1, h = 1, p = 9.

    >>> from simulator.inventory.lost_sales import poisson
    >>> best = solve(LostSales(poisson(5.0), lead_time_periods=1, lost_sale_cost=9.0))
    >>> best.order_up_to, round(best.upper_bound, 4)
    (14, 5.8694)
    """
    positions, cost = _positions(instance)
    asked = instance.demand_probability
    sizes = instance.allowed_orders(len(positions) - 1)
    values = np.zeros(len(positions))
    gap = np.inf
    for _ in range(SWEEPS_MAX):
        follows = cost + _mean_after(values, asked)
        reached = np.arange(len(positions))[:, np.newaxis] + sizes
        by_order = np.where(reached < len(positions), follows[np.minimum(reached, len(positions) - 1)], np.inf)
        by_order += instance.order_cost * (sizes > 0)
        change = by_order.min(axis=1) - values
        gap = float(np.ptp(change))
        if gap <= GAP_MAX * max(change.max(), 1.0):
            best = sizes[by_order.argmin(axis=1)]
            return BacklogOptimum(float(change.min()), float(change.max()), int(positions[0]), best)
        values += (1.0 - STANDING_STILL) * change
        values -= values[0]
    raise StateSpaceError(f"the bounds are still {gap:.1e} apart after {SWEEPS_MAX:,} sweeps")


def _positions(instance: LostSales) -> tuple[Units, Float64s]:
    """Return the positions that are looked at, and the cost of the period that an order placed now meets."""
    total = instance.demand_within(instance.lead_time_periods + 1)
    lot = int(np.sqrt(2.0 * instance.order_cost * instance.demand_mean_units / instance.holding_cost)) + 1
    lot = 3 * max(lot, instance.minimum_order_units + instance.pack_size_units)
    highest = int(np.searchsorted(np.cumsum(total), 1.0 - TAIL)) + lot
    lowest = -int(np.searchsorted(np.cumsum(instance.demand_probability), 1.0 - TAIL)) - lot
    positions = np.arange(lowest, highest + 1, dtype=np.int32)
    level = np.arange(len(total))
    over = np.maximum(positions[:, np.newaxis] - level, 0) @ total
    mean = float(level @ total)
    cost = instance.holding_cost * over + instance.lost_sale_cost * (mean - positions + over)
    return positions, np.asarray(cost, dtype=np.float64)


def _mean_after(values: Float64s, asked: Float64s) -> Float64s:
    """Return the mean of `values` at positions lower by a period's demand; below the lowest it is as at the lowest."""
    padded = np.concatenate([np.full(len(asked) - 1, values[0]), values])
    return np.convolve(padded, asked, mode="valid")
