"""Base-stock: an observation in, orders up to the demand quantile that pays for itself out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS
from policies.inventory.order_terms import proposal
from policies.observation import Float32s, Observation

Float64s = NDArray[np.float64]

UNITS_MIN = 1e-3  # below this mean per period a series is as good as dead


def critical_ratio(lost_sale_cost: Float64s, holding_cost: Float64s) -> Float64s:
    """Return the service probability at which one more unit pays for itself, p / (p + h); 0 when both are 0.

    Source: Arrow, Harris and Marschak 1951, "Optimal inventory policy", Econometrica 19(3).

    >>> critical_ratio(np.array([9.0]), np.array([1.0]))
    array([0.9])
    """
    both = lost_sale_cost + holding_cost
    return np.divide(lost_sale_cost, both, out=np.zeros_like(both), where=both > 0)


def quantile_at(levels: Float64s, quantiles: Float64s | Float32s) -> Float64s:
    """Return per row the quantile at `levels` (n,), linear between QUANTILE_LEVELS, the outermost beyond them.

    >>> quantile_at(np.array([0.5, 0.625]), np.array([[1, 2, 3, 4, 6, 7, 8, 9, 10.0]] * 2))
    array([4., 5.])
    """
    known = np.asarray(QUANTILE_LEVELS)
    right = np.ones(len(levels), dtype=np.intp)
    for level in known[1:-1]:  # a handful: quicker than a search for each row
        right += levels > level
    rows = np.arange(len(levels))
    low, high = (quantiles[rows, one].astype(np.float64) for one in (right - 1, right))
    share = np.clip((levels - known[right - 1]) / (known[right] - known[right - 1]), 0.0, 1.0)
    return np.asarray(low + share * (high - low), dtype=np.float64)


def position_units(observation: Observation) -> Float64s:
    """Return per item what is on hand and on order together, (n,) units."""
    pipeline = observation.pipeline_units.astype(np.float64)
    on_order = pipeline @ np.ones(pipeline.shape[1])  # the sum of each row, several times as quick as `sum`
    return np.asarray(observation.on_hand_units + on_order, dtype=np.float64)


def target_units(observation: Observation) -> Float64s:
    """Return per item the quantile of demand over the protection interval at the critical ratio, (n,) units."""
    ratio = critical_ratio(observation.lost_sale_cost.astype(np.float64), observation.holding_cost.astype(np.float64))
    return quantile_at(ratio, observation.lead_demand_quantile_units)


def mean_period_units(observation: Observation) -> Float64s:
    """Return per item the forecast mean of a period over the protection interval, (n,) units, above 0."""
    mean, lead = observation.demand_mean_units, observation.lead_time_periods
    total = np.zeros(len(mean))
    for period in range(min(mean.shape[1], int(lead.max(initial=0.0)) + 1)):  # a column at a time: quicker than rows
        total += mean[:, period] * (lead >= period)
    periods = np.clip(np.floor(lead) + 1.0, 1.0, mean.shape[1])
    return np.asarray(np.maximum(total / periods, UNITS_MIN), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class BaseStock:
    """Order what is missing to `factor` times the target."""

    factor: float = 1.0  # tuned on earlier spans; below 1 when lost sales shrink what has to be covered
    name: str = "base-stock"

    @property
    def version(self) -> str:
        """Return the parameters, which are all that distinguishes two of them."""
        return f"factor={self.factor:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0; whole units are the guard's business."""
        missing = self.factor * target_units(observation) - position_units(observation)
        return proposal(missing, observation)
