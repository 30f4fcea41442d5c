"""What a network says of each item and its prospect in, orders out: how far from the target it wants to be.

The network of the head "orders" departs from plain base-stock: 0 orders all that is missing to the target, -1 one
mean period of demand less. It never orders more than EXTRA_PERIODS_MAX mean periods beyond the target.
"""

from typing import Any

import numpy as np

from policies.inventory.base_stock import mean_period_units, position_units, target_units
from policies.observation import Float32s, Observation

Array = Any  # a numpy array or a torch tensor

EXTRA_PERIODS_MAX = 4.0  # mean periods of demand beyond the target


def own_orders(observation: Observation, said: Float32s) -> Float32s:
    """Return (n,) units to order, >= 0, of what the network `said` (n,) in mean periods of demand."""
    missing = target_units(observation) - position_units(observation)
    return np.asarray(wanted_units(said, missing, mean_period_units(observation)), dtype=np.float32)


def wanted_units(said: Array, missing: Array, scale: Array, xp: Any = np) -> Array:
    """Return (n,) units >= 0: what is `missing` to the target, moved by `said` times `scale`, a period's mean demand.

    `xp` is numpy or torch.

    >>> wanted_units(np.array([-1.0, -9.0]), np.array([12.0, 12.0]), np.array([5.0, 5.0]))
    array([7., 0.])
    """
    return xp.clip(missing + scale * xp.clip(said, None, EXTRA_PERIODS_MAX), 0.0, None)
