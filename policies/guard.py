"""A proposed allocation in, a feasible one in whole units out, with the rule that set each line.

The rules, in the order they are applied; each sees what the one before left:

| rule               | what it does                                                                              |
|--------------------|-------------------------------------------------------------------------------------------|
| `policy`           | nothing changed: the proposal, rounded to whole units (half up)                           |
| `hold`             | a held line orders nothing; what the policy asked stays visible as the recommendation     |
| `invalid-proposal` | a proposal that is not finite or is negative orders nothing                               |
| `bound`            | never above `order_units_max`                                                             |
| `rate-limit`       | never above `order_step_max`                                                              |
| `dead-band`        | an order below `dead_band_units` is not placed                                            |
| `capacity`         | all orders together stay within the pool's capacity, in units                             |
| `budget`           | all orders together stay within the pool's budget, in currency                            |

When capacity or budget is short it goes where the last unit is worth most: lines are cut so that
`lost_sale_cost * P(demand > stock position)` per scarce unit is equal among those cut (the constrained newsvendor
of Hadley and Whitin 1963, "Analysis of Inventory Systems"), so the best covered lines give way first. Where the
forecast cannot tell lines apart they share in proportion to what they asked. A line cut below the dead band is
dropped, and what it frees stays free. A line's reason is the last rule that changed it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.cover import demand_at
from policies.observation import Float32s, Observation

Float64s = NDArray[np.float64]
Bools = NDArray[np.bool_]

RULES = ("policy", "hold", "invalid-proposal", "bound", "rate-limit", "dead-band", "capacity", "budget")
_BISECTIONS = 60  # halves the range of worths to below any cost that matters
_SLACK_RATIO = 1e-9  # what floating point may add to a sum of shares


@dataclass(frozen=True, slots=True)
class Limits:
    """What one decision must keep, apart from the observation's capacity and budget."""

    order_units_max: Float32s  # (n,) units of one order
    order_step_max: Float32s  # (n,) units an order may reach, given recent demand
    dead_band_units: float  # smaller orders are not placed
    held: Bools  # (n,) whether an operator holds the line


@dataclass(frozen=True, slots=True)
class Guarded:
    """A feasible allocation: whole units, and per line "policy" or the rule that set it."""

    order_units: Float32s  # (n,) whole units >= 0
    reasons: tuple[str, ...]  # (n,) of RULES


def guard(proposed: Float32s, observation: Observation, limits: Limits) -> Guarded:
    """Return the feasible allocation nearest to `proposed` by the rules above; feasible proposals stay as they are."""
    asked = np.asarray(proposed, dtype=np.float64)
    valid = np.isfinite(asked) & (asked >= 0)
    order = np.floor(np.where(valid, asked, 0.0) + 0.5)
    reasons = np.full(asked.shape, "policy", dtype=object)

    def apply(rule: str, feasible: Float64s, changed: Bools) -> None:
        nonlocal order
        reasons[changed] = rule
        order = feasible

    apply("hold", np.where(limits.held, 0.0, order), limits.held)
    apply("invalid-proposal", order, ~valid & ~limits.held)
    for rule, most in (("bound", limits.order_units_max), ("rate-limit", limits.order_step_max)):
        bounded = np.minimum(order, _whole(most))
        apply(rule, bounded, bounded < order)
    placed = _without_small(order, limits.dead_band_units)
    apply("dead-band", placed, placed < order)
    ones = np.ones_like(order)
    for rule, use, limit in (
        ("capacity", ones, observation.capacity_units),
        ("budget", observation.unit_cost.astype(np.float64), observation.budget),
    ):
        shared = _without_small(_share(order, use, max(float(limit), 0.0), observation), limits.dead_band_units)
        apply(rule, shared, shared < order)
    return Guarded(order.astype(np.float32), tuple(str(reason) for reason in reasons))


def _whole(most: Float32s) -> Float64s:
    """Return limits as whole units; one that is no number allows nothing."""
    return np.floor(np.maximum(np.nan_to_num(most.astype(np.float64), nan=0.0, posinf=1e9), 0.0))


def _without_small(order: Float64s, dead_band_units: float) -> Float64s:
    return np.where(order < dead_band_units, 0.0, order)


def _share(order: Float64s, use: Float64s, limit: float, observation: Observation) -> Float64s:
    """Return whole orders, none above `order`, that together use at most `limit`.

    `use` (n,) is what one unit takes of the limit: 1 of a capacity, its cost of a budget.
    """
    if float(order @ use) <= limit:
        return order
    low, high = 0.0, float(np.max(observation.lost_sale_cost / np.maximum(use, 1e-12))) + 1.0  # worth per scarce unit
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if float(_wanted(order, use, middle, observation) @ use) > limit:
            low = middle
        else:
            high = middle
    least, most = _wanted(order, use, high, observation), _wanted(order, use, low, observation)
    spread = float((most - least) @ use)
    part = (limit - float(least @ use)) / spread if spread > 0 else 0.0
    return _rounded(least + min(max(part, 0.0), 1.0) * (most - least), order, use, limit)


def _wanted(order: Float64s, use: Float64s, worth: float, observation: Observation) -> Float64s:
    """Return the part (n,) of each order whose units are worth more than `worth` per scarce unit."""
    if worth <= 0:
        return order
    position = (observation.on_hand_units + observation.pipeline_units.sum(axis=1)).astype(np.float64)
    short_ratio = worth * use / np.maximum(observation.lost_sale_cost, 1e-12)  # P(demand > position) it must exceed
    target = demand_at(1.0 - short_ratio, observation.lead_demand_quantile_units)
    wanted: Float64s = np.clip(target - position, 0.0, order)
    return wanted


def _rounded(share: Float64s, order: Float64s, use: Float64s, limit: float) -> Float64s:
    """Return `share` in whole units: down, then one more by largest remainder where it still fits."""
    whole = np.maximum(np.floor(share - _SLACK_RATIO * (1.0 + share)), 0.0)
    for line in np.argsort(whole - share, kind="stable"):
        more = whole.copy()
        more[line] += 1
        if more[line] <= order[line] and float(more @ use) <= limit:
            whole = more
    return whole
