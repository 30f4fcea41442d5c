"""Constant order: an observation in, the same share of the mean demand every period out."""

from dataclasses import dataclass

import numpy as np

from policies.inventory.order_terms import proposal
from policies.observation import Float32s, Observation


@dataclass(frozen=True, slots=True)
class ConstantOrder:
    """Order `share` of the mean demand of the horizon, whatever the stock.

    With lost sales and a lead time that grows it becomes optimal (Goldberg et al. 2016, "Asymptotic optimality of
    constant-order policies for lost sales inventory models with large lead times", Mathematics of Operations Research
    41(3)); it needs no stock records, and forgives nothing.
    """

    share: float = 0.9  # above 1 stock would grow without end
    name: str = "constant-order"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"share={self.share:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        return proposal(self.share * observation.demand_mean_units.mean(axis=1, dtype=np.float64), observation)
