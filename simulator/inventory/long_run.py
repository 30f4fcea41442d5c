"""A lost-sales instance, an order rule and a generator in; the rule's mean cost over very many periods out.

For lead times whose states cannot be listed. Many chains run side by side from the empty state; what each costs after
its warm-up is one independent replication, so the standard error needs no word about how a chain remembers.
Demand of the period is averaged out: a state counts with its expected cost, not with what chance made of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.inventory.lost_sales import LostSales, OrderRule, Units, draw, following

CHAINS = 16_384  # a block of states that stays in the cache, and a batch that keeps a network busy
BLOCK_PERIODS = 64  # demand drawn at once
WARM_UP_PERIODS = 200  # and 20 for each period of the lead time


@dataclass(frozen=True, slots=True)
class Simulated:
    """The mean cost of a period and how far chance may have put it off."""

    cost: float  # currency per period
    standard_error: float
    periods: int  # counted, over all chains


def simulate(
    instance: LostSales, orders: OrderRule, periods: int, rng: np.random.Generator, *, chains: int = CHAINS
) -> Simulated:
    """Return the cost of `orders` over at least `periods` periods, warm-up not counted.

    One core: 5 s for 1e8 periods, and what `orders` takes for 1e8 states; a network of 64 x 64 some 30 s. On the bed
    of Zipkin with lead times up to 10 that leaves a standard error of 0.006 to 0.012 % of the cost.

    >>> world = LostSales(np.array([0.5, 0.0, 0.5]), lead_time_periods=1, lost_sale_cost=9.0)
    >>> found = simulate(world, lambda states: 2 - states.sum(axis=1), 100_000, np.random.default_rng(0), chains=500)
    >>> bool(abs(found.cost - 11 / 3) < 4 * found.standard_error), found.periods
    (True, 100000)
    """
    lead = instance.lead_time_periods
    warm_up = WARM_UP_PERIODS + 20 * lead
    counted = -(-periods // chains)
    states = np.zeros((chains, lead), dtype=np.int32)
    cost = np.zeros(chains)
    of_state = instance.expected_cost(0)
    for period, demand in enumerate(_periods(instance, rng, warm_up + counted, chains)):
        on_hand = states[:, 0]
        if on_hand.max() >= len(of_state):
            of_state = instance.expected_cost(2 * int(on_hand.max()))
        order = orders(states)
        if period >= warm_up:
            cost += of_state[on_hand]
            if instance.order_cost:
                cost += instance.order_cost * (order > 0)
        states = following(states, np.maximum(on_hand - demand, 0), order)
    mean = cost / counted
    return Simulated(float(mean.mean()), float(mean.std(ddof=1) / np.sqrt(chains)), counted * chains)


def _periods(instance: LostSales, rng: np.random.Generator, periods: int, chains: int) -> Iterator[Units]:
    """Yield the demand (chains,) of each period, drawn a block at a time."""
    for begin in range(0, periods, BLOCK_PERIODS):
        yield from draw(instance, rng, (BLOCK_PERIODS, chains))[: periods - begin]
