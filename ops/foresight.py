"""Recorded demand and a pool's limits in, the cheapest orders that could have been placed knowing it all out.

A linear programme per pool over the whole horizon (HiGHS through scipy): stock, lead times, capacity and budget as
in the twin. Its cost is a lower bound of every policy's, because it relaxes what the twin holds them to: units need
not be whole, of older sales as much or as little comes back as is convenient, and only the bounds, capacity and
budget of the guard apply, not its rate limit or dead band.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import linprog

from streams.catalog import PoolSpec

Float64s = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Foresight:
    """The best plan. All arrays are (periods, n) in the order of the pool's resources, in units."""

    cost: float  # currency over the whole horizon
    ordered: Float64s
    on_hand: Float64s  # at the end of each period
    unmet: Float64s


def foresee(spec: PoolSpec, demand: Float64s, returned: Float64s, initial: Float64s) -> Foresight:
    """Return the plan of least cost for `demand` (periods, n), given at most `returned` units back.

    `initial` (n,) is on hand before the first period; nothing is on order. Least sum of h * stock at the period's
    end + p * unmet, with stock[t] = stock[t-1] + ordered[t-L] + back[t] - (demand[t] - unmet[t]), all >= 0.
    """
    periods, n = demand.shape
    if periods == 0:
        return Foresight(0.0, demand, demand, demand)
    solved = linprog(
        _costs(spec, periods),
        A_ub=_uses(spec, periods),
        b_ub=np.concatenate([np.full(periods, spec.capacity_units), np.full(periods, spec.budget)]),
        A_eq=_balance(spec, periods),
        b_eq=(-demand + np.vstack([initial, np.zeros((periods - 1, n))])).ravel(),
        bounds=_bounds(spec, demand, returned),
        method="highs",
    )
    assert solved.success, f"the foresight of {spec.pool_id} has no solution: {solved.message}"  # all unmet is one
    ordered, on_hand, unmet, _ = solved.x.reshape(4, periods, n)
    return Foresight(float(solved.fun), ordered, on_hand, unmet)


# The variables, each (periods, n) row by row: ordered, on hand, unmet, back.


def _costs(spec: PoolSpec, periods: int) -> Float64s:
    holding = np.tile([one.holding_cost for one in spec.resources], periods)
    lost = np.tile([one.lost_sale_cost for one in spec.resources], periods)
    nothing = np.zeros_like(holding)
    return np.concatenate([nothing, holding, lost, nothing])


def _balance(spec: PoolSpec, periods: int) -> sparse.csr_array:
    n = len(spec.resources)
    one = sparse.eye_array(periods * n)
    before = sparse.eye_array(periods * n, k=-n)
    arrived = _arrivals(spec, periods)
    return sparse.csr_array(sparse.hstack([-arrived, one - before, -one, -one]))


def _arrivals(spec: PoolSpec, periods: int) -> sparse.csr_array:
    """Return the matrix that takes what was ordered to what arrives; what would arrive after the horizon is left."""
    n = len(spec.resources)
    period, place = np.divmod(np.arange(periods * n), n)
    arrival = period + np.array([one.lead_time_periods for one in spec.resources])[place]
    inside = arrival < periods
    rows, columns = (arrival * n + place)[inside], np.arange(periods * n)[inside]
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(periods * n, periods * n))


def _uses(spec: PoolSpec, periods: int) -> sparse.csr_array:
    """Return what each period's orders use of the pool's capacity, then of its budget."""
    n = len(spec.resources)
    units = sparse.kron(sparse.eye_array(periods), np.ones((1, n)))
    money = sparse.kron(sparse.eye_array(periods), np.array([[one.unit_cost for one in spec.resources]]))
    nothing = sparse.csr_array((2 * periods, 3 * periods * n))
    return sparse.csr_array(sparse.hstack([sparse.vstack([units, money]), nothing]))


def _bounds(spec: PoolSpec, demand: Float64s, returned: Float64s) -> Float64s:
    most = np.tile([float(one.order_units_max) for one in spec.resources], len(demand))
    free = np.full(demand.size, np.inf)
    upper = np.concatenate([most, free, demand.ravel(), returned.ravel()])
    return np.column_stack([np.zeros_like(upper), upper])
