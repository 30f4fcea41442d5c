"""A lost-sales instance, an order rule and a generator in; its mean cost out, with most of the luck taken away.

What a period leaves over, less what it leaves over in the mean of all demands that could have come, sums to nothing in
the long run, also multiplied by anything known before the demand. How much each chain's luck cost it is told by
regressing the chains' costs on such sums. Source: Henderson and Glynn 2002, "Approximating martingales for variance
reduction in Markov process simulation", Mathematics of Operations Research 27(2); the coefficients are estimated.
"""

import numpy as np

from simulator.inventory.long_run import WARM_UP_PERIODS, Simulated
from simulator.inventory.lost_sales import LostSales, OrderRule, Units, draw, following
from simulator.inventory.types import Float64s

CHAINS = 4096
BLOCK_PERIODS = 64  # demand drawn at once


def steady_cost(
    instance: LostSales, orders: OrderRule, periods: int, rng: np.random.Generator, *, chains: int = CHAINS
) -> Simulated:
    """Return the cost of `orders` over at least `periods` periods, warm-up not counted.

    >>> world = LostSales(np.array([0.5, 0.0, 0.5]), lead_time_periods=1, lost_sale_cost=9.0)
    >>> found = steady_cost(world, lambda states: 2 - states.sum(axis=1), 100_000, np.random.default_rng(0), chains=500)
    >>> bool(abs(found.cost - 11 / 3) < 4 * found.standard_error), found.standard_error < 1e-3
    (True, True)
    """
    warm_up = WARM_UP_PERIODS + 20 * instance.lead_time_periods
    counted = -(-periods // chains)
    states = np.zeros((chains, instance.lead_time_periods), dtype=np.int32)
    tables = _Tables(instance)
    cost, luck = np.zeros(chains), np.zeros((2 * instance.lead_time_periods + 3, chains))
    for period in range(warm_up + counted):
        if period % BLOCK_PERIODS == 0:
            demand = draw(instance, rng, (BLOCK_PERIODS, chains))
        on_hand = states[:, 0]
        left = np.maximum(on_hand - demand[period % BLOCK_PERIODS], 0)
        later = following(states, left, orders(states))
        if period >= warm_up:
            tables.reach(int(on_hand.max()))
            cost += tables.cost[on_hand]
            luck += tables.luck(on_hand, left, later)
        states = later
    return _without_luck(cost / counted, luck / counted, counted * chains)


class _Tables:
    """What is known of a period that begins with x units on hand, for x up to what was reached."""

    def __init__(self, instance: LostSales) -> None:
        self._instance = instance
        self.cost: Float64s = np.zeros(0)
        self._means: Float64s = np.zeros(
            (0, 0)
        )  # (powers, x) of what is left over, to the powers 1, 2, 3; of nothing left

    def reach(self, on_hand: int) -> None:
        """Make the tables long enough."""
        if on_hand < len(self.cost):
            return
        self.cost = self._instance.expected_cost(2 * on_hand + 10)
        levels = np.arange(len(self.cost))
        demand = np.arange(len(self._instance.demand_probability))
        left = np.maximum(levels[:, np.newaxis] - demand, 0)
        self._means = np.stack([_forms(left)[power] @ self._instance.demand_probability for power in range(4)])

    def luck(self, on_hand: Units, left: Units, later: Units) -> Float64s:
        """Return (2 L + 3, chains) sums to be: what was left over less its mean, alone and times what is on its way."""
        apart = np.stack(_forms(left)) - self._means[:, on_hand]
        coming = np.concatenate([(later[:, :1] - left[:, np.newaxis]), later[:, 1:]], axis=1).T[: later.shape[1]]
        return np.concatenate([apart, apart[0] * coming, apart[0] * coming[:-1] ** 2])


def _forms(left: Units) -> list[Float64s]:
    return [
        left.astype(np.float64),
        left.astype(np.float64) ** 2,
        left.astype(np.float64) ** 3,
        (left == 0).astype(np.float64),
    ]


def _without_luck(cost: Float64s, luck: Float64s, periods: int) -> Simulated:
    known = np.concatenate([np.ones((1, len(cost))), luck / np.maximum(luck.std(axis=1, keepdims=True), 1e-300)]).T
    found, *_ = np.linalg.lstsq(known, cost, rcond=1e-10)
    rest = cost - known @ found
    spread = np.sqrt((rest**2).sum() / max(len(cost) - known.shape[1], 1))
    inverse = np.linalg.pinv(known.T @ known)
    return Simulated(float(found[0]), float(spread * np.sqrt(inverse[0, 0])), periods)
