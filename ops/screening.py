"""An allocation and hard limits in, per line what may pass the last door out: the gateway's rules, pure.

In order: the kill file rejects, expiry expires, an unknown resource or nonsense is rejected, and what is above a
limit is clamped. A line that orders nothing has nothing to pass. The guard has applied the pool's limits before;
this is the second lock, so it is plain: lines in their order, until capacity and budget are used up.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from streams.catalog import PoolSpec
from streams.events import ActionLine, Allocation
from streams.periods import utc_text

Status = Literal["applied", "clamped", "rejected", "expired", "overridden"]


@dataclass(frozen=True, slots=True)
class Screened:
    """The verdict on one line. `status` None: hand over `units`; otherwise that is its outcome."""

    line: ActionLine
    units: float
    status: Status | None
    reason: str  # of the outcome, or of the clamp when `units` was lowered


def screen(
    allocation: Allocation,
    *,
    spec: PoolSpec | None,
    own_limits: Mapping[str, float],  # "POOL/RESOURCE" or "POOL" -> most units of one order
    killed: str | None,
    now_s: float,
) -> tuple[Screened, ...]:
    """Return the verdict on each line of `allocation`, in order."""
    if killed is not None:
        return tuple(Screened(line, 0.0, "rejected", f"kill switch: {killed}") for line in allocation.lines)
    if not now_s <= allocation.valid_until_s:  # NaN expires too
        reason = f"expired at {_moment(allocation.valid_until_s)}, now {_moment(now_s)}"
        return tuple(Screened(line, 0.0, "expired", reason) for line in allocation.lines)
    if spec is None:
        reason = f"pool {allocation.pool_id} is not in the catalog, so its limits are unknown"
        return tuple(Screened(line, 0.0, "rejected", reason) for line in allocation.lines)
    verdicts = []
    capacity, budget = spec.capacity_units, spec.budget
    for line in allocation.lines:
        verdict = _screen_line(line, spec, own_limits, capacity, budget)
        resource = spec.resource(line.resource_id)
        if verdict.status is None and resource is not None:
            capacity -= verdict.units
            budget -= verdict.units * resource.unit_cost
        verdicts.append(verdict)
    return tuple(verdicts)


def _screen_line(
    line: ActionLine, spec: PoolSpec, own_limits: Mapping[str, float], capacity: float, budget: float
) -> Screened:
    resource = spec.resource(line.resource_id)
    if resource is None:
        return Screened(line, 0.0, "rejected", f"resource {line.resource_id} is not in pool {spec.pool_id}")
    asked = line.order_units
    if not (math.isfinite(asked) and asked >= 0):
        return Screened(line, 0.0, "rejected", f"order_units {asked} is not a number of units")
    if asked == 0:
        return Screened(line, 0.0, "applied", "nothing to order")
    limits = {
        "order_units_max of the catalog": float(resource.order_units_max),
        "the gateway's own limit": _own_limit(own_limits, spec.pool_id, line.resource_id),
        "what is left of the pool's capacity": capacity,
        "what is left of the pool's budget": math.floor(budget / resource.unit_cost + 1e-9),
    }
    name = min(limits, key=lambda one: limits[one])
    units = max(float(math.floor(min(limits[name], asked))), 0.0) if limits[name] < asked else asked
    if units == asked:
        return Screened(line, asked, None, "")
    reason = f"clamped from {asked:g} to {units:g}: {name} is {max(limits[name], 0.0):g} units"
    return Screened(line, units, None, reason) if units > 0 else Screened(line, 0.0, "rejected", reason)


def _moment(at_s: float) -> str:
    try:
        return utc_text(at_s)
    except (ValueError, OverflowError, OSError):  # no number, or beyond any calendar
        return f"{at_s:g}"


def _own_limit(own_limits: Mapping[str, float], pool_id: str, resource_id: str) -> float:
    return min(own_limits.get(f"{pool_id}/{resource_id}", math.inf), own_limits.get(pool_id, math.inf))
