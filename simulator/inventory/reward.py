"""An outcome in, what a learner is told out: the pool's cost of a period in units of what holding its need costs."""

import numpy as np

from simulator.inventory.types import Float64s, Items


def cost_scale(items: Items, mean_units: Float64s) -> Float64s:
    """Return (worlds,) currency: holding the mean demand of the protection interval for one period.

    Costs of pools with cheap and dear, fast and slow items become comparable in it.
    """
    need = mean_units * (items.lead_time_periods + 1)
    return np.asarray(np.maximum((items.holding_cost * need).sum(axis=-1), 1e-9), dtype=np.float64)


def reward(cost: Float64s, scale: Float64s, rule_cost: Float64s | None = None) -> Float64s:
    """Return (worlds,) the negative cost of the period, or what was saved against a rule on the same demand.

    What the rule paid does not depend on the actions, so the best policy stays the best; but most of the luck of
    the demand cancels, and learning needs far fewer periods.

    >>> reward(np.array([[3.0, 1.0]]), np.array([2.0]))
    array([-2.])
    >>> reward(np.array([[3.0, 1.0]]), np.array([2.0]), rule_cost=np.array([[3.0, 4.0]]))
    array([1.5])
    """
    paid = cost if rule_cost is None else cost - rule_cost
    return np.asarray(-paid.sum(axis=-1) / scale, dtype=np.float64)
