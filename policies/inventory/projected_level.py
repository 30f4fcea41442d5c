"""Capped projected level: an observation in, what is missing to a level when the order arrives, within a cap, out."""

from dataclasses import dataclass

import numpy as np

from policies.inventory.order_terms import proposal
from policies.inventory.projection import arrival_target_units, projected_units
from policies.observation import Float32s, Observation


@dataclass(frozen=True, slots=True)
class ProjectedLevel:
    """Fill what is projected for the arrival up to a level, at most `cap_periods` mean periods of demand at once.

    With lost sales the projected level is a better state than the stock position: what is lost until then need not be
    covered (van Jaarsveld and Arts 2024, "Projected inventory-level policies for lost sales inventory systems",
    Operations Research 72(5)). The cap is that of `capped_base_stock`.
    """

    factor: float = 1.0  # of the arrival period's demand quantile at the critical ratio
    cap_periods: float = 2.0  # mean periods of demand that one order may hold
    name: str = "projected-level"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"factor={self.factor:g},cap={self.cap_periods:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        missing = self.factor * arrival_target_units(observation) - projected_units(observation)
        cap = self.cap_periods * observation.demand_mean_units.mean(axis=1, dtype=np.float64)
        return proposal(np.minimum(missing, cap), observation)
