"""Mean demands and a trade in, costs, lead times and pool limits out."""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.chance import Amount, amounts, log_uniform
from simulator.inventory.types import Float64s, Items


@dataclass(frozen=True, slots=True)
class Trade:
    """From which ranges costs and limits are drawn; ratios are of the price."""

    price: tuple[float, float] = (0.5, 20.0)  # currency per unit, logarithmic
    holding_ratio: tuple[float, float] = (0.005, 0.02)  # of the price per unit and period, logarithmic
    critical_ratio: tuple[float, float] = (0.9, 0.98)  # p / (p + h); 1 % held and 40 % lost margin make 0.976
    margin_ratio: float = 0.4  # what is not unit cost
    lead_time_periods: tuple[int, int] = (2, 7)  # both ends belong to it
    limit_ratio: tuple[float, float] = (1.5, 4.0)  # capacity and budget as multiples of the mean need of a period
    order_cost_ratio: Amount = 0.0  # of an order, in the cost of holding a mean period's demand for a period
    minimum_order_periods: Amount = 0.0  # smallest order, in mean periods of demand
    pack_periods: Amount = 0.0  # a pack in mean periods of demand; at least one unit

    @property
    def lead_time_periods_max(self) -> int:
        """Return the longest lead time that may be drawn."""
        return self.lead_time_periods[1]

    def draw(self, rng: np.random.Generator, mean_units: Float64s) -> Items:
        """Return the items of pools whose series have the means `mean_units` (worlds, n) per period."""
        return draw_items(rng, mean_units, self)


TRADE = Trade()


def draw_items(rng: np.random.Generator, mean_units: Float64s, trade: Trade = TRADE) -> Items:
    """Return the items of pools whose series have the means `mean_units` (worlds, n) per period."""
    rows = mean_units.shape
    price = log_uniform(rng, trade.price, rows)
    holding = price * log_uniform(rng, trade.holding_ratio, rows)
    ratio = rng.uniform(*trade.critical_ratio, size=rows)
    cost = price * (1.0 - trade.margin_ratio)
    low, high = trade.lead_time_periods
    lost_sale = holding * ratio / (1.0 - ratio)
    lead_time_periods = rng.integers(low, high + 1, size=rows)
    capacity_units, budget = _limit(rng, mean_units, trade), _limit(rng, mean_units * cost, trade)
    return Items(
        lead_time_periods=lead_time_periods,
        lost_sale_cost=lost_sale,
        backlog_cost=lost_sale,
        holding_cost=holding,
        unit_cost=cost,
        capacity_units=capacity_units,
        budget=budget,
        order_cost=amounts(rng, trade.order_cost_ratio, rows) * holding * mean_units,
        minimum_order_units=np.rint(amounts(rng, trade.minimum_order_periods, rows) * mean_units),
        pack_units=np.maximum(np.rint(amounts(rng, trade.pack_periods, rows) * mean_units), 1.0),
    )


def _limit(rng: np.random.Generator, need: Float64s, trade: Trade) -> Float64s:
    """Return per world a limit on the sum of `need`, wider where fewer items share it.

    A pool of one item would be strangled by a bulk order's worth of limit; small pools have to breathe.
    """
    ratio = rng.uniform(*trade.limit_ratio, size=need.shape[0])
    return np.asarray(need.sum(axis=1) * (1.0 + ratio) * (1.0 + 4.0 / need.shape[1]), dtype=np.float64)
