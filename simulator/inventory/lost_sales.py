"""Integer stock, an order rule and demand drawn beforehand in; units left over, lost and ordered out.

The plain lost-sales world: one item, a fixed lead time of L >= 1 periods, stationary demand. An order placed at the
start of period t arrives at the start of period t + L. A state is a row of L integers: x0 on hand, delivery included,
then x1 .. x_{L-1} on order, the next to arrive first. A period costs h (x0 - d)+ + p (d - x0)+, and K when it orders.
Source: Zipkin 2008, "Old and new methods for lost-sales inventory systems", Operations Research 56(5).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulator.inventory.types import Float64s

Units = NDArray[np.int32]
OrderRule = Callable[[Units], Units]  # states (n, L) in, whole orders (n,) >= 0 out

PROBABILITY_MIN = 1e-14  # demand beyond the point where less than this is left is not counted


@dataclass(frozen=True, slots=True, eq=False)
class LostSales:
    """An instance: what is asked for, how long an order takes, what it costs."""

    demand_probability: Float64s  # (k,) of 0, 1, .. k - 1 units in a period; sums to 1
    lead_time_periods: int  # at least 1
    lost_sale_cost: float  # currency per unit
    holding_cost: float = 1.0  # currency per unit left over at a period's end
    order_cost: float = 0.0  # currency per order, whatever its size
    minimum_order_units: int = 1  # an order has at least so many, or there is none
    pack_size_units: int = 1  # an order is a multiple of it

    def __post_init__(self) -> None:
        if self.lead_time_periods < 1:
            raise ValueError(
                f"lead_time_periods is {self.lead_time_periods}; the plain lost-sales world needs 1 or more"
            )
        if not np.isclose(self.demand_probability.sum(), 1.0, atol=1e-9) or (self.demand_probability < 0).any():
            raise ValueError("demand_probability has to be probabilities of 0, 1, .. units that sum to 1")

    @property
    def demand_mean_units(self) -> float:
        """Return the mean demand of a period."""
        return float(self.demand_probability @ np.arange(len(self.demand_probability)))

    def demand_within(self, periods: int) -> Float64s:
        """Return the probabilities of 0, 1, .. units within so many periods."""
        total = np.ones(1)
        for _ in range(periods):
            total = np.convolve(total, self.demand_probability)
        return total

    def expected_left_units(self, on_hand_limit: int) -> Float64s:
        """Return (on_hand_limit + 1,) E[(x - d)+] for x = 0 .. on_hand_limit units on hand.

        >>> LostSales(np.array([0.5, 0.25, 0.25]), 1, 9.0).expected_left_units(3)
        array([0.  , 0.5 , 1.25, 2.25])
        """
        below = np.zeros(on_hand_limit + 1)
        known = min(on_hand_limit + 1, len(self.demand_probability))
        below[:known] = self.demand_probability[:known]
        return np.concatenate([[0.0], np.cumsum(np.cumsum(below))[:-1]])

    def expected_cost(self, on_hand_limit: int) -> Float64s:
        """Return (on_hand_limit + 1,) the mean cost of a period that begins with x units on hand, orders apart."""
        left = self.expected_left_units(on_hand_limit)
        lost = left + self.demand_mean_units - np.arange(on_hand_limit + 1)
        return np.asarray(self.holding_cost * left + self.lost_sale_cost * lost, dtype=np.float64)

    def allowed_orders(self, units_max: int) -> Units:
        """Return 0 and the orders that may be placed, up to `units_max`.

        >>> LostSales(np.ones(1), 1, 9.0, minimum_order_units=5, pack_size_units=3).allowed_orders(12)
        array([ 0,  6,  9, 12], dtype=int32)
        """
        pack = self.pack_size_units
        first = max(-(-self.minimum_order_units // pack), 1) * pack
        return np.array([0, *range(first, units_max + 1, pack)], dtype=np.int32)


def poisson(mean: float) -> Float64s:
    """Return the probabilities of Poisson demand."""
    return _probabilities(stats.poisson(mean))


def geometric(mean: float) -> Float64s:
    """Return the probabilities of geometric demand from 0 on: P(k) = q (1 - q)^k with q = 1 / (1 + mean)."""
    return _probabilities(stats.geom(1.0 / (1.0 + mean), loc=-1))


def negative_binomial(mean: float, shape: float) -> Float64s:
    """Return the probabilities of a Poisson whose mean is gamma with `shape`: variance mean + mean^2 / shape.

    >>> chances = negative_binomial(5.0, 1.0)  # with shape 1 it is geometric
    >>> bool(np.allclose(chances, geometric(5.0)))
    True
    """
    return _probabilities(stats.nbinom(shape, shape / (shape + mean)))


def _probabilities(law: "stats.rv_discrete") -> Float64s:
    chances = np.asarray(law.pmf(np.arange(int(law.isf(PROBABILITY_MIN)) + 1)), dtype=np.float64)
    return np.asarray(chances / chances.sum(), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What chains lived through, summed over the periods."""

    states: Units  # (n, L) at the start of the next period
    left_units: NDArray[np.int64]  # (n,) unit-periods left over
    lost_units: NDArray[np.int64]  # (n,)
    orders: NDArray[np.int64]  # (n,) periods with an order

    def cost(self, instance: LostSales) -> Float64s:
        """Return (n,) the total cost of each chain."""
        cost = instance.holding_cost * self.left_units + instance.lost_sale_cost * self.lost_units
        return np.asarray(cost + instance.order_cost * self.orders, dtype=np.float64)


