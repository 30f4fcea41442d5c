"""Orders told apart by their age: stock, an order, demand and chance in, the next stock and the period's profit out.

For worlds in which orders overtake each other or never come, and whoever orders sees which of them are still out, but
not when they will arrive. A period runs: an order is placed, what is due arrives, demand is met, the rest is lost.
Pure and vectorised over items (n,). `xp` is the module whose arrays come in, numpy or torch: the same lines serve both.

>>> stock = Stock(on_hand=np.array([2.0]), outstanding=np.array([[5.0, 0.0]]))  # 5 ordered in the period before
>>> due = arriving(np.array([[1, 3]]), 1, ages=3)  # the one of period 0 took one period, that of 1 takes three
>>> due
array([[False,  True, False]])
>>> stock, sold = step(stock, np.array([4.0]), np.array([6.0]), due)
>>> sold, stock.on_hand, stock.outstanding
(array([6.]), array([1.]), array([[4., 0.]]))
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any  # a numpy array or a torch tensor

LOST = -1  # as a lead time: the order never arrives


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """What is there at the start of a period, and what was ordered and has not arrived."""

    on_hand: Array  # (n,) units
    outstanding: Array  # (n, ages) units; column k was ordered k + 1 periods ago; what is older is given up


def nothing(items: int, ages: int, xp: Any = np) -> Stock:
    """Return empty shelves and nothing on order."""
    return Stock(xp.zeros(items), xp.zeros((items, ages)))


def step(stock: Stock, order: Array, demand: Array, due: Array, xp: Any = np) -> tuple[Stock, Array]:
    """Return the stock of the next period and what was sold, (n,) units.

    `order` (n,) units >= 0; `due` (n, ages + 1): which orders arrive now, the one just placed first.
    """
    out = xp.concatenate([order[:, None], stock.outstanding], -1)
    arrived = xp.where(due, out, xp.zeros_like(out))
    available = stock.on_hand + arrived.sum(-1)
    sold = xp.minimum(available, demand)
    return Stock(available - sold, (out - arrived)[:, :-1]), sold


def profit(stock_after: Stock, sold: Array, unit_profit: Array, holding_cost: Array) -> Array:
    """Return (n,) currency of a period: what is sold earns, what is left over is held."""
    return unit_profit * sold - holding_cost * stock_after.on_hand


def arriving(lead_time_periods: NDArray[np.int64], period: int, ages: int) -> NDArray[np.bool_]:
    """Return (n, ages) whether the order placed k periods before `period` arrives in it, k = 0 for the newest.

    `lead_time_periods` (n, periods) of the orders of each period, `LOST` for those that never arrive.
    """
    result = np.zeros((len(lead_time_periods), ages), dtype=bool)
    for age in range(min(ages, period + 1)):
        result[:, age] = lead_time_periods[:, period - age] == age
    return result
