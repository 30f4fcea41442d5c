"""Journals of several ways to decide on the same demand in; what each cost, and how sure the difference is, out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from ops.journal import Lived
from streams.catalog import PoolSpec

Float64s = NDArray[np.float64]

WEEK_S = 7 * 86_400.0
CLOCK_CHANGE_S = 7200.0  # more than any: a week may be an hour short
BLOCK_WEEKS = 4  # weeks resampled together: what was not sold this week is held the next
RESAMPLES = 4000
LEVEL_RATIO = 0.95


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to decide, on one pool or all: totals over the compared span."""

    cost: float  # currency
    holding: float  # currency, of cost
    lost: float  # currency, of cost
    fill_ratio: float  # units sold of units asked for
    mean_stock: float  # units on hand at a period's end, all items together
    orders: int  # lines with at least half a unit
    ordered: float  # units


@dataclass(frozen=True, slots=True)
class Difference:
    """Cost of the first minus the second, a week, with its confidence interval; below 0 the first is cheaper."""

    mean: float  # currency a week
    low: float
    high: float
    ratio: float  # of the second's cost
    weeks: int


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who decided the journal's lines."""

    lines: int
    policy_ratio: float  # decided by the policy
    unchanged_ratio: float  # decided by the policy and left as they were by the guard
    timeouts: int  # ticks (pool and period) without a decision in time
    by: dict[str, int]  # lines by who decided them
    reasons: dict[str, int]  # lines by reason code
    roles: dict[str, int]  # lines by the part in which their policy decided


def arm(rows: Sequence[Lived], specs: Mapping[str, PoolSpec]) -> Arm:
    """Return the totals of `rows`."""
    holding_costs = {(pool.pool_id, one.id): one.holding_cost for pool in specs.values() for one in pool.resources}
    cost = fsum(row.cost for row in rows)
    holding = fsum(holding_costs[row.pool_id, row.resource_id] * row.on_hand for row in rows)
    demand = fsum(row.demand for row in rows)
    moments = {(row.pool_id, row.period_start_s) for row in rows}
    per_pool = Counter(pool_id for pool_id, _ in moments)
    return Arm(
        cost=cost,
        holding=holding,
        lost=cost - holding,
        fill_ratio=fsum(row.sold for row in rows) / demand if demand > 0 else 1.0,
        mean_stock=fsum(row.on_hand / per_pool[row.pool_id] for row in rows),
        orders=sum(row.ordered >= 0.5 for row in rows),
        ordered=fsum(row.ordered for row in rows),
    )


def deciders(rows: Sequence[Lived]) -> Deciders:
    """Return who decided `rows`."""
    by_policy = [row for row in rows if row.decided_by == "policy"]
    late = {(row.pool_id, row.period_start_s) for row in rows if row.decided_by == "timeout"}
    return Deciders(
        lines=len(rows),
        policy_ratio=len(by_policy) / max(len(rows), 1),
        unchanged_ratio=sum(row.reason_code == "policy" for row in by_policy) / max(len(rows), 1),
        timeouts=len(late),
        by=dict(Counter(row.decided_by for row in rows).most_common()),
        reasons=dict(Counter(row.reason_code or row.decided_by for row in rows).most_common()),
        roles=dict(Counter(row.role or row.decided_by for row in rows).most_common()),
    )


def weekly_costs(rows: Iterable[Lived], *, from_s: float, until_s: float) -> Float64s:
    """Return the cost of each week from `from_s` to `until_s`, all pools together; days left over are of the last."""
    weeks = max(1, int((until_s - from_s + CLOCK_CHANGE_S) // WEEK_S))
    costs = np.zeros(weeks)
    for row in rows:
        week = int((row.period_start_s - from_s + CLOCK_CHANGE_S) // WEEK_S)
        costs[min(week, weeks - 1)] += row.cost
    return costs


def difference(first: Float64s, second: Float64s, rng: np.random.Generator) -> Difference:
    """Return the paired difference of weekly costs with a moving-block bootstrap interval.

    Source: Künsch 1989, "The jackknife and the bootstrap for general stationary observations", Annals of
    Statistics 17(3). Blocks wrap around, so that every week is drawn as often as any other.

    >>> difference(np.array([1.0, 1.0]), np.array([2.0, 2.0]), np.random.default_rng(0)).high
    -1.0
    """
    gaps = first - second
    weeks = len(gaps)
    block = min(BLOCK_WEEKS, max(1, weeks // 4))
    starts = rng.integers(weeks, size=(RESAMPLES, -(-weeks // block)))
    drawn = (starts[:, :, None] + np.arange(block)) % weeks
    means = gaps[drawn.reshape(RESAMPLES, -1)[:, :weeks]].mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL_RATIO) / 2, (1 + LEVEL_RATIO) / 2])
    total = float(second.sum())
    ratio = float(gaps.sum()) / total if total > 0 else 0.0
    return Difference(float(gaps.mean()), float(low), float(high), ratio, weeks)
