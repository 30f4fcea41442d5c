"""A decision for 10,000 items on one core: milliseconds for what is seen, the network, the orders; the guard apart.

The policy is the learned one that ships, served as the control agent serves it. The pool is made up: sales of one to
two hundred a day, lead times of one to eight periods, a horizon of fourteen.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from time import process_time

import numpy as np
from scipy.special import ndtri

from benchmarks.figures import Figure
from online_models.base import QUANTILE_LEVELS
from policies.guard import Limits, guard
from policies.inventory.learned import FEATURES, INPUT, OUTPUT, serve
from policies.observation import Observation, from_arrays
from policies.trained_files import load_shipped

ITEMS = 10_000
LEAD_PERIODS_MAX, HORIZON_PERIODS = 8, 14
MUST_MS, GOAL_MS = 50.0, 10.0
REPEATS = 30


def figures(options: argparse.Namespace) -> list[Figure]:
    """Return the median of some repeats of the whole decision and of its parts."""
    seen = pool(500 if options.quick else ITEMS, np.random.default_rng(9))
    policy = serve(load_shipped())
    features = FEATURES[policy.features_version]
    inputs = {INPUT: features.compute(seen)}
    proposed = policy.decide(seen)
    plenty = Limits(np.full(len(proposed), np.inf), np.full(len(proposed), np.inf), 0.0, np.zeros(len(proposed), bool))
    scarce = replace(seen, capacity_units=float(proposed.sum()) / 2.0)
    name = f"decisions: {len(proposed):,} items"
    return [
        Figure(f"{name}, features, network and orders", _ms(lambda: policy.decide(seen)), "ms", MUST_MS, GOAL_MS),
        Figure(f"{name}, of that the features", _ms(lambda: features.compute(seen)), "ms"),
        Figure(f"{name}, of that the network", _ms(lambda: policy.session.run([OUTPUT], inputs)), "ms"),
        Figure(f"{name}, apart: the guard, limits wide", _ms(lambda: guard(proposed, seen, plenty)), "ms"),
        Figure(f"{name}, apart: the guard, half the capacity", _ms(lambda: guard(proposed, scarce, plenty), 3), "ms"),
    ]


def pool(items: int, rng: np.random.Generator) -> Observation:
    """Return what a policy sees of a pool in the middle of its life."""
    mean = np.exp(rng.uniform(0.0, np.log(200.0), items))
    lead = rng.integers(1, LEAD_PERIODS_MAX + 1, items)
    due = np.arange(LEAD_PERIODS_MAX) < lead[:, np.newaxis]
    spread = np.sqrt(mean) * 1.3
    steps = ndtri(np.array(QUANTILE_LEVELS))
    quantiles = np.maximum(mean[:, np.newaxis] + spread[:, np.newaxis] * steps, 0.0)
    interval = (lead + 1.0)[:, np.newaxis]
    total = np.maximum(mean[:, np.newaxis] * interval + spread[:, np.newaxis] * np.sqrt(interval) * steps, 0.0)
    return from_arrays(
        resource_ids=tuple(f"item-{row}" for row in range(items)),
        on_hand_units=rng.poisson(1.5 * mean),
        pipeline_units=rng.poisson(mean[:, np.newaxis] * due),
        demand_mean_units=np.repeat(mean[:, np.newaxis], HORIZON_PERIODS, axis=1),
        demand_quantile_units=np.repeat(quantiles[:, np.newaxis], HORIZON_PERIODS, axis=1),
        lead_demand_quantile_units=total,
        lead_time_periods=lead,
        lost_sale_cost=rng.uniform(4.0, 39.0, items),
        holding_cost=np.ones(items),
        unit_cost=rng.uniform(1.0, 20.0, items),
        capacity_units=np.inf,
        budget=np.inf,
    )


def _ms(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the median CPU time, of all threads, of a few repeats after one that warms up."""
    work()
    took_s = []
    for _ in range(repeats):
        started_s = process_time()
        work()
        took_s.append(process_time() - started_s)
    return 1e3 * float(np.median(took_s))
