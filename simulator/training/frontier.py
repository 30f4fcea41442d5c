"""Policies and worlds in, what each service costs with each of them out: the frontier of stock against service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from policies.inventory.rules import RULES
from policies.observation import Float32s, Observation
from policies.registry import InventoryPolicy
from simulator.inventory.world import Scenario
from simulator.training.standings import Interval, interval
from simulator.training.tournament import Score, compete

RATIOS = (0.3, 0.5, 0.65, 0.8, 0.9, 0.95, 0.975, 0.99)  # critical ratios that policies are asked for
BLIND = {"constant-order": "share", "service-level": "level"}  # rules that see no cost, and what is turned instead
_STEPS = len(RATIOS)


@dataclass(frozen=True, slots=True)
class Point:
    """One policy asked for one service."""

    policy: str
    asked: float  # critical ratio, or the value of what is turned in `BLIND`
    stock_cost: Interval  # currency per pool and period: holding, ordering and purchase, no penalty for what is missing
    cost: float  # all of it, at the world's own penalties
    fill_ratio: float
    service_ratio: float
    efficient: bool = False  # whether no other point, nor taking turns between two, has as much fill for less


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A policy that is told another cost of a lost sale, so that its critical ratio is `ratio`."""

    policy: InventoryPolicy
    ratio: float

    @property
    def name(self) -> str:
        """The name of the policy."""
        return self.policy.name

    @property
    def version(self) -> str:
        """The policy's version and what it is asked for."""
        return f"{self.policy.version},ratio={self.ratio:g}"

    def decide(self, observation: Observation) -> Float32s:
        """Return what the policy would order were a lost sale that dear."""
        told = observation.holding_cost * np.float32(self.ratio / (1.0 - self.ratio))
        return self.policy.decide(replace(observation, lost_sale_cost=told))


def frontier(policies: Mapping[str, InventoryPolicy], scenario: Scenario) -> tuple[Point, ...]:
    """Return the points of every policy, by policy and rising service, all on the same worlds."""
    arms: dict[tuple[str, float], InventoryPolicy] = {}
    for name, policy in policies.items():
        for asked, arm in _arms(name, policy):
            arms[name, asked] = arm
    names = {f"{name} {asked!r}": (name, asked) for name, asked in arms}
    scores = compete({key: arms[arm] for key, arm in names.items()}, scenario)
    points = [_point(*names[key], score) for key, score in scores.items()]
    return tuple(replace(point, efficient=_efficient(point, points)) for point in points)


def _arms(name: str, policy: InventoryPolicy) -> Sequence[tuple[float, InventoryPolicy]]:
    if name not in BLIND:
        return [(ratio, AskedFor(policy, ratio)) for ratio in RATIOS]
    turned = next(one for one in RULES[name].parameters if one.name == BLIND[name])
    values = RATIOS if name == "service-level" else np.linspace(turned.low, turned.high, _STEPS).round(3).tolist()
    return [(value, RULES[name].of({turned.name: value})) for value in values]


def _point(policy: str, asked: float, score: Score) -> Point:
    stock: Any = score.parts["holding"] + score.parts["ordering"] + score.parts["purchase"]
    return Point(
        policy=policy,
        asked=asked,
        stock_cost=interval(stock),
        cost=float(score.cost_per_period.mean()),
        fill_ratio=score.fill_ratio,
        service_ratio=float(score.served_ratio.mean()),
    )


def _efficient(point: Point, points: Sequence[Point]) -> bool:
    """Return whether the point lies on the lower convex hull of cost over fill."""
    fill, cost = point.fill_ratio, point.stock_cost.mean
    below = [other for other in points if other.fill_ratio <= fill and other is not point]
    above = [other for other in points if other.fill_ratio >= fill and other is not point]
    if any(other.stock_cost.mean < cost for other in above):
        return False
    return all(_mixed(one, other, fill) >= cost for one in below for other in above)


def _mixed(one: Point, other: Point, fill: float) -> float:
    """Return what `fill` costs when it is had by taking turns between two points."""
    width = other.fill_ratio - one.fill_ratio
    share = (fill - one.fill_ratio) / width if width > 0 else 0.0
    return one.stock_cost.mean + share * (other.stock_cost.mean - one.stock_cost.mean)
