"""Wished orders and a supplier's terms in, orders the supplier takes out: whole packs, none below the minimum."""

from typing import Any

import numpy as np

Array = Any  # (..., n) numpy array or torch tensor


def acceptable_units(order: Array, minimum_order_units: Array, pack_units: Array, xp: Any = np) -> Array:
    """Return the acceptable order (..., n) nearest to `order`; what is half way goes up, as the guard rounds.

    The smallest acceptable order is the minimum rounded up to whole packs. `xp` is numpy or torch.

    >>> acceptable_units(np.array([4.5, 8.0, 3.0, 2.0]), np.array([0, 0, 5, 5]), np.array([1.0, 6.0, 4.0, 6.0]))
    array([5., 6., 0., 0.])
    """
    least = xp.ceil(minimum_order_units / pack_units) * pack_units
    packs = xp.floor(xp.clip(order, 0.0, None) / pack_units + 0.5) * pack_units
    small = xp.where(2.0 * order >= least, least, xp.zeros_like(packs))
    return xp.where(packs < least, small, packs)
