"""Wished orders and a supplier's terms in, orders the supplier takes out: whole packs, none below the minimum."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.observation import Float32s, Observation

Float64s = NDArray[np.float64]
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


def proposal(order: Float64s, observation: Observation) -> Float32s:
    """Return (n,) what a rule proposes: the wished `order`, on the supplier's terms where an item has any.

    Whole units are the guard's business: where single units are sold without a minimum the wish stays as it is.
    """
    least = observation.minimum_order_units.astype(np.float64)
    pack = observation.pack_units.astype(np.float64)
    wished = np.maximum(order, 0.0)
    bound = (least > 0) | (pack > 1)
    return np.where(bound, acceptable_units(wished, least, pack), wished).astype(np.float32)
