"""Policies and a seed in, what each paid on the same worlds out: common random numbers, paired differences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from policies.manifest import Result
from policies.registry import InventoryPolicy
from simulator.inventory import world
from simulator.inventory.types import PARTS, Float64s
from simulator.inventory.world import Scenario, Setting, Worlds

WARM_UP_PERIODS = 28  # four weeks, after which the start no longer shows; a quarter of a shorter season
NORMAL_975 = 1.959964  # two-sided 95 %


@dataclass(frozen=True, slots=True)
class Score:
    """What one policy did per pool, after the warm-up."""

    cost_per_period: Float64s  # (worlds,) currency
    sold_units: Float64s  # (worlds,) at once
    unmet_units: Float64s  # (worlds,) asked for and not sold at once
    stock_units: Float64s  # (worlds,) mean on hand at the start of a period
    parts: Mapping[str, Float64s] = field(default_factory=dict)  # (worlds,) currency per period, of the cost
    served_ratio: Float64s = field(default_factory=lambda: np.zeros(0))  # (worlds,) item-periods without unmet demand
    orders_per_period: Float64s = field(default_factory=lambda: np.zeros(0))  # (worlds,) all items together

    @property
    def fill_ratio(self) -> float:
        """Return the share of all demand that was met at once."""
        sold, unmet = float(self.sold_units.sum()), float(self.unmet_units.sum())
        return sold / max(sold + unmet, 1e-9)


def play(policies: Mapping[str, InventoryPolicy], setting: Setting, seed: int) -> dict[str, Score]:
    """Return the score of every policy on the same scenario."""
    return compete(policies, world.draw(np.random.default_rng(seed), setting))


def compete(policies: Mapping[str, InventoryPolicy], scenario: Scenario) -> dict[str, Score]:
    """Return the score of every policy on one scenario: common random numbers, period by period side by side."""
    seasons = {name: _Season(policy, scenario) for name, policy in policies.items()}
    for _ in range(scenario.setting.periods):
        for season in seasons.values():
            season.step()
    return {name: season.score() for name, season in seasons.items()}


def warm_up_periods(setting: Setting) -> int:
    """Return how many of the first decided periods do not count.

    >>> warm_up_periods(Setting(periods=400)), warm_up_periods(Setting(periods=28))
    (28, 7)
    """
    return min(WARM_UP_PERIODS, setting.periods // 4)


class _Season:
    """One policy on its way through one scenario."""

    def __init__(self, policy: InventoryPolicy, scenario: Scenario) -> None:
        self._policy = policy
        self._worlds = Worlds(scenario)
        self._shape = (scenario.setting.worlds, scenario.setting.items)
        self._begin = warm_up_periods(scenario.setting)
        names = (*PARTS, "sold", "unmet", "stock", "served", "orders")
        self._sums = {name: np.zeros(self._shape[0]) for name in names}

    def step(self) -> None:
        orders = self._policy.decide(self._worlds.observation()).reshape(self._shape)
        outcome = self._worlds.step(orders.astype(np.float64))
        if self._worlds.period <= self._begin:
            return
        for name in PARTS:
            self._sums[name] += np.broadcast_to(getattr(outcome.costs, name), self._shape).sum(axis=1)
        self._sums["sold"] += outcome.sold_units.sum(axis=1)
        self._sums["unmet"] += outcome.unmet_units.sum(axis=1)
        self._sums["stock"] += np.maximum(self._worlds.stock.on_hand, 0.0).sum(axis=1)
        self._sums["served"] += (outcome.unmet_units <= 0).mean(axis=1)
        self._sums["orders"] += (outcome.ordered_units > 0).sum(axis=1)

    def score(self) -> Score:
        periods = self._worlds.period - self._begin
        mean = {name: total / periods for name, total in self._sums.items()}
        return Score(
            cost_per_period=np.sum([mean[name] for name in PARTS], axis=0),
            sold_units=self._sums["sold"],
            unmet_units=self._sums["unmet"],
            stock_units=mean["stock"],
            parts={name: mean[name] for name in PARTS},
            served_ratio=mean["served"],
            orders_per_period=mean["orders"],
        )


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
