"""Mean demands and a trade in, costs, lead times and pool limits out."""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.chance import log_uniform
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
    return Items(
        lead_time_periods=rng.integers(low, high + 1, size=rows),
        lost_sale_cost=lost_sale,
        backlog_cost=lost_sale,
        holding_cost=holding,
        unit_cost=cost,
        # A pool of one item would be strangled by a bulk order's worth of limit; the floor lets small pools breathe.
        capacity_units=_limit(rng, mean_units, trade),
        budget=_limit(rng, mean_units * cost, trade),
    )


def _limit(rng: np.random.Generator, need: Float64s, trade: Trade) -> Float64s:
    """Return per world a limit on the sum of `need`, wider where fewer items share it."""
    ratio = rng.uniform(*trade.limit_ratio, size=need.shape[0])
    return np.asarray(need.sum(axis=1) * (1.0 + ratio) * (1.0 + 4.0 / need.shape[1]), dtype=np.float64)
