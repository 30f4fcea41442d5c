"""Myopic: an observation in, orders that are right for the one period in which they arrive out."""

from dataclasses import dataclass

import numpy as np

from policies.inventory.base_stock import Float64s, critical_ratio, quantile_at
from policies.inventory.order_terms import proposal
from policies.observation import Float32s, Observation


def projected_units(observation: Observation) -> Float64s:
    """Return (n,) units expected on hand when an order placed now arrives, before it: means are sold, never owed."""
    mean = observation.demand_mean_units.astype(np.float64)
    pipeline = observation.pipeline_units.astype(np.float64)
    stock = observation.on_hand_units.astype(np.float64)
    for period in range(int(observation.lead_time_periods.max(initial=0))):
        sold = mean[:, min(period, mean.shape[1] - 1)]
        arrives = pipeline[:, period] if period < pipeline.shape[1] else 0.0
        stock = np.where(period < observation.lead_time_periods, np.maximum(stock - sold, 0.0) + arrives, stock)
    return stock


@dataclass(frozen=True, slots=True)
class Myopic:
    """Fill what will be on hand up to `factor` times the demand quantile of the arrival period.

    Only the cost of that period counts, whatever comes after (Morton 1971, "The near-myopic nature of the
    lagged-proportional-cost inventory problem with lost sales", Operations Research 19(7)); what will be on hand is
    projected along the forecast means, as in van Jaarsveld and Arts 2024, "Projected inventory-level policies for lost
    sales inventory systems", Operations Research 72(5).
    """

    factor: float = 1.0  # of the quantile at the critical ratio
    name: str = "myopic"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"factor={self.factor:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        quantiles = observation.demand_quantile_units.astype(np.float64)
        arrival = np.minimum(observation.lead_time_periods.astype(np.int64), quantiles.shape[1] - 1)
        ratio = critical_ratio(
            observation.lost_sale_cost.astype(np.float64), observation.holding_cost.astype(np.float64)
        )
        wanted = quantile_at(ratio, quantiles[np.arange(len(arrival)), arrival])
        return proposal(self.factor * wanted - projected_units(observation), observation)
