"""Capped base-stock: an observation in, base-stock orders that never exceed a multiple of the mean demand out."""

from dataclasses import dataclass

import numpy as np

from policies.inventory.base_stock import Float64s, position_units, target_units
from policies.inventory.order_terms import proposal
from policies.observation import Float32s, Observation


@dataclass(frozen=True, slots=True)
class CappedBaseStock:
    """Order what is missing to `factor` times the target, at most `cap_periods` mean periods of demand at once.

    The cap keeps a run of bad luck from filling the pipeline with stock that arrives when the luck has turned;
    in lost-sales worlds it beats plain base-stock (Xin 2021, "Understanding the performance of capped base-stock
    policies in lost-sales inventory models", Operations Research 69(1)).
    """

    factor: float = 1.0
    cap_periods: float = 2.0  # mean periods of demand that one order may hold
    name: str = "capped-base-stock"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"factor={self.factor:g},cap={self.cap_periods:g}"

    def cap_units(self, observation: Observation) -> Float64s:
        """Return (n,) units that one order may hold at most."""
        mean = observation.demand_mean_units.mean(axis=1, dtype=np.float64)
        return np.asarray(self.cap_periods * mean, dtype=np.float64)

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        missing = self.factor * target_units(observation) - position_units(observation)
        return proposal(np.minimum(missing, self.cap_units(observation)), observation)
