"""Orders of many pools in, what suppliers and limits let through out, shared as the live guard shares."""

from collections.abc import Callable

import numpy as np

from policies.inventory.order_terms import acceptable_units
from policies.scarcity import Need, share
from simulator.inventory.types import Float64s, Items, Stock


def ration(orders: Float64s, stock: Stock, items: Items, lead_quantiles: Callable[[], Float64s]) -> Float64s:
    """Return whole orders (worlds, n): the nearest that suppliers accept, cut by marginal value to the pools' limits.

    `lead_quantiles` gives the forecast (worlds, n, levels) over lead time + 1 periods; it is asked only where a limit
    binds, because forecasts may be dear.
    """
    whole = np.floor(np.maximum(orders, 0.0) + 0.5)  # half up, as the guard rounds
    accepted: Float64s = acceptable_units(whole, items.minimum_order_units, items.pack_units)
    cost = np.broadcast_to(items.unit_cost, accepted.shape)
    if (accepted.sum(axis=1) <= items.capacity_units).all() and ((accepted * cost).sum(axis=1) <= items.budget).all():
        return accepted
    need = Need(
        position_units=stock.on_hand + stock.pipeline.sum(axis=-1),
        lead_demand_quantile_units=lead_quantiles().astype(np.float32),
        lost_sale_cost=np.broadcast_to(items.lost_sale_cost, accepted.shape),
        minimum_order_units=np.asarray(items.minimum_order_units, dtype=np.float64),
        pack_units=np.asarray(items.pack_units, dtype=np.float64),
    )
    within = share(accepted, np.ones_like(accepted), items.capacity_units, need).order_units
    return share(within, cost, items.budget, need).order_units
