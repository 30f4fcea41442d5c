"""Two shops that one warehouse serves, and what it can send in a period, in; the optimum and its order tables out.

Lost sales, a lead time of one period from warehouse to shop. Relative value iteration over what both shops have on
hand, with the bounds of `optimum`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from simulator.inventory.lost_sales import LostSales, Units, draw
from simulator.inventory.stationary import StateSpaceError, remaining_chances
from simulator.inventory.types import Float64s

BLOCK_PERIODS = 64  # demand drawn at once
GAP_MAX = 1e-7
SWEEPS_MAX = 5_000
PERIODS_ON_HAND = 4  # limits begin at what so many periods sell at most: scarce supply is stored ahead
WIDER = 1.35  # times, until nothing changes
WORK_MAX = 2_000_000_000  # products of one sweep: a few seconds

Shops = tuple[LostSales, LostSales]
Sending = Callable[[Units], Units]  # (n, 2) on hand in, (n, 2) what to send out


@dataclass(frozen=True, slots=True, eq=False)
class TwoShopsOptimum:
    """The best way to share what the warehouse can send, and what it costs a period."""

    lower_bound: float
    upper_bound: float
    orders: Units  # (2, on hand in the first shop, on hand in the second)

    def rule(self, on_hand: Units) -> Units:
        """Return (n, 2) what to send, given (n, 2) on hand."""
        highest = np.array(self.orders.shape[1:]) - 1
        first, second = np.minimum(on_hand, highest).T
        return np.asarray(self.orders[:, first, second].T, dtype=np.int32)


def solve(shops: Shops, capacity_units: int) -> TwoShopsOptimum:
    """Return the optimum; raise StateSpaceError when it is too large to find, ValueError for other lead times than one.

    >>> from simulator.inventory.lost_sales import poisson
    >>> one = LostSales(poisson(2.0), 1, 9.0)
    >>> best = solve((one, one), capacity_units=20)  # nothing is scarce: twice the optimum of one shop
    >>> from simulator.inventory.optimum import solve as solve_one
    >>> bool(abs(best.upper_bound - 2 * solve_one(one).cost) < 1e-5)
    True
    """
    if any(shop.lead_time_periods != 1 for shop in shops):
        raise ValueError("the two shops have a lead time of one period")
    on_hand = [int(np.searchsorted(np.cumsum(shop.demand_within(PERIODS_ON_HAND)), 0.99)) for shop in shops]
    found = _solve(shops, capacity_units, on_hand)
    while True:
        on_hand = [int(one * WIDER) for one in on_hand]
        wider = _solve(shops, capacity_units, on_hand)
        if abs(wider.upper_bound - found.upper_bound) <= 10 * GAP_MAX * wider.upper_bound:
            return wider
        found = wider


def _solve(shops: Shops, capacity: int, on_hand_max: list[int]) -> TwoShopsOptimum:
    sizes = [one + 1 for one in on_hand_max]
    sendings = [(first, second) for first in range(capacity + 1) for second in range(capacity + 1 - first)]
    work = len(sendings) * sizes[0] * sizes[1] * sum(sizes)
    if work > WORK_MAX:
        raise StateSpaceError(
            f"two shops with up to {max(on_hand_max)} units on hand that share {capacity} take {work:.1e} products a "
            f"sweep, more than {WORK_MAX:,}"
        )
    remains = [remaining_chances(shop, limit) for shop, limit in zip(shops, on_hand_max, strict=True)]
    costs = [shop.expected_cost(limit) for shop, limit in zip(shops, on_hand_max, strict=True)]
    values = np.zeros(sizes)
    gap = np.inf
    for _ in range(SWEEPS_MAX):
        follows, best = _best_sendings(values, sendings, remains)
        change = costs[0][:, np.newaxis] + costs[1] + follows - values
        gap = float(np.ptp(change))
        if gap <= GAP_MAX * change.max():
            orders = np.array(sendings, dtype=np.int32)[best].transpose(2, 0, 1)
            return TwoShopsOptimum(float(change.min()), float(change.max()), orders)
        values += change
        values -= values[0, 0]
    raise StateSpaceError(f"the bounds are still {gap:.1e} apart after {SWEEPS_MAX:,} sweeps")


def _best_sendings(
    values: Float64s, sendings: list[tuple[int, int]], remains: list[Float64s]
) -> tuple[Float64s, np.ndarray]:
    """Return what follows on average, by both shops' stock, and which of the sendings gives least."""
    follows, best = np.full(values.shape, np.inf), np.zeros(values.shape, dtype=np.int64)
    rows, columns = (np.arange(size) for size in values.shape)
    for number, (first, second) in enumerate(sendings):
        later = values[np.ix_(np.minimum(rows + first, rows[-1]), np.minimum(columns + second, columns[-1]))]
        mean = remains[0] @ later @ remains[1].T
        lower = mean < follows
        follows[lower], best[lower] = mean[lower], number
    return follows, best


def play(
    shops: Shops, sending: Sending, periods: int, rng: np.random.Generator, chains: int = 4_096
) -> tuple[float, float]:
    """Return the mean cost of both shops per period and its standard error; demand of the period is averaged out."""
    warm_up, counted = 100, -(-periods // chains)
    on_hand = np.zeros((chains, 2), dtype=np.int32)
    total = np.zeros(chains)
    costs = [shop.expected_cost(0) for shop in shops]
    for period, asked in enumerate(_periods(shops, rng, warm_up + counted, chains)):
        if on_hand.max() >= len(costs[0]):
            costs = [shop.expected_cost(2 * int(on_hand.max())) for shop in shops]
        sent = sending(on_hand)
        if period >= warm_up:
            total += costs[0][on_hand[:, 0]] + costs[1][on_hand[:, 1]]
        on_hand = np.maximum(on_hand - asked, 0) + sent
    return float(total.mean() / counted), float(total.std(ddof=1) / counted / np.sqrt(chains))


def _periods(shops: Shops, rng: np.random.Generator, periods: int, chains: int) -> Iterator[Units]:
    """Yield the demand (chains, 2) of each period, drawn a block at a time."""
    for begin in range(0, periods, BLOCK_PERIODS):
        yield from np.stack([draw(shop, rng, (BLOCK_PERIODS, chains)) for shop in shops], axis=-1)[: periods - begin]
