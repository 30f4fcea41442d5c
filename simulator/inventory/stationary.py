"""A lost-sales instance and an order rule in, what the rule costs in the long run out: exactly, without chance.

All states that the rule can reach from the empty one are listed, then the chain's stationary distribution is found.
Demand beyond what is on hand leads to one and the same next state, so nothing is cut off the demand. What may be
cut off is stock on hand above `on_hand_max`: the probability of it is reported, and has to be below MASS_MAX.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from simulator.inventory.lost_sales import LostSales, OrderRule, Units, following
from simulator.inventory.types import Float64s, Int64s

MASS_MAX = 1e-9  # probability per period of a state that was cut off
RESIDUAL_MAX = 1e-12  # sum of the absolute changes of all probabilities by one more period
STANDING_STILL = 0.1  # of a sweep
STATES_MAX = 10_000_000
TRANSITIONS_MAX = 80_000_000  # some 40 bytes each
SWEEPS_MAX = 20_000


class StateSpaceError(ValueError):
    """A world whose states are too many, or a rule that lets stock grow without bound: simulate it instead."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a rule costs per period in the long run, and how surely that is known."""

    cost: float  # currency per period
    left_units: float  # mean left over at a period's end
    lost_units: float  # mean lost in a period
    orders: float  # share of the periods with an order
    states: int  # that the rule reaches
    mass_cut_off: float  # probability per period of stock above on_hand_max
    residual: float  # how far the distribution is from stationary: sum of absolute changes by a period


