"""A serial supply chain: stock, orders and demand of one period in, the next stock and the period's profit out.

Stage 0 sells to customers; stage i buys from stage i + 1; the last one buys from a source without limit. A period
runs: orders are filled up to the supplier's capacity and what it has on hand before its own receipts, receipts due
come in, customers are served, profit is counted over all stages. What is not filled is owed (`backlog`) or lost, to
customers and to stages alike, and costs the same either way. Goods on their way cost nothing.
Pure and vectorised: any leading axes (episodes), the last axis is the stage. `xp` is the module whose arrays come in,
numpy or torch: the same lines serve both, and gradients flow through all of them.
Source: the environments InvManagement-v0 (backlog) and -v1 (lost sales) of or-gym: Hubbs et al. 2020, "OR-Gym: a
reinforcement learning library for operations research problems", arXiv 2008.06319; its source was read for the order
of events, and nothing of it is here.

>>> two = Chain(initial_units=np.array([5.0, 9.0]), capacity_units=np.array([4.0, 8.0]), lead_time_periods=(1, 2),
...     price=np.array([2.0, 1.5, 1.0]), order_cost=np.array([1.5, 1.0, 0.5]),
...     unfilled_cost=np.array([0.1, 0.05, 0.0]), holding_cost=np.array([0.15, 0.05, 0.0]), backlog=True)
>>> stock, profit = step(two, start(two), np.array([6.0, 3.0]), np.array(7.0))
>>> stock.on_hand, stock.owed_units  # 5 of 7 sold, 4 of 6 shipped to stage 0, 3 bought
(array([0., 5.]), array([2., 2., 0.]))
>>> round(float(profit), 2)  # 5 * 2 sold - 3 * .5 bought - (2 * .1 + 2 * .05) owed - 5 * .05 held
7.95
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from policies.inventory.chain_stock import ChainStock, shippable_units

Array = Any  # a numpy array or a torch tensor


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """What does not change: m stages that hold stock, and the source behind them as the last of m + 1 sellers."""

    initial_units: Array  # (m,)
    capacity_units: Array  # (m,) that the supplier of stage i ships a period at most
    lead_time_periods: tuple[int, ...]  # (m,) from order to receipt, at least 1
    price: Array  # (m + 1,) currency a unit, of what seller i sells
    order_cost: Array  # (m + 1,) currency a unit, of what seller i buys (the last one: makes)
    unfilled_cost: Array  # (m + 1,) currency per unit that seller i does not fill, and period it is owed
    holding_cost: Array  # (m + 1,) currency per unit on hand at a period's end; the source holds nothing
    backlog: bool  # whether what is not filled is owed, else it is lost


def start(chain: Chain, episodes: tuple[int, ...] = (), xp: Any = np) -> ChainStock:
    """Return the stock of the first period: initial stock, nothing on its way, nothing owed."""
    stages = len(chain.lead_time_periods)
    initial = xp.asarray(chain.initial_units)
    return ChainStock(
        on_hand=initial + xp.zeros((*episodes, stages), dtype=initial.dtype),
        pipeline=xp.zeros((*episodes, stages, max(chain.lead_time_periods)), dtype=initial.dtype),
        owed_units=xp.zeros((*episodes, stages + 1), dtype=initial.dtype),
    )


def step(chain: Chain, stock: ChainStock, order: Array, demand: Array, xp: Any = np) -> tuple[ChainStock, Array]:
    """Return the stock of the next period and the profit of this one over all stages, currency.

    `order` (..., m) units >= 0 that each stage asks of its supplier, on top of what it is owed; `demand` (...,) units.
    """
    asked = order + stock.owed_units[..., 1:]
    shipped = xp.minimum(asked, shippable_units(stock, chain.capacity_units, xp))
    received = stock.pipeline[..., 0]
    wanted = demand + stock.owed_units[..., 0]
    served = xp.minimum(stock.on_hand[..., 0] + received[..., 0], wanted)
    sold = xp.concatenate([served[..., None], shipped], -1)
    unfilled = xp.concatenate([wanted[..., None], asked], -1) - sold
    on_hand = stock.on_hand + received - sold[..., :-1]
    after = ChainStock(
        on_hand=on_hand,
        pipeline=_advanced(chain, stock.pipeline, shipped, xp),
        owed_units=unfilled if chain.backlog else xp.zeros_like(unfilled),
    )
    return after, _profit(chain, sold, unfilled, on_hand, xp)


def _advanced(chain: Chain, pipeline: Array, shipped: Array, xp: Any) -> Array:
    """Return the pipeline of the next period: one column nearer, what was shipped in the column of its lead time."""
    later = xp.concatenate([pipeline[..., 1:], xp.zeros_like(pipeline[..., :1])], -1)
    due = np.arange(1, pipeline.shape[-1] + 1) == np.asarray(chain.lead_time_periods)[:, np.newaxis]
    return later + xp.asarray(due) * shipped[..., None]


def _profit(chain: Chain, sold: Array, unfilled: Array, on_hand: Array, xp: Any) -> Array:
    bought = xp.concatenate([sold[..., 1:], sold[..., -1:]], -1)
    held = xp.concatenate([on_hand, xp.zeros_like(on_hand[..., :1])], -1)
    earned = xp.asarray(chain.price) * sold - xp.asarray(chain.order_cost) * bought
    paid = xp.asarray(chain.unfilled_cost) * unfilled + xp.asarray(chain.holding_cost) * held
    return (earned - paid).sum(-1)
