"""Capped base-stock: an observation in, base-stock orders that never exceed a multiple of the mean demand out."""

from dataclasses import dataclass

import numpy as np

from policies.inventory.base_stock import position_units, target_units
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

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        missing = self.factor * target_units(observation) - position_units(observation)
        cap = self.cap_periods * observation.demand_mean_units.mean(axis=1, dtype=np.float64)
        return np.clip(missing, 0.0, cap).astype(np.float32)
