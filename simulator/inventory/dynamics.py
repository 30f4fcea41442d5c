"""One period of an inventory world: stock, an order and chance in, the next stock, sales and costs out.

A period runs: receipts due are on hand, an order is placed, demand is met, costs are counted, time advances.
Pure and vectorised: any leading axes (worlds, seeds), the last axis is the item. `xp` is the module whose arrays
come in, numpy or torch: the same lines serve both, and gradients flow through all but whole units.

>>> stock = Stock(on_hand=np.array([4.0]), pipeline=np.array([[0.0, 3.0]]))  # 3 units arrive in two periods
>>> stock = place(stock, np.array([5.0]), np.array([2]))  # 5 more, two periods away
>>> stock.pipeline
array([[0., 8.]])
>>> stock, sold, lost = meet(stock, np.array([6.0]))
>>> sold, lost, stock.on_hand
(array([4.]), array([2.]), array([0.]))
>>> period_costs(stock, lost, np.array([5.0]), holding_cost=1.0, lost_sale_cost=9.0).total
array([18.])
>>> stock, received = advance(stock)
>>> received, stock.on_hand, stock.pipeline
(array([0.]), array([0.]), array([[8., 0.]]))
"""

from typing import Any

import numpy as np

from simulator.inventory.types import Array, Chance, Costs, Items, Outcome, Stock

__all__ = ["Stock", "advance", "meet", "period_costs", "place", "play"]


def play(stock: Stock, order: Array, chance: Chance, items: Items, xp: Any = np) -> tuple[Stock, Outcome]:
    """Return the stock of the next period and what this one brought; `order` (..., n) is placed as it is.

    A lost order is paid for when it is placed, and never seen again.
    """
    placed = place(stock, order * chance.arrived_ratio, chance.lead_time_periods, xp)
    after, sold, lost = meet(placed, chance.demand_units, chance.waiting_ratio, chance.waiting_draw, xp)
    costs = period_costs(
        after,
        lost,
        order,
        holding_cost=items.holding_cost,
        lost_sale_cost=items.lost_sale_cost,
        backlog_cost=items.backlog_cost,
        order_cost=items.order_cost,
        purchase_cost=items.purchase_cost,
        xp=xp,
    )
    following, received = advance(after, xp)
    return following, Outcome(order, sold, chance.demand_units - sold, lost, received, costs)


def place(stock: Stock, order: Array, lead_time_periods: Array, xp: Any = np) -> Stock:
    """Return the stock with `order` (..., n) on its way: due after `lead_time_periods`, at once when that is 0.

    `lead_time_periods` (..., n) are whole; none may be below 0 or exceed the pipeline's columns: what does is in no
    column and would vanish.
    """
    columns = xp.arange(1, stock.pipeline.shape[-1] + 1, device=stock.pipeline.device)
    due = columns == lead_time_periods[..., None]
    nothing = xp.zeros_like(order)
    return Stock(
        on_hand=stock.on_hand + xp.where(lead_time_periods == 0, order, nothing),
        pipeline=stock.pipeline + xp.where(due, order[..., None], nothing[..., None]),
    )


def meet(
    stock: Stock, demand: Array, waiting_ratio: Array = 0.0, waiting_draw: Array | None = None, xp: Any = np
) -> tuple[Stock, Array, Array]:
    """Return the stock after `demand` (..., n), the units sold from stock at once, and the units lost.

    Of what cannot be sold at once a share of `waiting_ratio` waits: it is owed (stock on hand falls below 0) and
    served first by what arrives. 0 is lost sales, 1 is backlog. `waiting_draw` in [0, 1) rounds the share to whole
    units, up as often as its fraction says.

    >>> empty = Stock(np.array([1.0]), np.zeros((1, 1)))
    >>> after, sold, lost = meet(empty, np.array([6.0]), waiting_ratio=0.5, waiting_draw=np.array([0.7]))
    >>> sold, lost, after.on_hand
    (array([1.]), array([2.]), array([-3.]))
    """
    sold = xp.minimum(xp.clip(stock.on_hand, 0.0, None), demand)
    short = demand - sold
    waits = waiting_ratio * short
    if waiting_draw is not None:
        waits = xp.floor(waits + waiting_draw)
    return Stock(stock.on_hand - sold - waits, stock.pipeline), sold, short - waits


def advance(stock: Stock, xp: Any = np) -> tuple[Stock, Array]:
    """Return the stock at the start of the next period, and the units received with it."""
    received = stock.pipeline[..., 0]
    later = xp.concatenate([stock.pipeline[..., 1:], xp.zeros_like(stock.pipeline[..., :1])], -1)
    return Stock(stock.on_hand + received, later), received


def period_costs(
    stock_after: Stock,
    lost: Array,
    order: Array,
    *,
    holding_cost: Array,
    lost_sale_cost: Array,
    backlog_cost: Array = 0.0,
    order_cost: Array = 0.0,
    purchase_cost: Array = 0.0,
    xp: Any = np,
) -> Costs:
    """Return the costs of a period per item (..., n): h a unit left over, p a unit lost, b a unit owed, K an order.

    An owed unit is charged once for each period at whose end it waits.
    Source of h and p: Zipkin 2008, "Old and new methods for lost-sales inventory systems", Operations Research 56(5).
    """
    on_hand = stock_after.on_hand
    return Costs(
        holding=holding_cost * xp.clip(on_hand, 0.0, None),
        lost_sales=lost_sale_cost * lost,
        backlog=backlog_cost * xp.clip(-on_hand, 0.0, None),
        ordering=order_cost * (order > 0),
        purchase=purchase_cost * order,
    )
