"""The stock of a serial supply chain, as its world keeps it and its policies see it: nothing of it is hidden.

Stage 0 sells to customers, stage i buys from stage i + 1, the last one from a source without limit. Any leading axes
(episodes), the last axis is the stage; the module whose arrays come in, numpy or torch, is `xp`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any  # a numpy array or a torch tensor


@dataclass(frozen=True, slots=True, eq=False)
class ChainStock:
    """What is where at the start of a period, m stages."""

    on_hand: Array  # (..., m) units
    pipeline: Array  # (..., m, lead_time_periods_max) units; column k is received in k periods, 0 in this one
    owed_units: Array  # (..., m + 1) by each seller, the source last; 0 when what is not filled is lost


def shippable_units(stock: ChainStock, capacity_units: Array, xp: Any = np) -> Array:
    """Return (..., m) units that the supplier of each stage can ship now: its capacity, and what it has on hand.

    >>> stock = ChainStock(np.array([0.0, 7.0]), np.zeros((2, 1)), np.zeros(3))
    >>> shippable_units(stock, np.array([9.0, 8.0]))
    array([7., 8.])
    """
    capacity = xp.asarray(capacity_units) + xp.zeros_like(stock.on_hand)
    limited = xp.minimum(capacity[..., :-1], stock.on_hand[..., 1:])
    return xp.concatenate([limited, capacity[..., -1:]], -1)


def echelon_position_units(stock: ChainStock) -> Array:
    """Return (..., m): on hand and on order, less what is owed, of a stage and of all below it.

    Source: Clark and Scarf 1960, "Optimal policies for a multi-echelon inventory problem", Management Science 6(4).

    >>> echelon_position_units(ChainStock(np.array([1.0, 7.0]), np.array([[2.0], [0.0]]), np.array([4.0, 0.0, 0.0])))
    array([-1.,  6.])
    """
    return (stock.on_hand + stock.pipeline.sum(-1) - stock.owed_units[..., :-1]).cumsum(-1)
