"""Lead times 6, 8 and 10 in; how far learned policies are from the best published costs out.

The one network, which saw lead times up to 10, goes on learning on each instance by itself. States are too many to be
listed: costs are of long play with the luck taken away (`steady_cost`), on demand that no training saw.
"""

import argparse
from dataclasses import asdict
from time import process_time

import numpy as np

from benchmarks.figures import Figure
from benchmarks.inventory import learning
from benchmarks.inventory.learning import Learning, kept
from benchmarks.inventory.one_network import One, course_of, network_of
from benchmarks.inventory.published_long import long_lead_times
from benchmarks.inventory.steady_cost import steady_cost
from benchmarks.inventory.zipkin import quick_bed
from simulator.inventory.zipkin_bed import BedInstance
from simulator.training.own_network import ROWS, fast_rule, own_network
from simulator.training.pathwise import Course

SECONDS = 8.0  # of one core, to learn an instance
PERIODS = 4_000_000  # played to evaluate it
EVALUATION_SEED = 9_001
WORST_MUST, MEAN_GOAL, ERROR_MUST = 0.15, 0.02, 0.02  # % of the published cost

configure = learning.configure


def figures(options: argparse.Namespace) -> list[Figure]:
    """Learn and play every instance; for a smoke run two others, for a moment."""
    one = network_of(options)
    bed = quick_bed() if options.quick else [each for each in long_lead_times() if options.only in each.name]
    found = [_result(each, one, options) for each in bed]
    differences = 100.0 * np.array([each.gap_ratio for each in found])
    errors = 100.0 * np.array([each.standard_error / each.best_cost for each in found])
    sure = differences + 2.0 * errors
    mean_error = float(np.sqrt((errors**2).sum()) / len(errors))
    must, goal = (None, None) if options.quick else (WORST_MUST, MEAN_GOAL)
    return [
        *(
            Figure(f"long-lead-times: {each.name}, +- {error:.3f}", float(difference), "%")
            for each, difference, error in zip(found, differences, errors, strict=True)
        ),
        Figure(f"long-lead-times: worst of {len(found)}, + 2 standard errors", float(sure.max()), "%", must),
        Figure(
            f"long-lead-times: mean difference to the best published cost, + 2 standard errors of {mean_error:.3f}",
            float(differences.mean()) + 2.0 * mean_error,
            "%",
            None,
            goal,
        ),
        Figure(
            "long-lead-times: largest standard error", float(errors.max()), "%", None if options.quick else ERROR_MUST
        ),
        Figure("long-lead-times: longest learning of an instance, one core", max(e.seconds for e in found), "s"),
    ]


def _result(each: BedInstance, one: One, options: argparse.Namespace) -> Learning:
    lead = each.world.lead_time_periods
    how = Course(learnt_periods=16, following_periods=lead + 12, rate=4e-3, whole_from=0.0, whole_by=0.5)
    seconds, periods = (1.0, 100_000) if options.quick else (SECONDS, PERIODS)
    course = f"{course_of(one)}, then {asdict(how)}, {ROWS} rows, {seconds} s, {periods} periods"

    def work() -> Learning:
        started = process_time()
        network, steps = own_network(each.world, seconds, process_time, how, one.network)
        took_s = process_time() - started
        rng = np.random.default_rng(EVALUATION_SEED)
        cost = steady_cost(each.world, fast_rule(network, each.world), periods, rng)
        return Learning(each.name, course, cost.cost, cost.standard_error, each.published_cost, took_s, steps)

    return kept(options.keep, each.name, course, work)
