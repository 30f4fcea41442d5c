"""Probabilities of demand and costs of lost-sales instances in, what a policy may know and see of them out.

The forecast of an instance is exact: its true mean, and quantiles of its true law with the probability of k units
spread evenly from k - 1/2 to k + 1/2, so that quantiles move smoothly with the law.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS
from policies.observation import Float32s, Observation, from_arrays
from simulator.inventory.lost_sales import LostSales, OrderRule, Units
from simulator.inventory.types import Float64s, Int64s

HORIZON_PERIODS = 8  # of the forecast shown; it is the same for all of them
ROWS_MAX = 65_536  # decided at once


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of instances beforehand, one a row."""

    mean_units: Float64s  # (n,)
    quantile_units: Float64s  # (n, levels) of a period
    lead_quantile_units: Float64s  # (n, levels) of lead time + 1 periods
    lead_time_periods: Int64s  # (n,)
    lost_sale_cost: Float64s  # (n,)
    holding_cost: Float64s  # (n,)
    cost_scale: Float64s  # (n,) currency per period: about what the best policy pays

    def observation(self, states: Units, rows: Int64s) -> Observation:
        """Return what a policy sees of instances `rows` (m,) in `states` (m, lead times or more)."""
        pipeline = states[:, 1:] if states.shape[1] > 1 else np.zeros((len(states), 1))
        return from_arrays(
            resource_ids=("",) * len(rows),
            on_hand_units=states[:, 0],
            pipeline_units=pipeline,
            demand_mean_units=np.repeat(self.mean_units[rows, None], HORIZON_PERIODS, axis=1),
            demand_quantile_units=np.repeat(self.quantile_units[rows, None, :], HORIZON_PERIODS, axis=1),
            lead_demand_quantile_units=self.lead_quantile_units[rows],
            lead_time_periods=self.lead_time_periods[rows],
            lost_sale_cost=self.lost_sale_cost[rows],
            holding_cost=self.holding_cost[rows],
            unit_cost=np.ones(len(rows)),
            capacity_units=np.inf,
            budget=np.inf,
        )


def known_of(instance: LostSales) -> Known:
    """Return what is known of one instance, a single row."""
    return known(
        instance.demand_probability[np.newaxis],
        instance.demand_within(instance.lead_time_periods + 1)[np.newaxis],
        np.array([instance.lead_time_periods]),
        np.array([instance.lost_sale_cost]),
        np.array([instance.holding_cost]),
    )


def known(
    probability: Float64s,  # (n, k) of 0, 1, .. units in a period
    lead_probability: Float64s,  # (n, more) of 0, 1, .. units in lead time + 1 periods
    lead_time_periods: Int64s,  # (n,)
    lost_sale_cost: Float64s,  # (n,)
    holding_cost: Float64s,  # (n,)
) -> Known:
    """Return what is known of instances, one a row."""
    return Known(
        mean_units=probability @ np.arange(probability.shape[1]),
        quantile_units=spread_quantiles(probability),
        lead_quantile_units=spread_quantiles(lead_probability),
        lead_time_periods=lead_time_periods,
        lost_sale_cost=lost_sale_cost,
        holding_cost=holding_cost,
        cost_scale=backlog_cost(lead_probability, lost_sale_cost, holding_cost),
    )


def spread_quantiles(probability: Float64s) -> Float64s:
    """Return (n, levels) the quantiles of laws (n, k) whose units are spread over their neighbourhood, >= 0.

    >>> spread_quantiles(np.array([[0.0, 0.5, 0.5]])).round(2)[0, [2, 3, 4]]
    array([1. , 1.5, 2. ])
    """
    reached = np.cumsum(probability, axis=1)
    levels = np.asarray(QUANTILE_LEVELS)
    units = (reached[:, :, np.newaxis] < levels).sum(axis=1).clip(max=probability.shape[1] - 1)  # (n, levels)
    here = np.take_along_axis(probability, units, axis=1)
    before = np.take_along_axis(reached, units, axis=1) - here
    share = np.divide(levels - before, here, out=np.ones_like(here), where=here > 0)
    return np.asarray(np.maximum(units - 0.5 + np.clip(share, 0.0, 1.0), 0.0), dtype=np.float64)


def backlog_cost(lead_probability: Float64s, lost_sale_cost: Float64s, holding_cost: Float64s) -> Float64s:
    """Return (n,) the cost of a period of the best base-stock policy if customers waited, h and p as given.

    It is of the size of what the best policy for lost sales pays, and easy: the newsvendor's cost of the demand in
    lead time + 1 periods, (n, k) probabilities. Source: Zipkin 2000, "Foundations of inventory management", ch. 6.

    >>> backlog_cost(np.array([[0.5, 0.25, 0.25]]), np.array([3.0]), np.array([1.0]))
    array([1.25])
    """
    reached = np.cumsum(lead_probability, axis=1)
    level = (reached < (lost_sale_cost / (lost_sale_cost + holding_cost))[:, np.newaxis] - 1e-12).sum(axis=1)
    left = np.concatenate([np.zeros((len(level), 1)), np.cumsum(reached, axis=1)], axis=1)
    over = np.take_along_axis(left, level[:, np.newaxis], axis=1)[:, 0]
    mean = lead_probability @ np.arange(lead_probability.shape[1])
    return np.asarray(holding_cost * over + lost_sale_cost * (mean - level + over), dtype=np.float64)


def order_rule(decide: Callable[[Observation], Float32s], instance: LostSales) -> OrderRule:
    """Return a policy as a rule of the plain lost-sales world: states in, whole orders out, half a unit goes up."""
    known = known_of(instance)

    def orders(states: Units) -> Units:
        found = np.empty(len(states), dtype=np.int32)
        for first in range(0, len(states), ROWS_MAX):
            some = states[first : first + ROWS_MAX]
            rows: NDArray[np.int64] = np.zeros(len(some), dtype=np.int64)
            found[first : first + ROWS_MAX] = np.floor(decide(known.observation(some, rows)) + 0.5)
        return found

    return orders
