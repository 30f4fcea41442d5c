"""Orders of pools and what may be used in, orders that fit out: what is scarce goes where its last unit is worth most.

Lines are cut so that `lost_sale_cost * P(demand > stock position)` per scarce unit is equal among those cut (the
constrained newsvendor of Hadley and Whitin 1963, "Analysis of Inventory Systems"), so the best covered lines give
way first. Where the forecast cannot tell lines apart they share in proportion to what they asked.

The guard (one pool) and the simulator (many at once) share with the same lines.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.cover import cover_ratio, demand_between, demands_from_zero
from policies.observation import Float32s, Observation

Float64s = NDArray[np.float64]

_BISECTIONS = 40  # halves the range of worths to below any cost that matters
_SLACK_RATIO = 1e-9  # what floating point may add to a sum of shares
_COST_MIN = 1e-12  # a worthless unit divides by it


@dataclass(frozen=True, slots=True)
class Need:
    """What says how badly each line needs a unit; the first axis is the pool."""

    position_units: Float64s  # (pools, n) on hand and on order
    lead_demand_quantile_units: Float32s  # (pools, n, levels) over lead time + 1 periods
    lost_sale_cost: Float64s  # (pools, n) currency per unit
    minimum_order_units: Float64s  # (pools, n), or what broadcasts to it: smaller orders are not placed
    pack_units: Float64s  # (pools, n), or what broadcasts to it: orders are multiples of it

    def of(self, pools: NDArray[np.intp]) -> "Need":
        """Return the need of some of the pools."""
        return Need(
            self.position_units[pools],
            self.lead_demand_quantile_units[pools],
            self.lost_sale_cost[pools],
            np.broadcast_to(self.minimum_order_units, self.position_units.shape)[pools],
            np.broadcast_to(self.pack_units, self.position_units.shape)[pools],
        )


@dataclass(frozen=True, slots=True)
class Shared:
    """What each line got, and where the line was drawn."""

    order_units: Float64s  # (pools, n) whole packs, none above what was asked
    worth: Float64s  # (pools,) currency per scarce unit below which units were cut; 0 where the limit does not bind


def need_of(observation: Observation) -> Need:
    """Return the need of an observation's one pool, (1, n)."""
    position = observation.on_hand_units + observation.pipeline_units.sum(axis=1)
    return Need(
        position_units=position.astype(np.float64)[np.newaxis],
        lead_demand_quantile_units=observation.lead_demand_quantile_units[np.newaxis],
        lost_sale_cost=observation.lost_sale_cost.astype(np.float64)[np.newaxis],
        minimum_order_units=observation.minimum_order_units.astype(np.float64)[np.newaxis],
        pack_units=observation.pack_units.astype(np.float64)[np.newaxis],
    )


def share(order: Float64s, use: Float64s, limit: Float64s, need: Need) -> Shared:
    """Return orders (pools, n), none above `order`, that together use at most `limit` (pools,).

    `use` (pools, n) is what one unit takes of the limit: 1 of a capacity, its cost of a budget. What a cut leaves
    below the minimum order is dropped, and what it frees stays free.
    """
    kept, worth = order.copy(), np.zeros(len(order))
    short = np.flatnonzero((order * use).sum(axis=1) > limit)
    if short.size:
        kept[short], worth[short] = _cut(order[short], use[short], limit[short], need.of(short))
    return Shared(kept, worth)


def last_worth(order: Float64s, use: Float64s, need: Need) -> Float64s:
    """Return (pools, n) what the last unit of each order is worth: lost sales avoided, currency per scarce unit."""
    flat = need.lead_demand_quantile_units.reshape(-1, need.lead_demand_quantile_units.shape[-1])
    covered = cover_ratio((need.position_units + order).reshape(-1), flat).reshape(order.shape)
    return np.asarray(need.lost_sale_cost * (1.0 - covered) / np.maximum(use, _COST_MIN), dtype=np.float64)


def _cut(order: Float64s, use: Float64s, limit: Float64s, need: Need) -> tuple[Float64s, Float64s]:
    quantiles = need.lead_demand_quantile_units.reshape(-1, need.lead_demand_quantile_units.shape[-1])
    demands = demands_from_zero(quantiles)
    low = np.zeros(len(order))
    high = np.max(need.lost_sale_cost / np.maximum(use, _COST_MIN), axis=1) + 1.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        over = (_wanted(order, use, middle, need, demands) * use).sum(axis=1) > limit
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    least, most = (_wanted(order, use, worth, need, demands) for worth in (high, low))
    spread = ((most - least) * use).sum(axis=1)
    free = limit - (least * use).sum(axis=1)
    part = np.clip(np.divide(free, spread, out=np.zeros_like(spread), where=spread > 0), 0.0, 1.0)[:, np.newaxis]
    whole = _rounded(least + part * (most - least), order, use, limit, need.pack_units)
    return np.where(whole < need.minimum_order_units, 0.0, whole), high


def _wanted(order: Float64s, use: Float64s, worth: Float64s, need: Need, demands: Float64s) -> Float64s:
    """Return the part (pools, n) of each order whose units are worth more than `worth` (pools,) per scarce unit."""
    # P(demand > position) that the last unit must exceed:
    short_ratio = worth[:, np.newaxis] * use / np.maximum(need.lost_sale_cost, _COST_MIN)
    target = demand_between(1.0 - short_ratio.reshape(-1), demands).reshape(order.shape)
    wanted = np.clip(target - need.position_units, 0.0, order)
    return np.where(worth[:, np.newaxis] <= 0, order, wanted)


def _rounded(share: Float64s, order: Float64s, use: Float64s, limit: Float64s, pack: Float64s) -> Float64s:
    """Return `share` in whole packs: down, then one more by largest remainder where it still fits."""
    whole = np.maximum(np.floor((share - _SLACK_RATIO * (1.0 + share)) / pack), 0.0) * pack
    first = np.argsort((whole - share) / pack, axis=1, kind="stable")
    one = np.take_along_axis(np.broadcast_to(pack, whole.shape), first, axis=1)
    takes = one * np.take_along_axis(use, first, axis=1)
    more = np.zeros(whole.shape, dtype=np.bool_)
    free = limit - (whole * use).sum(axis=1)
    left = np.take_along_axis(whole, first, axis=1) + one <= np.take_along_axis(order, first, axis=1)
    left &= takes <= free[:, np.newaxis]
    while left.any():  # one after the other, all that fit before the first that does not at once
        fits = left & (np.cumsum(np.where(left, takes, 0.0), axis=1) <= free[:, np.newaxis])
        more |= fits
        free = free - np.where(fits, takes, 0.0).sum(axis=1)
        left &= ~fits & (takes <= free[:, np.newaxis])
    extra = np.empty_like(whole)
    np.put_along_axis(extra, first, one * more, axis=1)
    return whole + extra
