"""A pool in motion in, one line of text for people out."""

import numpy as np

from simulator.inventory.types import Outcome
from simulator.inventory.world import Worlds


def line(worlds: Worlds, last: Outcome | None) -> str:
    """Return period, stock, pipeline and what the last period brought, summed over the first world."""
    stock = worlds.stock
    state = f"period {worlds.period:3d}: {stock.on_hand[0].sum():6.0f} on hand, {stock.pipeline[0].sum():6.0f} on order"
    if last is None:
        return state
    sold, unmet, cost = (float(np.sum(values[0])) for values in (last.sold_units, last.unmet_units, last.cost))
    return f"{state}; {sold:5.0f} sold, {unmet:5.0f} lost, cost {cost:8.2f}"
