"""A proposed allocation in, a feasible one in whole units out, with the rule that set each line.

The rules, in the order they are applied; each sees what the one before left:

| rule               | what it does                                                                              |
|--------------------|-------------------------------------------------------------------------------------------|
| `policy`           | nothing changed: the proposal, rounded to whole units (half up)                           |
| `hold`             | a held line orders nothing; what the policy asked stays visible as the recommendation     |
| `invalid-proposal` | a proposal that is not finite or is negative orders nothing                               |
| `order-terms`      | whole packs, none below the supplier's minimum: the nearest acceptable order               |
| `bound`            | never above `order_units_max`                                                             |
| `rate-limit`       | never above `order_step_max`                                                              |
| `dead-band`        | an order below `dead_band_units` is not placed                                            |
| `capacity`         | all orders together stay within the pool's capacity, in units                             |
| `budget`           | all orders together stay within the pool's budget, in currency                            |

When capacity or budget is short it goes where the last unit is worth most (`policies.scarcity`). A line cut below
the dead band or the minimum order is dropped, and what it frees stays free. A line's reason is the last rule that
changed it; of what was cut for scarcity it keeps how much, and the worths that decided.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from policies.inventory.order_terms import acceptable_units
from policies.observation import Float32s, Observation
from policies.scarcity import last_worth, need_of, share

Float64s = NDArray[np.float64]
Bools = NDArray[np.bool_]

RULES = ("policy", "hold", "invalid-proposal", "order-terms", "bound", "rate-limit", "dead-band", "capacity", "budget")
SCARCE = ("capacity", "budget")  # of RULES, those that share what is short among lines


@dataclass(frozen=True, slots=True)
class Limits:
    """What one decision must keep, apart from the observation's capacity and budget."""

    order_units_max: Float32s  # (n,) units of one order
    order_step_max: Float32s  # (n,) units an order may reach, given recent demand
    dead_band_units: float  # smaller orders are not placed
    held: Bools  # (n,) whether an operator holds the line


@dataclass(frozen=True, slots=True)
class Cut:
    """Why one line got less than it asked of what is scarce; worths are currency per scarce unit."""

    asked_units: float  # before what is scarce was shared
    worth: float  # of the last unit asked: sales it would have saved
    pool_worth: float  # below which units were cut in this pool


@dataclass(frozen=True, slots=True)
class Guarded:
    """A feasible allocation: whole units, and per line "policy" or the rule that set it."""

    order_units: Float32s  # (n,) whole units >= 0
    reasons: tuple[str, ...]  # (n,) of RULES
    cuts: tuple[Cut | None, ...]  # (n,) of lines whose reason is one of SCARCE


def guard(proposed: Float32s, observation: Observation, limits: Limits) -> Guarded:
    """Return the feasible allocation nearest to `proposed` by the rules above; feasible proposals stay as they are."""
    asked = np.asarray(proposed, dtype=np.float64)
    valid = np.isfinite(asked) & (asked >= 0)
    order = np.floor(np.where(valid, asked, 0.0) + 0.5)
    reasons = np.full(asked.shape, "policy", dtype=object)
    cuts = np.full(asked.shape, None, dtype=object)
    need = need_of(observation)
    least, pack = need.minimum_order_units[0], need.pack_units[0]

    def apply(rule: str, feasible: Float64s, changed: Bools) -> None:
        nonlocal order
        reasons[changed] = rule
        order = feasible

    apply("hold", np.where(limits.held, 0.0, order), limits.held)
    apply("invalid-proposal", order, ~valid & ~limits.held)
    accepted = acceptable_units(order, least, pack)
    apply("order-terms", accepted, accepted != order)
    for rule, most in (("bound", limits.order_units_max), ("rate-limit", limits.order_step_max)):
        bounded = np.floor(np.minimum(order, _whole(most)) / pack) * pack
        bounded = np.where(bounded < least, 0.0, bounded)
        apply(rule, bounded, bounded < order)
    placed = np.where(order < limits.dead_band_units, 0.0, order)
    apply("dead-band", placed, placed < order)
    need = replace(need, minimum_order_units=np.maximum(need.minimum_order_units, limits.dead_band_units))
    for rule, use, limit in zip(
        SCARCE, _uses(observation), (observation.capacity_units, observation.budget), strict=True
    ):
        before = order
        shared = share(before[np.newaxis], use, np.array([max(float(limit), 0.0)]), need)
        cut = np.flatnonzero(shared.order_units[0] < before)
        apply(rule, shared.order_units[0], shared.order_units[0] < before)
        worths = last_worth(before[np.newaxis], use, need)[0] if cut.size else before
        for line in cut:
            cuts[line] = Cut(float(before[line]), float(worths[line]), float(shared.worth[0]))
    return Guarded(order.astype(np.float32), tuple(str(reason) for reason in reasons), tuple(cuts))


def _uses(observation: Observation) -> tuple[Float64s, Float64s]:
    """Return what a unit takes of capacity and of budget, each (1, n)."""
    cost = observation.unit_cost.astype(np.float64)[np.newaxis]
    return np.ones_like(cost), cost


def _whole(most: Float32s) -> Float64s:
    """Return limits as whole units; one that is no number allows nothing."""
    return np.floor(np.maximum(np.nan_to_num(most.astype(np.float64), nan=0.0, posinf=1e9), 0.0))
