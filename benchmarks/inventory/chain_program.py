"""A serial chain, its stock and the demand to come in, the orders of a linear programme out: the peer with a solver.

With the demand that will come it is perfect foresight, which no policy reaches; solved anew in each period with the
mean instead, it is what a planner with a solver does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from policies.inventory.chain_stock import ChainStock
from simulator.inventory.serial_chain import Chain

Float64s = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """A quantity of each period, `weights` @ x + `constant`; x are the shipments to each stage, then the sales."""

    weights: Float64s  # (periods, variables)
    constant: Float64s  # (periods,)


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The best orders for a demand that is believed."""

    profit: float  # discounted to the first period
    orders: Float64s  # (m,) of the first period, units


def plan(chain: Chain, stock: ChainStock, demand: Float64s, discount: float) -> Plan:
    """Return the best plan from `stock` (m,) for `demand` (periods,); nothing is worth anything afterwards."""
    periods, stages = len(demand), len(chain.lead_time_periods)
    left = [_left_over(chain, stock, stage, periods) for stage in range(stages)]
    unfilled = _unfilled(chain, stock, demand)
    factor = discount ** np.arange(periods)
    gain = np.concatenate([factor * margin for margin in _margins(chain)])
    held = [chain.holding_cost[stage] * one.weights.T @ factor for stage, one in enumerate(left)]
    gain = gain - np.sum(held, axis=0) - chain.unfilled_cost[0] * unfilled.weights.T @ factor
    constant = -chain.unfilled_cost[0] * factor @ unfilled.constant
    constant -= sum(chain.holding_cost[stage] * factor @ one.constant for stage, one in enumerate(left))
    above_zero = [*left, unfilled, *(_not_shipped(left[stage], stock, stage) for stage in range(1, stages))]
    capacity = [(0.0, float(units)) for units in chain.capacity_units for _ in range(periods)]
    found = linprog(
        -gain,
        A_ub=-np.concatenate([one.weights for one in above_zero]),
        b_ub=np.concatenate([one.constant for one in above_zero]),
        bounds=capacity + [(0.0, None)] * periods,
        method="highs",
    )
    assert found.success, found.message
    return Plan(float(constant - found.fun), found.x.reshape(stages + 1, periods)[:stages, 0])


def _margins(chain: Chain) -> Float64s:
    """Return (m + 1,) what a unit shipped to each stage, then a unit sold, earns over all stages."""
    shipped = chain.price[1:] - chain.order_cost[:-1]
    shipped[-1] -= chain.order_cost[-1]
    return np.append(shipped, chain.price[0])


def _left_over(chain: Chain, stock: ChainStock, stage: int, periods: int) -> Affine:
    """Return what `stage` has at each period's end: what was there and came in, less what it sold."""
    stages, lead = len(chain.lead_time_periods), chain.lead_time_periods[stage]
    so_far = np.tri(periods)
    weights = np.zeros((periods, stages + 1, periods))
    weights[:, stage] = np.tri(periods, k=-lead)
    weights[:, stages if stage == 0 else stage - 1] -= so_far
    due = np.zeros(max(periods, stock.pipeline.shape[-1]))
    due[: stock.pipeline.shape[-1]] = stock.pipeline[stage]
    return Affine(weights.reshape(periods, -1), stock.on_hand[stage] + np.cumsum(due[:periods]))


def _not_shipped(left: Affine, stock: ChainStock, stage: int) -> Affine:
    """Return what `stage` has at each period's start and does not ship in it to the stage below."""
    periods = len(left.constant)
    before = np.eye(periods, k=-1)
    weights = before @ left.weights
    weights[:, (stage - 1) * periods : stage * periods] -= np.eye(periods)
    constant = before @ left.constant
    constant[0] += stock.on_hand[stage]
    return Affine(weights, constant)


def _unfilled(chain: Chain, stock: ChainStock, demand: Float64s) -> Affine:
    """Return what customers ask for and do not get in each period; with backlog what they are still owed."""
    periods, stages = len(demand), len(chain.lead_time_periods)
    added = np.tri(periods) if chain.backlog else np.eye(periods)
    weights = np.concatenate([np.zeros((periods, stages * periods)), -added], axis=1)
    return Affine(weights, added @ demand + stock.owed_units[0])
