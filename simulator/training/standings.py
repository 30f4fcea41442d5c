"""Scores of policies on the same worlds in, the table of who stands where out: intervals, paired differences, parts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from simulator.inventory.types import PARTS, Float64s
from simulator.training.tournament import NORMAL_975, Score


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over worlds and its 95 % confidence interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What one policy did; costs are currency per pool and period."""

    policy: str
    version: str
    cost: Interval
    difference: Interval  # cost less that of the best rule on the same worlds; below 0 it is cheaper
    difference_ratio: float  # the mean of it, of the best rule's cost
    parts: dict[str, float]  # of the cost
    fill_ratio: float  # share of demand sold from stock at once
    service_ratio: float  # share of item-periods in which nobody was turned away: cycle service
    stock_units: float  # mean on hand, all items of a pool
    orders_per_period: float  # all items of a pool


def interval(values: Float64s) -> Interval:
    """Return the mean of (worlds,) values; of a single one the interval is unknown.

    >>> found = interval(np.array([1.0, 3.0]))
    >>> found.mean, round(found.low, 6), round(found.high, 6)
    (2.0, 0.040036, 3.959964)
    """
    mean = float(values.mean())
    half = NORMAL_975 * float(values.std(ddof=1)) / float(np.sqrt(values.size)) if values.size > 1 else float("inf")
    return Interval(mean, mean - half, mean + half)


def best_rule(scores: Mapping[str, Score], rules: Collection[str]) -> str:
    """Return the rule of lowest mean cost on the judged worlds themselves, which favours the rules; else the best."""
    among = [name for name in scores if name in rules] or list(scores)
    return min(among, key=lambda name: float(scores[name].cost_per_period.mean()))


def standings(scores: Mapping[str, Score], versions: Mapping[str, str], against: str) -> tuple[Standing, ...]:
    """Return a row for each policy, the cheapest first; differences are to the policy `against`."""
    rows = [_standing(name, versions[name], score, scores[against]) for name, score in scores.items()]
    return tuple(sorted(rows, key=lambda row: row.cost.mean))


def _standing(name: str, version: str, score: Score, rule: Score) -> Standing:
    difference = interval(score.cost_per_period - rule.cost_per_period)
    usual = float(rule.cost_per_period.mean())
    return Standing(
        policy=name,
        version=version,
        cost=interval(score.cost_per_period),
        difference=difference,
        difference_ratio=difference.mean / usual if usual > 0 else 0.0,
        parts={part: float(score.parts[part].mean()) for part in PARTS},
        fill_ratio=score.fill_ratio,
        service_ratio=float(score.served_ratio.mean()),
        stock_units=float(score.stock_units.mean()),
        orders_per_period=float(score.orders_per_period.mean()),
    )
