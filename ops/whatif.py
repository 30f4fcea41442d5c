"""Situations and what is to be changed in, both cases' figures beside each other out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ops.amounts import Amount
from policies.observation import Float32s
from simulator.inventory.whatif import (
    Course,
    Interval,
    InventoryPolicy,
    Situation,
    changed,
    course,
    draws_for,
    interval,
)
from streams.catalog import PoolSpec
from streams.errors import ConfigurationError

LEAD_TIME_MAX = 60  # periods, as in the catalog
COSTS = {"lost_sale_cost": "--lost-sale-cost", "holding_cost": "--holding-cost"}
LIMITS = {"budget": "--budget", "capacity_units": "--capacity"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One pool as it is and as it might be, on the same paths of demand."""

    spec: PoolSpec
    situation: Situation
    base: Course
    other: Course

    @property
    def difference(self) -> Interval:
        """Return the cost of the changed case less that of the base, all periods, with its 95 % interval."""
        return interval(self.other.cost.sum(axis=1) - self.base.cost.sum(axis=1))


@dataclass(frozen=True, slots=True)
class Question:
    """What is changed, for how long and how often it is played."""

    changes: Mapping[str, Amount]  # by field: "lead_time", "demand", those of COSTS and LIMITS
    periods: int
    paths: int
    seed: int


def compare(
    spec: PoolSpec, now: Situation, base: InventoryPolicy, other: InventoryPolicy, question: Question
) -> Comparison:
    """Return both cases of a pool; raise ConfigurationError when a change leads nowhere."""
    then = applied(now, question.changes)
    rng = np.random.default_rng(question.seed)
    draws = draws_for(rng, (now, then), paths=question.paths, periods=question.periods)
    return Comparison(
        spec,
        now,
        course(now, base, draws, periods=question.periods),
        course(then, other, draws, periods=question.periods, base=now),
    )


def applied(situation: Situation, changes: Mapping[str, Amount]) -> Situation:
    """Return the situation as it might be."""
    seen = situation.observation
    fields: dict[str, Float32s | float] = {}
    if "lead_time" in changes:
        wanted = [round(changes["lead_time"].of(float(one))) for one in seen.lead_time_periods]
        if not 0 <= min(wanted) <= max(wanted) <= LEAD_TIME_MAX:
            raise ConfigurationError(
                f"--lead-time makes {min(wanted)} to {max(wanted)} periods; 0 to {LEAD_TIME_MAX} can be"
            )
        fields["lead_time_periods"] = np.array(wanted, dtype=np.float32)
    for name in COSTS.keys() & changes.keys():
        costs = np.array([changes[name].of(float(one)) for one in getattr(seen, name)], dtype=np.float32)
        fields[name] = _not_negative(costs, COSTS[name])
    for name in LIMITS.keys() & changes.keys():
        fields[name] = float(_not_negative(np.array(changes[name].of(getattr(seen, name))), LIMITS[name]))
    demand = changes.get("demand", Amount("times", 1.0))
    if demand.kind != "times":
        raise ConfigurationError("--demand is a part of what is forecast: +20%, -10% or x1.5")
    return changed(situation, demand_ratio=demand.value, **fields)


def _not_negative(values: Float32s, option: str) -> Float32s:
    if (values < 0).any():
        raise ConfigurationError(f"{option} makes {float(values.min()):g}; nothing below 0 can be")
    return values
