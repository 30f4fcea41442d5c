"""Service level: an observation in, orders up to one quantile of lead-time demand for every item out."""

from dataclasses import dataclass

import numpy as np

from policies.inventory.base_stock import position_units, quantile_at
from policies.inventory.order_terms import proposal
from policies.observation import Float32s, Observation


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """Order what is missing to the quantile at `level` of demand until an order placed now has arrived.

    What shops do that know no cost of a lost sale: a cycle service level, the same for all (Silver, Pyke and Thomas
    2017, "Inventory and Production Management in Supply Chains", 4th edition, chapter 6).
    """

    level: float = 0.95  # probability that stock and orders last until then
    name: str = "service-level"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"level={self.level:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        levels = np.full(len(observation.resource_ids), self.level)
        target = quantile_at(levels, observation.lead_demand_quantile_units.astype(np.float64))
        return proposal(target - position_units(observation), observation)
