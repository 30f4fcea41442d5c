"""The one network on costs, means, shapes and lead times apart from the bed in; its gaps to the optimum out.

The optimum is solved exactly wherever a world is small enough; the figures say how many were not.
"""

import argparse

import numpy as np

from benchmarks.figures import Figure
from benchmarks.inventory import learning
from benchmarks.inventory.learning import Learning, kept
from benchmarks.inventory.one_network import One, course_of, network_of
from simulator.inventory.lost_sales import LostSales, geometric, negative_binomial, poisson
from simulator.inventory.optimum import solve
from simulator.inventory.stationary import StateSpaceError, evaluate_exactly
from simulator.inventory.types import Float64s
from simulator.training.known_instances import order_rule

MEAN_MUST, MEAN_GOAL = 1.0, 0.3  # % above the optimum
LOST_SALE_COSTS = (6.0, 14.0, 29.0)
LARGE = {("geometric 5", 5, 29.0)}  # not solved within a minute and a half

configure = learning.configure


def figures(options: argparse.Namespace) -> list[Figure]:
    """Evaluate the network on every world; for a smoke run on two, after a moment of training."""
    one = network_of(options)
    worlds = _worlds() if not options.quick else [("poisson 4", LostSales(poisson(4.0), lead, 7.0)) for lead in (1, 2)]
    named = [(f"{law} L={world.lead_time_periods} p={world.lost_sale_cost:g}", world) for law, world in worlds]
    asked = [(name, world) for name, world in named if options.only in name]
    found = [each for name, world in asked if (each := _result(name, world, one, options)) is not None]
    gaps = 100.0 * np.array([each.gap_ratio for each in found])
    limits = (None, None) if options.quick else (MEAN_MUST, MEAN_GOAL)
    return [
        *(Figure(f"generalisation: {each.name}", 100.0 * each.gap_ratio, "%") for each in found),
        Figure(f"generalisation: mean gap of {len(found)} worlds, evaluated exactly", float(gaps.mean()), "%", *limits),
        Figure("generalisation: worst gap", float(gaps.max()), "%"),
        Figure("generalisation: worlds too large to be solved", len(asked) - len(found), ""),
    ]


def _result(name: str, world: LostSales, one: One, options: argparse.Namespace) -> Learning | None:
    """Return the gap on one world, None if its optimum or its states are too many to be listed."""

    def work() -> Learning:
        best = solve(world).cost
        cost = evaluate_exactly(world, order_rule(one.policy.decide, world)).cost
        return Learning(name, course_of(one), cost, 0.0, best, one.seconds, one.steps)

    try:
        return kept(options.keep, name, course_of(one), work)
    except StateSpaceError:
        return None


def _worlds() -> list[tuple[str, LostSales]]:
    """Return the worlds beside their laws' names: one thing at a time is unlike the bed, and then several."""
    laws: dict[str, tuple[Float64s, tuple[int, ...]]] = {  # law, lead times
        "poisson 5": (poisson(5.0), (2, 4, 5)),
        "geometric 5": (geometric(5.0), (2, 4, 5)),
        "poisson 2.5": (poisson(2.5), (2, 4, 5)),
        "geometric 2.5": (geometric(2.5), (2, 4)),
        "poisson 12": (poisson(12.0), (2, 4)),
        "geometric 12": (geometric(12.0), (1, 2)),
        "negative binomial 5, shape 3": (negative_binomial(5.0, 3.0), (2, 4)),
        "negative binomial 12, shape 4": (negative_binomial(12.0, 4.0), (2,)),
    }
    return [
        (name, LostSales(law, lead, cost))
        for name, (law, lead_times) in laws.items()
        for lead in lead_times
        for cost in LOST_SALE_COSTS
        if (name, lead, cost) not in LARGE
    ]
