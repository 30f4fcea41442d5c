"""(s, S): an observation in, no order above the reorder point and a lot that is worth its cost below it out."""

from dataclasses import dataclass

import numpy as np

from policies.inventory.base_stock import Float64s, mean_period_units, position_units, target_units
from policies.inventory.order_terms import proposal
from policies.observation import Float32s, Observation

_COST_MIN = 1e-12


def economic_lot_units(order_cost: Float64s, holding_cost: Float64s, mean_units: Float64s) -> Float64s:
    """Return the lot that balances ordering and holding, sqrt(2 K mean / h), units.

    Source: Harris 1913, "How many parts to make at once", Factory, The Magazine of Management 10(2).

    >>> economic_lot_units(np.array([25.0]), np.array([1.0]), np.array([8.0]))
    array([20.])
    """
    lot = np.sqrt(2.0 * order_cost * mean_units / np.maximum(holding_cost, _COST_MIN))
    return np.asarray(lot, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ReorderPoint:
    """At or below s order up to S: s is `factor` times the target, S - s is `lot_factor` times the economic lot.

    With a fixed cost of ordering and backlog some (s, S) is optimal (Scarf 1960, "The optimality of (s, S) policies in
    the dynamic inventory problem"); where ordering costs nothing it is base-stock.
    """

    factor: float = 1.0  # of the target, the forecast's quantile at the critical ratio
    lot_factor: float = 1.0  # of the economic lot
    name: str = "reorder-point"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"factor={self.factor:g},lot={self.lot_factor:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        point, position = self.factor * target_units(observation), position_units(observation)
        lot = economic_lot_units(
            observation.order_cost.astype(np.float64),
            observation.holding_cost.astype(np.float64),
            mean_period_units(observation),
        )
        return proposal(np.where(position <= point, point + self.lot_factor * lot - position, 0.0), observation)
