"""Myopic: an observation in, orders that are right for the one period in which they arrive out."""

from dataclasses import dataclass

from policies.inventory.order_terms import proposal
from policies.inventory.projection import arrival_target_units, projected_units
from policies.observation import Float32s, Observation


@dataclass(frozen=True, slots=True)
class Myopic:
    """Fill what will be on hand up to `factor` times the demand quantile of the arrival period.

    Only the cost of that period counts, whatever comes after (Morton 1971, "The near-myopic nature of the
    lagged-proportional-cost inventory problem with lost sales", Operations Research 19(7)).
    """

    factor: float = 1.0  # of the quantile at the critical ratio
    name: str = "myopic"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"factor={self.factor:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        return proposal(self.factor * arrival_target_units(observation) - projected_units(observation), observation)
