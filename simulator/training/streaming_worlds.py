"""A generator in, a batch of items nobody has seen out: demand, its features, lead times and costs, as tensors.

Demand does not depend on orders, so all that a policy will see of it is computed before the first order, by the lines
that serve.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from policies.inventory import demand_memory
from policies.inventory.streaming import AGES, Terms
from policies.observation import Float32s
from simulator.inventory import unsteady_demand
from simulator.inventory.chance import log_uniform
from simulator.inventory.outstanding import LOST
from simulator.inventory.types import Float64s, Int64s

KNOWN_PERIODS = 5  # of demand before the first order
ODDS = (0.8, 22.0)  # of lost sale to holding cost, logarithmic
# The laws a lead time mostly has (0 .. AGES periods, lost): at once, four periods, or one to three if it comes at all.
USUAL_LAWS = np.array([[1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0.25, 0.25, 0.25, 0, 0.25]], dtype=np.float64)
UNUSUAL_RATIO = 0.15  # of the items whose law is any


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Items in worlds of their own; column t of demand is what the order of period t meets first.

    Row k of what depends on costs and lead times has the demand of path k modulo paths: reading a path is half the
    work, so each is traded on under several terms.
    """

    demand: Tensor  # (paths, periods) units
    seen: Tensor  # (paths, KNOWN_PERIODS + periods, FEATURES) features after each period, the known ones first
    scale: Tensor  # (paths, KNOWN_PERIODS + periods) units
    terms: Tensor  # (n, TERM_COUNT)
    unit_profit: Tensor  # (n,)
    holding_cost: Tensor  # (n,)
    lead_time_periods: Int64s  # (n, periods) of the order of each period; LOST: never


def draw(rng: np.random.Generator, items: int, periods: int) -> Batch:
    """Return items whose demand, costs and lead times are drawn from wide ranges; `items` is a multiple of three."""
    demand = unsteady_demand.draw(rng, items // len(USUAL_LAWS), KNOWN_PERIODS + periods)
    law = _laws(rng, items)
    odds = log_uniform(rng, ODDS, (items,))
    return batch(demand, Terms(odds, np.ones(items), law), _lead_times(rng, law, periods))


def batch(demand: Float64s, terms: Terms, lead_time_periods: Int64s) -> Batch:
    """Return the batch of `demand` (paths, KNOWN_PERIODS + periods) and n terms, n a multiple of paths."""
    memory = demand_memory.begin(len(demand))
    seen, scale = [], []
    for period in range(demand.shape[1]):
        memory = demand_memory.learn(memory, demand[:, period])
        seen.append(demand_memory.features(memory))
        scale.append(memory.scale)
    return Batch(
        demand=_single(demand[:, KNOWN_PERIODS:]),
        seen=_single(np.stack(seen, axis=1)),
        scale=_single(np.stack(scale, axis=1)),
        terms=_single(terms.seen()),
        unit_profit=_single(terms.unit_profit),
        holding_cost=_single(terms.holding_cost),
        lead_time_periods=lead_time_periods,
    )


def _laws(rng: np.random.Generator, items: int) -> Float64s:
    """Return (n, AGES + 2) probabilities: a third of the items after the other, so that each path meets each law."""
    usual = np.repeat(USUAL_LAWS, items // len(USUAL_LAWS), axis=0)
    weight = np.array([1.0] * (AGES + 1) + [0.7])  # fewer lost orders than late ones
    unusual = rng.dirichlet(np.full(AGES + 2, 0.5), items) * weight
    unusual /= unusual.sum(axis=1, keepdims=True)
    return np.where(rng.random((items, 1)) < UNUSUAL_RATIO, unusual, usual)


def _lead_times(rng: np.random.Generator, law: Float64s, periods: int) -> Int64s:
    """Return (n, periods) lead times drawn from the law of each item."""
    drawn = rng.random((len(law), periods, 1)) >= np.cumsum(law, axis=1)[:, np.newaxis, :-1]
    periods_late = drawn.sum(axis=2)
    return np.where(periods_late > AGES, LOST, periods_late)


def _single(array: Float64s | Float32s) -> Tensor:
    return torch.as_tensor(np.asarray(array, dtype=np.float32))