def play(orders: OrderRule, demand: Units, start: Units) -> Played:
    """Return what chains begun in `start` (n, L) live through under `demand` (periods, n), whole units.

    >>> played = play(lambda states: np.maximum(6 - states.sum(axis=1), 0), np.array([[5], [1]]), np.array([[4, 2]]))
    >>> played.states, played.left_units, played.lost_units
    (array([[1, 4]], dtype=int32), array([1]), array([1]))
    """
    states = np.array(start, dtype=np.int32)
    left, lost, placed = (np.zeros(len(states), dtype=np.int64) for _ in range(3))
    for asked in demand:
        order = orders(states)
        remaining = np.maximum(states[:, 0] - asked, 0)
        lost += np.maximum(asked - states[:, 0], 0)
        left += remaining
        placed += order > 0
        states = following(states, remaining, order)
    return Played(states, left, lost, placed)


def following(states: Units, remaining: Units | np.int32, order: Units) -> Units:
    """Return (n, L) the states a period later: what remained, the next delivery, and the order at the end."""
    later = np.empty(states.shape, dtype=np.int32)
    later[:, :-1] = states[:, 1:]
    later[:, -1] = order
    later[:, 0] += remaining
    return later


def draw(instance: LostSales, rng: np.random.Generator, shape: tuple[int, ...]) -> Units:
    """Return demand of `shape`, about 10 ns each, by Walker's alias method with probabilities exact to 2^-32.

    Source: Walker 1977, "An efficient method for generating discrete random variables", ACM TOMS 3(3).
    """
    keep, other = _aliases(instance.demand_probability)
    bits = rng.integers(0, 2**64, size=shape, dtype=np.uint64)
    column = (bits & np.uint64(len(keep) - 1)).astype(np.int32)
    return np.where((bits >> np.uint64(32)) < keep[column], column, other[column])


def _aliases(chances: Float64s) -> tuple[NDArray[np.uint64], Units]:
    """Return per column the chance, times 2^32, of keeping it, and the number that takes the rest."""
    columns = 1 << max(len(chances) - 1, 1).bit_length()
    share = np.zeros(columns)
    share[: len(chances)] = chances * columns
    keep, other = np.ones(columns), np.arange(columns, dtype=np.int32)
    small, large = list(np.flatnonzero(share < 1.0)), list(np.flatnonzero(share >= 1.0))
    while small and large:
        poor, rich = small.pop(), large[-1]
        keep[poor], other[poor] = share[poor], rich
        share[rich] -= 1.0 - share[poor]
        if share[rich] < 1.0:
            small.append(large.pop())
    return np.round(keep * 2**32).astype(np.uint64), other
