"""An observation in, what will be on hand when an order placed now arrives out: demand as a law, not as its mean."""

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS
from policies.inventory.base_stock import critical_ratio, quantile_at
from policies.observation import Observation

Float64s = NDArray[np.float64]

_LEVELS = np.asarray(QUANTILE_LEVELS)
_EDGES = np.concatenate([[0.0], (_LEVELS[1:] + _LEVELS[:-1]) / 2, [1.0]])
WEIGHTS = np.diff(_EDGES)  # (levels,) probability that demand is nearest to each quantile


def projected_units(observation: Observation) -> Float64s:
    """Return (n,) units expected on hand when an order placed now arrives, before it; what is short is lost.

    Period by period E[(x - D)+] + what arrives, where D is the law of the forecast's quantiles, scaled to its mean, and
    x is taken as if it were certain: nearly what van Jaarsveld and Arts 2024, "Projected inventory-level policies for
    lost sales inventory systems", Operations Research 72(5), project exactly.
    """
    pipeline = observation.pipeline_units.astype(np.float64)
    stock = observation.on_hand_units.astype(np.float64)
    horizon = observation.demand_mean_units.shape[1]
    for period in range(int(observation.lead_time_periods.max(initial=0))):
        left = expected_left_units(stock, *_law(observation, min(period, horizon - 1)))
        arrives = pipeline[:, period] if period < pipeline.shape[1] else 0.0
        stock = np.where(period < observation.lead_time_periods, left + arrives, stock)
    return stock


def expected_left_units(stock: Float64s, mean: Float64s, quantiles: Float64s) -> Float64s:
    """Return (n,) E[(x - D)+] of x = `stock`, D of the given mean (n,) and about the given quantiles (n, levels).

    >>> quantiles = np.full((1, 9), 4.0)  # demand is 4
    >>> expected_left_units(np.array([10.0]), np.array([4.0]), quantiles)
    array([6.])
    """
    usual = quantiles @ WEIGHTS
    scale = np.divide(mean, usual, out=np.zeros_like(usual), where=usual > 0)
    left = np.maximum(stock[:, np.newaxis] - scale[:, np.newaxis] * quantiles, 0.0) @ WEIGHTS
    return np.asarray(left, dtype=np.float64)


def arrival_target_units(observation: Observation) -> Float64s:
    """Return (n,) the demand quantile at the critical ratio of the period in which an order placed now arrives."""
    quantiles = observation.demand_quantile_units.astype(np.float64)
    arrival = np.minimum(observation.lead_time_periods.astype(np.int64), quantiles.shape[1] - 1)
    ratio = critical_ratio(observation.lost_sale_cost.astype(np.float64), observation.holding_cost.astype(np.float64))
    return quantile_at(ratio, quantiles[np.arange(len(arrival)), arrival])


def _law(observation: Observation, period: int) -> tuple[Float64s, Float64s]:
    mean = observation.demand_mean_units[:, period].astype(np.float64)
    return mean, observation.demand_quantile_units[:, period].astype(np.float64)
