"""Every algorithm with the same CPU time on the same worlds in; what each saves against the best tuned rule out.

Smooth costs: pathwise gradient, PPO and SAC learn in the same broad mix of live-like worlds and are judged in retail
worlds. Costs with jumps: improvement by simulation learns in a small world with a cost per order, and is compared
with the proven optimum, exactly. Tuning and the choice of the best network on the way count, evaluation does not.
"""

import argparse
from dataclasses import replace
from time import process_time

import numpy as np

from benchmarks.figures import Figure
from policies.inventory.choices import Choosing
from policies.observation import Observation
from simulator.inventory import world
from simulator.inventory.known import Known
from simulator.inventory.lost_sales import LostSales, OrderRule, Units, poisson
from simulator.inventory.optimum import solve
from simulator.inventory.patterns import Pattern
from simulator.inventory.state_rules import best_rules
from simulator.inventory.stationary import evaluate_exactly
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting, Worlds
from simulator.training import rules
from simulator.training.actor import TorchSession
from simulator.training.algorithms import course_of
from simulator.training.course import Course
from simulator.training.heads import policy_of
from simulator.training.inventory import JUDGING_SEED, TUNING_SEED, Hooks, Judging, judging_in, taught
from simulator.training.tournament import play, results

BUDGET_S, QUICK_BUDGET_S = 120.0, 2.0
SMOOTH = ("pathwise", "ppo", "sac")
SEED = 1
MEAN_UNITS, LEAD_TIME_PERIODS, LOST_SALE_COST, ORDER_COST = 5.0, 3, 9.0, 5.0
LUMPY = Setting(
    items=1,
    periods=120,
    history_periods=35,
    demand=Pattern("poisson", MEAN_UNITS),
    trade=Terms(LEAD_TIME_PERIODS, lost_sale_cost=LOST_SALE_COST, order_cost=ORDER_COST),
    forecasts=Known(),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add how long each may learn."""
    parser.add_argument("--budget-s", type=float, default=BUDGET_S, help=f"CPU seconds of each; default {BUDGET_S:g}")


def figures(options: argparse.Namespace) -> list[Figure]:
    """Train each for its budget and compare."""
    budget_s = QUICK_BUDGET_S if options.quick else options.budget_s
    judging = _quick(Judging()) if options.quick else Judging()
    return [Figure("learners: CPU time of each", budget_s, "s"), *_smooth(budget_s, judging), *_lumpy(budget_s)]


def _smooth(budget_s: float, judging: Judging) -> list[Figure]:
    tuned = rules.tuned(rules.SMOOTH, judging.tuning, TUNING_SEED)
    learnt = {name: taught(_course(name, budget_s), judging, tuned, _hooks())[0] for name in SMOOTH}
    policies = {
        name: policy_of("adjustment", TorchSession(one.actor()), tuned.departed_from, name, one.ranges())
        for name, one in learnt.items()
    }
    scores = play({**tuned.rules, **policies}, judging.judging, JUDGING_SEED)
    best_rule = min(tuned.rules, key=lambda name: float(scores[name].cost_per_period.mean()))
    found = []
    for row in results(scores, best_rule):
        half = (row.difference_high_ratio - row.difference_low_ratio) / 2
        found += [
            Figure(f"learners: {row.policy}, cost beside the tuned {best_rule}", 100 * row.difference_ratio, "%"),
            Figure(f"learners: {row.policy}, half of its 95 % interval", 100 * half, "%"),
        ]
    lived = [Figure(f"learners: {name}, lived", one.steps / 1e6, "million") for name, one in learnt.items()]
    return [*found, *lived]


def _lumpy(budget_s: float) -> list[Figure]:
    judging = judging_in(LUMPY)
    tuned = rules.tuned(rules.LUMPY, replace(judging.tuning, items=4), TUNING_SEED)
    learner, _ = taught(_course("improvement", budget_s), judging, tuned, _hooks())
    policy = Choosing(TorchSession(learner.actor()), tuned.departed_from, "improvement", learner.ranges())
    instance = LostSales(poisson(MEAN_UNITS), LEAD_TIME_PERIODS, LOST_SALE_COST, order_cost=ORDER_COST)
    optimum = solve(instance).cost
    best = min(best_rules(instance), key=lambda one: one.cost)
    cost = evaluate_exactly(instance, _in_states(policy)).cost
    return [
        Figure(
            f"learners: cost per order, best rule ({best.name}) above the optimum", 100 * (best.cost / optimum - 1), "%"
        ),
        Figure("learners: cost per order, improvement above the optimum", 100 * (cost / optimum - 1), "%"),
    ]


def _in_states(policy: Choosing) -> OrderRule:
    """Return what `policy` orders in states (n, L), as it would be asked live."""
    seen = Worlds(world.draw(np.random.default_rng(0), replace(LUMPY, worlds=1))).observation()

    def orders(states: Units) -> Units:
        n = len(states)
        parts = {
            name: np.repeat(getattr(seen, name)[:1], n, axis=0)
            for name in Observation.__dataclass_fields__
            if name not in ("resource_ids", "capacity_units", "budget")
        }
        parts["on_hand_units"] = states[:, 0].astype(np.float32)
        parts["pipeline_units"] = np.concatenate([states[:, 1:], np.zeros((n, 1))], axis=1).astype(np.float32)
        rows = replace(seen, resource_ids=tuple(map(str, range(n))), **parts)
        return np.rint(policy.decide(rows)).astype(np.int32)

    return orders


def _course(name: str, budget_s: float) -> Course:
    return course_of(name, None, budget_s, SEED, 0)


def _hooks() -> Hooks:
    return Hooks(tell=lambda _: None, progress=lambda _: None, cpu_s=process_time)


def _quick(judging: Judging) -> Judging:
    small = {"items": 4, "periods": 42, "history_periods": 35}
    return Judging(
        tuple(replace(kind, history_periods=35) for kind in judging.training),
        replace(judging.tuning, worlds=3, **small),
        replace(judging.held_out, worlds=3, **small),
        replace(judging.judging, worlds=4, **small),
    )
