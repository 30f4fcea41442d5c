"""The 32 instances of the lost-sales bed in; the gap of one learned policy per instance to the optimum out.

Each policy learns on its own instance for `seconds_of` seconds of one core and is evaluated exactly, its orders whole.
Developed on instances with other means and costs (see `QUICK`).
"""

import argparse
from dataclasses import asdict
from time import process_time

import numpy as np

from benchmarks.figures import Figure
from benchmarks.inventory import learning
from benchmarks.inventory.learning import Learning, kept
from simulator.inventory.lost_sales import LostSales, geometric, poisson
from simulator.inventory.optimum import solve
from simulator.inventory.stationary import evaluate_exactly
from simulator.inventory.zipkin_bed import BedInstance, zipkin_bed
from simulator.training.known_instances import order_rule
from simulator.training.own_network import HIDDEN, ROWS, SEED, course_of, own_network, served

SECONDS_MAX = 60.0  # allowed
MEAN_MUST, MEAN_GOAL, WORST_MUST, WORST_GOAL = 0.10, 0.03, 0.4, 0.1  # % above the optimum
QUICK = (("poisson", poisson(4.0), 1, 7.0), ("geometric", geometric(4.0), 2, 7.0))

configure = learning.configure


def figures(options: argparse.Namespace) -> list[Figure]:
    """Learn and evaluate each instance, or for a smoke run two others for a moment."""
    bed = quick_bed() if options.quick else [one for one in zipkin_bed() if options.only in one.name]
    found = [_result(one, options) for one in bed]
    gaps = 100.0 * np.array([one.gap_ratio for one in found])
    limits = (None,) * 4 if options.quick else (MEAN_MUST, MEAN_GOAL, WORST_MUST, WORST_GOAL)
    return [
        *(Figure(f"zipkin: {one.name}", 100.0 * one.gap_ratio, "%") for one in found),
        Figure(f"zipkin: mean gap of {len(found)} instances, evaluated exactly", float(gaps.mean()), "%", *limits[:2]),
        Figure("zipkin: worst gap", float(gaps.max()), "%", *limits[2:]),
        Figure("zipkin: longest learning, one core", max(one.seconds for one in found), "s", SECONDS_MAX),
    ]


def quick_bed() -> list[BedInstance]:
    """Return the instances of a smoke run."""
    worlds = ((family, LostSales(law, lead, lost)) for family, law, lead, lost in QUICK)
    return [BedInstance(family, world, solve(world).cost) for family, world in worlds]


def seconds_of(lead_time_periods: int, *, quick: bool) -> float:
    """Return how long an instance may be learnt: the state has as many numbers as the lead time has periods."""
    return 3.0 if quick else 4.0 + 2.0 * lead_time_periods


def _result(one: BedInstance, options: argparse.Namespace) -> Learning:
    lead = one.world.lead_time_periods
    seconds = seconds_of(lead, quick=options.quick)
    course = f"{asdict(course_of(lead))}, {ROWS} rows, {HIDDEN} hidden, seed {SEED}, {seconds} s"

    def work() -> Learning:
        started = process_time()
        network, steps = own_network(one.world, seconds, process_time)
        took_s = process_time() - started
        cost = evaluate_exactly(one.world, order_rule(served(network).decide, one.world)).cost
        return Learning(one.name, course, cost, 0.0, one.published_cost, took_s, steps)

    return kept(options.keep, one.name, course, work)
