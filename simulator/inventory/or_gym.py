"""The supply chain of or-gym (InvManagement-v0 and -v1): whether orders are owed in, its parameters out.

Source: Hubbs et al. 2020, "OR-Gym: a reinforcement learning library for operations research problems", arXiv
2008.06319; the package itself no longer installs beside a current numpy.
"""

import numpy as np

from policies.inventory.learned_chain import ChainTerms
from simulator.inventory.serial_chain import Chain

PERIODS = 30
DEMAND_MEAN_UNITS = 20.0  # Poisson
DISCOUNT = 0.97  # of a period's profit; stock left at the end is worth nothing


def chain(*, backlog: bool) -> Chain:
    """Return four stages, of which the last is the source; v0 has backlog, v1 loses what is not filled."""
    price = np.array([2.0, 1.5, 1.0, 0.75])
    return Chain(
        initial_units=np.array([100.0, 100.0, 200.0]),
        capacity_units=np.array([100.0, 90.0, 80.0]),
        lead_time_periods=(3, 5, 10),
        price=price,
        order_cost=np.array([1.5, 1.0, 0.75, 0.5]),  # what a stage pays is what its supplier earns
        unfilled_cost=np.array([0.1, 0.075, 0.05, 0.025]),
        holding_cost=np.array([0.15, 0.1, 0.05, 0.0]),
        backlog=backlog,
    )


def terms(of: Chain) -> ChainTerms:
    """Return what a policy may know of it."""
    return ChainTerms(of.lead_time_periods, of.capacity_units, DEMAND_MEAN_UNITS, PERIODS)
