"""One period of an inventory world: stock, orders and demand in, the next stock, sales and costs out.

A period runs: receipts due are on hand, an order is placed, demand is met, costs are counted, time advances.
Pure and vectorised: any leading axes (worlds, seeds), the last axis is the item.

>>> stock = Stock(on_hand=np.array([4.0]), pipeline=np.array([[0.0, 3.0]]))  # 3 units arrive in two periods
>>> stock = place(stock, np.array([5.0]), 2)  # 5 more, two periods away
>>> stock.pipeline
array([[0., 8.]])
>>> stock, sold, unmet = meet(stock, np.array([6.0]))
>>> sold, unmet, stock.on_hand
(array([4.]), array([2.]), array([0.]))
>>> period_cost(stock, unmet, holding_cost=1.0, lost_sale_cost=9.0)
array([18.])
>>> stock, received = advance(stock)
>>> received, stock.on_hand, stock.pipeline
(array([0.]), array([0.]), array([[8., 0.]]))
"""

import numpy as np
from numpy.typing import ArrayLike

from simulator.inventory.types import Float64s, Stock

__all__ = ["Stock", "advance", "meet", "period_cost", "place", "ration"]


def place(stock: Stock, order: Float64s, lead_time_periods: ArrayLike) -> Stock:
    """Return the stock with `order` (..., n) on its way: due after `lead_time_periods`, at once when that is 0.

    `lead_time_periods` is one number, or (..., n); none may exceed the pipeline's columns.
    """
    lead = np.asarray(lead_time_periods, dtype=np.int64)
    columns = stock.pipeline.shape[-1]
    assert lead.size == 0 or (lead.min() >= 0 and lead.max() <= columns), f"lead time outside 0 .. {columns}"
    due = np.arange(1, columns + 1) == lead[..., np.newaxis]
    return Stock(
        on_hand=stock.on_hand + np.where(lead == 0, order, 0.0),
        pipeline=stock.pipeline + np.where(due, order[..., np.newaxis], 0.0),
    )


def meet(stock: Stock, demand: Float64s, *, backlog: bool = False) -> tuple[Stock, Float64s, Float64s]:
    """Return the stock after `demand` (..., n), the units sold from stock, and the units unmet.

    Without backlog unmet units are lost. With it they are owed: `unmet` is all that is owed at the period's end,
    so that `period_cost` charges an owed unit once for each period it waits.
    """
    sold = np.minimum(np.maximum(stock.on_hand, 0.0), demand)
    if not backlog:
        return Stock(stock.on_hand - sold, stock.pipeline), sold, demand - sold
    after = stock.on_hand - demand
    return Stock(after, stock.pipeline), sold, np.maximum(-after, 0.0)


def advance(stock: Stock) -> tuple[Stock, Float64s]:
    """Return the stock at the start of the next period, and the units received with it."""
    received = stock.pipeline[..., 0]
    later = np.concatenate([stock.pipeline[..., 1:], np.zeros_like(stock.pipeline[..., :1])], axis=-1)
    return Stock(stock.on_hand + received, later), received


def period_cost(stock_after: Stock, unmet: Float64s, holding_cost: ArrayLike, lost_sale_cost: ArrayLike) -> Float64s:
    """Return the cost of a period per item (..., n): h for each unit left over, p for each unit unmet.

    Source: Zipkin 2008, "Old and new methods for lost-sales inventory systems", Operations Research 56(5).
    """
    left = np.maximum(stock_after.on_hand, 0.0)
    return np.asarray(np.asarray(holding_cost) * left + np.asarray(lost_sale_cost) * unmet, dtype=np.float64)


def ration(order: Float64s, unit_cost: Float64s, capacity_units: Float64s, budget: Float64s) -> Float64s:
    """Return whole orders (..., n) within the limits of each pool (...): all items give up the same share.

    >>> ration(np.array([6.0, 2.0]), np.array([1.0, 2.0]), np.array(4.0), np.array(100.0))
    array([3., 1.])
    >>> ration(np.array([6.4, 2.5]), np.array([1.0, 2.0]), np.array(99.0), np.array(100.0))
    array([6., 3.])
    """
    wanted = np.floor(np.maximum(order, 0.0) + 0.5)  # half up, as the guard rounds
    spent = (wanted * unit_cost).sum(axis=-1)
    units = wanted.sum(axis=-1)
    share = np.minimum(capacity_units / np.maximum(units, 1e-9), budget / np.maximum(spent, 1e-9))[..., np.newaxis]
    return np.where(share < 1.0, np.floor(wanted * share), wanted)