class _Packing:
    """States as 62-bit numbers: stock on hand in the lowest bits, each order in as many bits as are left."""

    def __init__(self, lead_time_periods: int, on_hand_max: int) -> None:
        self.on_hand_max = on_hand_max
        self.first = on_hand_max.bit_length()
        self.each = min((62 - self.first) // max(lead_time_periods - 1, 1), 30)
        places = self.first + self.each * np.arange(lead_time_periods - 1)
        self.places = np.concatenate([[0], places]).astype(np.int64)

    def keys(self, states: Units) -> Int64s:
        """Return (n,) the number of each state."""
        assert (states[:, 1:] >> self.each == 0).all(), f"an order below 0, or of {1 << self.each} or more"
        return np.asarray((states.astype(np.int64) << self.places).sum(axis=1), dtype=np.int64)

    def states(self, keys: Int64s) -> Units:
        """Return (n, L) the states of numbers."""
        masks = np.full(len(self.places), (1 << self.each) - 1)
        masks[0] = (1 << self.first) - 1
        return np.asarray((keys[:, np.newaxis] >> self.places) & masks, dtype=np.int32)

    def successors(self, states: Units, orders: Units, asked_max: int) -> Int64s:
        """Return the numbers of all states a period later, sorted, each once."""
        nearest = _nearest(states, orders, asked_max, self.on_hand_max)
        start, group = np.unique(self.keys(nearest.states), return_inverse=True)
        reach = np.zeros(len(start), dtype=np.int64)
        np.maximum.at(reach, group, nearest.further)
        room = self.on_hand_max - (start & ((1 << self.first) - 1))
        counts = np.minimum(reach, room) + 1
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.unique(np.repeat(start, counts) + offsets)


@dataclass(frozen=True, slots=True, eq=False)
class _Nearest:
    """Of each state the successor with the least on hand: the others have 1, 2, .. `further` units more."""

    states: Units  # (n, L) with what is cut off gone
    least: Units  # (n,) what remains at least, after the largest demand
    further: Units  # (n,)
    over: Units  # (n,) units cut off


def _nearest(states: Units, orders: Units, asked_max: int, limit: int) -> _Nearest:
    least = np.maximum(states[:, 0] - np.int32(asked_max), 0)
    nearest = following(states, least, orders)
    over = np.maximum(nearest[:, 0] - np.int32(limit), 0)
    nearest[:, 0] -= over
    return _Nearest(nearest, least, states[:, 0] - least, over)


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """The states a rule reaches, sorted by their numbers, and what it orders in them."""

    states: Units  # (states, L)
    orders: Units  # (states,)
    keys: Int64s  # (states,)
    packing: "_Packing"


def evaluate_exactly(instance: LostSales, orders: OrderRule, *, on_hand_max: int | None = None) -> Evaluated:
    """Return the long-run figures of `orders` from the empty state.

    `on_hand_max` cuts off stock on hand; by default far above what a sensible rule reaches. Raises StateSpaceError
    when more than STATES_MAX states are reached or more than MASS_MAX probability is cut off.
    About 2 us per reached state and transition: a second for 50,000 states, a minute for a few million.

    With demand 0 or 2, each half the time, and orders up to 2 that arrive a period later, stock is 0 in a third of
    the periods, else 2:

    >>> world = LostSales(np.array([0.5, 0.0, 0.5]), lead_time_periods=1, lost_sale_cost=9.0)
    >>> found = evaluate_exactly(world, lambda states: 2 - states.sum(axis=1))
    >>> round(found.cost, 9), round(found.lost_units, 9), found.mass_cut_off
    (3.666666667, 0.333333333, 0.0)
    """
    limit = _on_hand_limit(instance) if on_hand_max is None else on_hand_max
    reached, share, residual, mass = _settled(instance, orders, limit)
    if mass > MASS_MAX:
        raise StateSpaceError(
            f"stock on hand exceeds {limit} units with probability {mass:.1e} per period, more than {MASS_MAX:g}; "
            "raise on_hand_max, or simulate"
        )
    on_hand = reached.states[:, 0]
    left = float(instance.expected_left_units(limit)[on_hand] @ share)
    lost = float(share @ (instance.expected_left_units(limit)[on_hand] - on_hand)) + instance.demand_mean_units
    placed = float(share @ (reached.orders > 0))
    cost = instance.holding_cost * left + instance.lost_sale_cost * lost + instance.order_cost * placed
    return Evaluated(cost, left, lost, placed, len(share), mass, residual)


def common_states(instance: LostSales, orders: OrderRule, count: int) -> tuple[Units, Units, Float64s]:
    """Return the states (count, L) that `orders` is most often in, what it orders there, and how often, in [0, 1]."""
    reached, share, _, _ = _settled(instance, orders, _on_hand_limit(instance))
    often = np.argsort(-share, kind="stable")[:count]
    return reached.states[often], reached.orders[often], share[often]


def _settled(instance: LostSales, orders: OrderRule, limit: int) -> tuple[_Reached, Float64s, float, float]:
    """Return the states, how often each is lived through, the residual, and the mass cut off per period."""
    reached = _reach(instance, orders, limit)
    step, cut_off = _transitions(instance, reached, limit)
    share, residual = _stationary(step)
    return reached, share, residual, float(cut_off @ share)


def _on_hand_limit(instance: LostSales) -> int:
    total = instance.demand_within(instance.lead_time_periods + 1)
    likely = int(np.searchsorted(np.cumsum(total), 1.0 - 1e-9))
    return 2 * likely + 2 * max(instance.minimum_order_units, instance.pack_size_units)


def _reach(instance: LostSales, orders: OrderRule, limit: int) -> _Reached:
    """Return all states that can be reached, sorted by key; each round finds those that are a period further away."""
    pack = _Packing(instance.lead_time_periods, limit)
    asked_max = len(instance.demand_probability) - 1
    known = np.zeros(0, dtype=np.int64)
    new = np.zeros(1, dtype=np.int64)  # the empty state
    while len(new):
        known = np.sort(np.concatenate([known, new]), kind="stable")
        if len(known) > STATES_MAX:
            raise StateSpaceError(f"the rule reaches more than {STATES_MAX:,} states; simulate it instead")
        states = pack.states(new)
        new = _not_in(known, pack.successors(states, orders(states), asked_max))
    states = pack.states(known)
    return _Reached(states, orders(states), known, pack)


def _not_in(known: Int64s, keys: Int64s) -> Int64s:
    """Return the sorted `keys` that the sorted `known` lacks."""
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.asarray(keys[known[at] != keys], dtype=np.int64)


def _transitions(instance: LostSales, reached: _Reached, limit: int) -> tuple[sparse.csc_array, Float64s]:
    """Return the chances (to, from), and per state the chance that its successor is cut off."""
    asked_max = len(instance.demand_probability) - 1
    nearest = _nearest(reached.states, reached.orders, asked_max, limit)
    counts = nearest.further.astype(np.int64) + 1
    ends = np.cumsum(counts)
    if ends[-1] > TRANSITIONS_MAX:
        raise StateSpaceError(f"the rule makes more than {TRANSITIONS_MAX:,} transitions; simulate it instead")
    further = (np.arange(ends[-1]) - np.repeat(ends - counts, counts)).astype(np.int32)
    asked = np.repeat(nearest.further, counts) - further  # less than everything, or what empties the shelf
    at_least = 1.0 - np.concatenate([[0.0], np.cumsum(instance.demand_probability)[:-1]])
    emptied = (further == 0) & np.repeat(nearest.least == 0, counts)
    chance = np.where(emptied, at_least[asked], instance.demand_probability[asked])
    # The states that follow one state differ in stock on hand alone, so they stand side by side among the keys.
    room = np.repeat(limit - nearest.states[:, 0], counts)
    first = np.searchsorted(reached.keys, reached.packing.keys(nearest.states)).astype(np.int32)
    to = np.repeat(first, counts) + np.minimum(further, room)
    beyond = chance * (further + np.repeat(nearest.over, counts) > room)
    cut_off = np.add.reduceat(beyond, ends - counts)
    size = len(first)
    return sparse.csc_array((chance, to, np.concatenate([[0], ends])), shape=(size, size)), cut_off


def remaining_chances(instance: LostSales, limit: int) -> Float64s:
    """Return (limit + 1, limit + 1) the chance that of x units on hand r remain, by x and r.

    >>> remaining_chances(LostSales(np.array([0.5, 0.25, 0.25]), 1, 9.0), 2)
    array([[1.  , 0.  , 0.  ],
           [0.5 , 0.5 , 0.  ],
           [0.25, 0.25, 0.5 ]])
    """
    asked = np.zeros(limit + 1)
    known = min(limit + 1, len(instance.demand_probability))
    asked[:known] = instance.demand_probability[:known]
    chances = np.zeros((limit + 1, limit + 1))
    for on_hand in range(limit + 1):
        chances[on_hand, 1 : on_hand + 1] = asked[:on_hand][::-1]
        chances[on_hand, 0] = 1.0 - chances[on_hand, 1:].sum()
    return chances


def _stationary(step: sparse.csc_array) -> tuple[Float64s, float]:
    """Return the stationary distribution of a chain (to, from), and how much one more period changes it."""
    share = np.full(step.shape[0], 1.0 / step.shape[0])
    for _ in range(SWEEPS_MAX):
        later = step @ share
        residual = float(np.abs(later - share).sum())
        if residual < RESIDUAL_MAX:
            return later, residual
        # Standing still now and then keeps a chain that goes round in circles from doing so for ever.
        share = (1.0 - STANDING_STILL) * later + STANDING_STILL * share
        share /= share.sum()
    raise StateSpaceError(f"the distribution did not settle within {SWEEPS_MAX:,} sweeps; simulate the rule instead")
