"""A lost-sales instance in; the best policy there is, and bounds on what it costs, out.

Relative value iteration over every state and every order within limits on both. The smallest and the largest change
of one sweep bound the optimum of the limited world from below and above (Odoni 1969, "On finding the maximal gain for
Markov decision processes", Operations Research 17(5)), so that the answer is known to be right and not only believed.
The limits begin where more would not pay if unmet demand waited: base-stock levels of the backlog world. They are
widened until the policy stays clear of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.inventory.lost_sales import LostSales, Units
from simulator.inventory.stationary import StateSpaceError, evaluate_exactly, remaining_chances
from simulator.inventory.types import Float64s

CELLS_MAX = 60_000_000  # numbers in one table of values: 8 bytes each, and three tables
WORK_MAX = 60_000_000_000  # products of one sweep: about a minute on one core
GAP_MAX = 1e-7  # bounds that are so near each other, relative to the cost, are one
STANDING_STILL = 0.05  # part of a sweep that keeps a periodic world from going round in circles; moves no bound
SWEEPS_MAX = 5_000
CLEAR_UNITS = 2  # limits begin so far above where more would not pay in the backlog world
WIDER = 1.35  # times, when the policy touches a limit

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be on hand at the start of a period, and ordered at once."""

    on_hand_units: int
    order_units: int

    def wider(self) -> "Limits":
        """Return limits a third further out."""
        return Limits(int(self.on_hand_units * WIDER) + 1, int(self.order_units * WIDER) + 1)


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The best policy and what it costs per period."""

    cost: float  # of the policy below, exactly: nothing costs less than `lower_bound`
    lower_bound: float  # within the limits
    upper_bound: float
    orders: NDArray[np.int32]  # (on_hand_units + 1, order_units + 1, ..): what to order by state, L axes
    limits: Limits
    sweeps: int

    def rule(self, states: Units) -> Units:
        """Return (n,) what to order in states (n, L); beyond the limits what is ordered on them."""
        highest = np.array(self.orders.shape) - 1
        return np.asarray(self.orders[tuple(np.minimum(states, highest).T)], dtype=np.int32)


def solve(instance: LostSales, limits: Limits | None = None, *, told: Told = lambda _: None) -> Optimum:
    """Return the optimum; raise StateSpaceError when the world is too large to be solved exactly.

    `told` hears a line after each sweep. Cost of the work: on hand^2 x order^L products a sweep, some 30 sweeps.

    >>> from simulator.inventory.lost_sales import poisson
    >>> best = solve(LostSales(poisson(5.0), lead_time_periods=2, lost_sale_cost=9.0))
    >>> round(best.cost, 5), bool(best.upper_bound - best.lower_bound < 1e-6)
    (6.09364, True)
    >>> best.rule(np.array([[6, 5], [20, 0]]))  # 6 on hand and 5 to come; 20 on hand
    array([6, 0], dtype=int32)
    """
    within = limits or first_limits(instance)
    while True:
        lower, upper, orders, sweeps = _iterate(instance, within, told)
        found = Optimum(upper, lower, upper, orders, within, sweeps)
        largest = _Watched(found)
        cost = evaluate_exactly(instance, largest.rule).cost
        if limits is not None or largest.is_clear(instance):
            return Optimum(cost, lower, upper, orders, within, sweeps)
        within = within.wider()


class _Watched:
    """A policy that notes the most it had on hand and the most it ordered."""

    def __init__(self, found: Optimum) -> None:
        self.found, self.on_hand, self.order = found, 0, 0

    def rule(self, states: Units) -> Units:
        orders = self.found.rule(states)
        self.on_hand, self.order = max(self.on_hand, int(states[:, 0].max())), max(self.order, int(orders.max()))
        return orders

    def is_clear(self, instance: LostSales) -> bool:
        """Return whether one more pack, and one more unit on hand, would have been within the limits."""
        limits = self.found.limits
        room = self.order + instance.pack_size_units <= limits.order_units
        return room and self.on_hand < limits.on_hand_units


def first_limits(instance: LostSales) -> Limits:
    """Return limits that are wide enough where no order costs a fixed amount, and near it elsewhere."""
    level = instance.lost_sale_cost / (instance.lost_sale_cost + instance.holding_cost)
    lead = instance.lead_time_periods
    on_hand, order = (
        int(np.searchsorted(np.cumsum(instance.demand_within(periods)), level)) + CLEAR_UNITS
        for periods in (lead + 1, 1)
    )
    # What pays for a fixed cost: the economic order quantity; Harris 1913, "How many parts to make at once".
    lot = int(np.sqrt(2.0 * instance.order_cost * instance.demand_mean_units / instance.holding_cost))
    lot = max(lot, instance.minimum_order_units - 1) + instance.pack_size_units - 1
    return Limits(on_hand + lot, order + lot)


def check_size(instance: LostSales, limits: Limits) -> None:
    """Raise StateSpaceError, naming the limit, when a world is too large."""
    lead, on_hand, order = instance.lead_time_periods, limits.on_hand_units + 1, limits.order_units + 1
    cells, work = on_hand * order ** (lead - 1), on_hand**2 * order**lead
    what = f"a lead time of {lead} periods with up to {on_hand - 1} units on hand and {order - 1} in an order"
    if cells > CELLS_MAX:
        raise StateSpaceError(f"{what} has {cells:.1e} states, more than the {CELLS_MAX:,} that fit in memory")
    if work > WORK_MAX:
        raise StateSpaceError(f"{what} takes {work:.1e} products a sweep, more than {WORK_MAX:,}")


def _iterate(instance: LostSales, limits: Limits, told: Told) -> tuple[float, float, Units, int]:
    """Return lower bound, upper bound, the policy (states) and the sweeps it took."""
    check_size(instance, limits)
    sweep = _Sweep(instance, limits)
    values = np.zeros(sweep.shape)
    lower, upper = -np.inf, np.inf
    for count in range(1, SWEEPS_MAX + 1):
        change = sweep.better(values)
        change -= values
        lower, upper = float(change.min()), float(change.max())
        told(f"sweep {count}: the optimum is between {lower:.6f} and {upper:.6f}")
        if upper - lower <= GAP_MAX * max(abs(upper), 1.0):
            return lower, upper, sweep.policy(values), count
        change *= 1.0 - STANDING_STILL
        values += change
        values -= values.flat[0]
    raise StateSpaceError(f"the bounds are still {upper - lower:.1e} apart after {SWEEPS_MAX:,} sweeps")


class _Sweep:
    """One step of value iteration on tables (x_{L-1}, .., x1, on hand).

    The newest order comes first, so that the least over orders is taken of whole blocks, and stock on hand last, so
    that what remains of it is one product of matrices.
    """

    def __init__(self, instance: LostSales, limits: Limits) -> None:
        self.lead, self.on_hand = instance.lead_time_periods, limits.on_hand_units + 1
        self.most = limits.order_units
        self.shape = (*[self.most + 1] * (self.lead - 1), self.on_hand)
        self.orders = instance.allowed_orders(self.most)
        self.chances = remaining_chances(instance, limits.on_hand_units).T
        self.cost = instance.expected_cost(limits.on_hand_units)
        self.of_order = instance.order_cost * (self.orders > 0)

    def better(self, values: Float64s) -> Float64s:
        """Return the least cost of a period and what follows, by state."""
        later, better = self._later(values), np.empty(self.shape)
        for arriving in self._arriving():
            better[self._at(arriving)] = self._by_order(later, arriving).min(axis=0)
        better += self.cost
        return better

    def policy(self, values: Float64s) -> Units:
        """Return the best order by state (on hand, x1, .., x_{L-1}), the smallest where several are."""
        later, policy = self._later(values), np.empty(self.shape, dtype=np.int32)
        for arriving in self._arriving():
            policy[self._at(arriving)] = self.orders[self._by_order(later, arriving).argmin(axis=0)]
        return np.ascontiguousarray(policy.T)

    def _arriving(self) -> range:
        """Return what may arrive next; with a lead time of one period that is the order itself."""
        return range(self.most + 1 if self.lead > 1 else 1)

    def _at(self, arriving: int) -> tuple[Any, ...]:
        return (..., arriving, slice(None)) if self.lead > 1 else (slice(None),)

    def _later(self, values: Float64s) -> Float64s:
        """Return (orders, x_{L-1}, .., x2, stock) the values a period later, with stock up to what can be there.

        Stock above the limit counts as on it.
        """
        more = np.repeat(values[..., -1:], self.most, axis=-1)
        wide = np.concatenate([values, more], axis=-1)
        if self.lead == 1:
            return np.lib.stride_tricks.sliding_window_view(wide, self.on_hand)[self.orders]
        return wide if len(self.orders) > self.most else wide[self.orders]

    def _by_order(self, later: Float64s, arriving: int) -> Float64s:
        """Return (orders, x_{L-1}, .., x2, on hand) what follows on average when `arriving` units come next."""
        flat = later.reshape(-1, later.shape[-1])[:, arriving : arriving + self.on_hand]
        follows = (flat @ self.chances).reshape(*later.shape[:-1], self.on_hand)
        if self.of_order.any():
            follows += self.of_order.reshape(-1, *[1] * (follows.ndim - 1))
        return np.asarray(follows, dtype=np.float64)
