"""Demand whose mean switches between two states that nobody sees in; the optimum and its order table out.

Lost sales, a lead time of one period. All demand is counted, that of lost sales too; each period's demand moves the
belief b, the probability that the state is the busy one. The least cost is concave in b, so values read off between
grid points are never too high: value iteration on a grid bounds the optimum from below (Lovejoy 1991, "Computationally
feasible bounds for partially observed Markov decision processes", Operations Research 39(1)), and playing the policy
found shows from above how near the bound is.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simulator.inventory.lost_sales import Units, poisson
from simulator.inventory.stationary import StateSpaceError
from simulator.inventory.types import Float64s

BELIEFS = 201  # grid points
GAP_MAX = 1e-7
SWEEPS_MAX = 5_000


@lru_cache(maxsize=16)
def _chances(mean_units: tuple[float, float]) -> Float64s:
    laws = [poisson(mean) for mean in mean_units]
    return np.stack([np.pad(law, (0, max(map(len, laws)) - len(law))) for law in laws])


@dataclass(frozen=True, slots=True)
class HiddenRegimes:
    """A world of one item with a lead time of one period."""

    mean_units: tuple[float, float] = (3.0, 8.0)  # Poisson, in the quiet and in the busy state
    stay_ratio: float = 0.9  # probability that the next period's state is this one's
    lost_sale_cost: float = 9.0
    holding_cost: float = 1.0

    def chances(self) -> Float64s:
        """Return (2, k) the probabilities of 0, 1, .. units in each state."""
        return _chances(self.mean_units)

    def next_belief(self, belief: Float64s, asked: Units) -> Float64s:
        """Return the probability of the busy state in the next period, after `asked` units in this one.

        >>> world = HiddenRegimes()
        >>> world.next_belief(np.array([0.5, 0.5]), np.array([2, 9])).round(3)
        array([0.137, 0.883])
        """
        quiet, busy = self.chances()
        both = (1.0 - belief) * quiet[asked], belief * busy[asked]
        after = both[1] / np.maximum(both[0] + both[1], 1e-300)
        return np.asarray(self.stay_ratio * after + (1.0 - self.stay_ratio) * (1.0 - after), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class HiddenOptimum:
    """The best policy on the grid and the bound that its values give."""

    lower_bound: float  # no policy that sees demand alone costs less
    orders: Units  # (on hand, beliefs) by on hand and by grid point of the belief

    def rule(self, on_hand: Units, belief: Float64s) -> Units:
        """Return (n,) the order at the nearest grid point."""
        column = np.rint(belief * (self.orders.shape[1] - 1)).astype(np.int64)
        return np.asarray(self.orders[np.minimum(on_hand, len(self.orders) - 1), column], dtype=np.int32)


def solve(world: HiddenRegimes, on_hand_max: int | None = None) -> HiddenOptimum:
    """Return the optimum on the grid; by default on hand up to three periods of busy demand at their highest.

    Raises StateSpaceError when the bounds do not meet.
    """
    chances = world.chances()
    limit = on_hand_max or int(2.0 * max(world.mean_units) + 6.0 * np.sqrt(2.0 * max(world.mean_units)))
    grid = np.linspace(0.0, 1.0, BELIEFS)
    asked = np.arange(chances.shape[1])
    mixed = (1.0 - grid) * chances[0][:, np.newaxis] + grid * chances[1][:, np.newaxis]  # (demands, beliefs)
    after = np.stack([world.next_belief(grid, np.full(BELIEFS, one)) for one in asked]) * (BELIEFS - 1)
    low = np.minimum(after.astype(np.int64), BELIEFS - 2)
    part = after - low
    on_hand = np.arange(limit + 1)
    left = np.maximum(on_hand[:, np.newaxis] - asked, 0)  # (on hand, demands)
    lost = np.maximum(asked - on_hand[:, np.newaxis], 0)
    cost = (world.holding_cost * left + world.lost_sale_cost * lost) @ mixed
    values = np.zeros_like(cost)
    gap = np.inf
    for _ in range(SWEEPS_MAX):
        follows = _by_order(values, left, mixed, low, part)
        change = cost + follows.min(axis=0) - values
        gap = float(np.ptp(change))
        if gap <= GAP_MAX * change.max():
            return HiddenOptimum(float(change.min()), follows.argmin(axis=0).astype(np.int32))
        values += change
        values -= values[0, 0]
    raise StateSpaceError(f"the bounds are still {gap:.1e} apart after {SWEEPS_MAX:,} sweeps")


def _by_order(values: Float64s, left: Units, mixed: Float64s, low: Units, part: Float64s) -> Float64s:
    """Return (orders, on hand, beliefs) what follows on average; an order arrives with the next period."""
    limit = len(values) - 1
    follows = np.zeros((limit + 1, *values.shape))
    for one, chance in enumerate(mixed):
        then = (1.0 - part[one]) * values[:, low[one]] + part[one] * values[:, low[one] + 1]
        then *= chance
        for order in range(limit + 1):
            follows[order] += then[np.minimum(left[:, one] + order, limit)]
    return follows


def blind_base_stock(level: int, found: HiddenOptimum) -> HiddenOptimum:
    """Return base-stock, which orders what is missing to `level` whatever it believes, as a table like `found`'s."""
    missing = np.maximum(level - np.arange(len(found.orders)), 0).astype(np.int32)
    return HiddenOptimum(found.lower_bound, np.repeat(missing[:, np.newaxis], BELIEFS, axis=1))


def play(
    world: HiddenRegimes, found: HiddenOptimum, periods: int, rng: np.random.Generator, chains: int = 4_096
) -> tuple[float, float]:
    """Return the mean cost per period of the policy, which sees demand alone, and its standard error."""
    warm_up = 100
    on_hand, belief = np.zeros(chains, dtype=np.int32), np.full(chains, 0.5)
    busy = rng.random(chains) < 0.5
    means = np.array(world.mean_units)
    top = len(world.chances()[0]) - 1
    total = np.zeros(chains)
    counted = -(-periods // chains)
    for period in range(warm_up + counted):
        order = found.rule(on_hand, belief)
        asked = np.minimum(rng.poisson(means[busy.astype(np.int64)]), top).astype(np.int32)
        after = on_hand - asked
        if period >= warm_up:
            total += world.holding_cost * np.maximum(after, 0) + world.lost_sale_cost * np.maximum(-after, 0)
        belief = world.next_belief(belief, asked)
        busy ^= rng.random(chains) >= world.stay_ratio
        on_hand = (np.maximum(after, 0) + order).astype(np.int32)
    return float(total.mean() / counted), float(total.std(ddof=1) / counted / np.sqrt(chains))
