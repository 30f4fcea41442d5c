"""Policies and a seed in, what each paid on the same worlds out: common random numbers, paired differences."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from policies.manifest import Result
from policies.registry import InventoryPolicy
from simulator.inventory import world
from simulator.inventory.types import Float64s
from simulator.inventory.world import Scenario, Setting, Worlds

WARM_UP_PERIODS = 28  # four weeks, after which the start no longer shows
NORMAL_975 = 1.959964  # two-sided 95 %


@dataclass(frozen=True, slots=True)
class Score:
    """What one policy did per pool, after the warm-up."""

    cost_per_period: Float64s  # (worlds,) currency
    sold_units: Float64s  # (worlds,)
    unmet_units: Float64s  # (worlds,)
    stock_units: Float64s  # (worlds,) mean on hand at the start of a period

    @property
    def fill_ratio(self) -> float:
        """Return the share of all demand that was met."""
        sold, unmet = float(self.sold_units.sum()), float(self.unmet_units.sum())
        return sold / max(sold + unmet, 1e-9)


def play(policies: Mapping[str, InventoryPolicy], setting: Setting, seed: int) -> dict[str, Score]:
    """Return the score of every policy on the same scenario."""
    scenario = world.draw(np.random.default_rng(seed), setting)
    return {name: _season(policy, scenario) for name, policy in policies.items()}


def _season(policy: InventoryPolicy, scenario: Scenario) -> Score:
    setting, worlds = scenario.setting, Worlds(scenario)
    cost, sold, unmet, stock = (np.zeros(setting.worlds) for _ in range(4))
    while not worlds.done:
        orders = policy.decide(worlds.observation()).reshape(setting.worlds, setting.items)
        outcome = worlds.step(orders.astype(np.float64))
        if worlds.period > WARM_UP_PERIODS:
            cost += outcome.cost.sum(axis=1)
            sold += outcome.sold_units.sum(axis=1)
            unmet += outcome.unmet_units.sum(axis=1)
            stock += worlds.stock.on_hand.sum(axis=1)
    periods = max(setting.periods - WARM_UP_PERIODS, 1)
    return Score(cost / periods, sold, unmet, stock / periods)


def results(scores: Mapping[str, Score], best_rule: str) -> tuple[Result, ...]:
    """Return the table: each policy beside its paired difference to `best_rule`, as shares of that rule's cost."""
    return tuple(_result(name, score, scores[best_rule]) for name, score in scores.items())


def _result(name: str, score: Score, rule: Score) -> Result:
    difference = score.cost_per_period - rule.cost_per_period
    usual = float(rule.cost_per_period.mean())
    middle = float(difference.mean()) / usual
    half = NORMAL_975 * float(difference.std(ddof=1)) / np.sqrt(difference.size) / usual
    return Result(
        policy=name,
        cost_per_period=float(score.cost_per_period.mean()),
        fill_ratio=score.fill_ratio,
        stock_units=float(score.stock_units.mean()),
        difference_ratio=middle,
        difference_low_ratio=float(middle - half),
        difference_high_ratio=float(middle + half),
    )


def champion(table: tuple[Result, ...], best_rule: str) -> str:
    """Return "learned" if the upper bound of its paired difference to the best rule is below zero, else the rule."""
    learned = next(row for row in table if row.policy == "learned")
    return "learned" if learned.difference_high_ratio < 0 else best_rule
