"""Instances and a player in, the score of each instance out, as InventoryBench plays and counts them."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.inventory.instances import Instances
from simulator.inventory import outstanding

Float64s = NDArray[np.float64]

BOOTSTRAP_DRAWS = 2000


class Player(Protocol):
    """Orders for all instances at once, from what a decision maker knows."""

    def learn(self, demand_units: Float64s) -> None:
        """Take in the demand (n,) of one more period."""
        ...

    def decide(self, on_hand: Float64s, outstanding_units: Float64s) -> Float64s:
        """Return (n,) whole units >= 0; column k of `outstanding_units` was ordered k + 1 periods ago, and is out."""
        ...


def play(instances: Instances, player: Player) -> Float64s:
    """Return (n,) scores: profit over what selling all demand would earn without holding anything, at least 0."""
    periods = instances.demand_units.shape[1]
    for known in instances.known_units.T:
        player.learn(known)
    stock = outstanding.nothing(len(instances.family), periods)
    terms, total = instances.terms, np.zeros(len(instances.family))
    for period in range(periods):
        demand = instances.demand_units[:, period]
        order = player.decide(stock.on_hand, stock.outstanding)
        due = outstanding.arriving(instances.lead_time_periods, period, periods + 1)
        stock, sold = outstanding.step(stock, order, demand, due)
        earned = outstanding.profit(stock, sold, terms.unit_profit, terms.holding_cost)
        total += np.where(instances.counts[:, period], earned, 0.0)
        player.learn(demand)
    asked = terms.unit_profit * instances.demand_units.sum(axis=1)
    return np.maximum(np.divide(total, asked, out=np.zeros_like(total), where=asked > 0), 0.0)


def standard_error(values: Float64s, clusters: NDArray[np.str_], rng: np.random.Generator) -> float:
    """Return the bootstrap standard error of the mean of `values`, whole `clusters` drawn at a time.

    Source: Cameron, Gelbach and Miller 2008, "Bootstrap-based improvements for inference with clustered errors",
    Review of Economics and Statistics 90(3): the pairs cluster bootstrap.

    >>> standard_error(np.array([1.0, 1.0, 0.0, 0.0]), np.array(["a", "a", "b", "b"]), np.random.default_rng(1)) > 0.3
    True
    """
    _, index = np.unique(clusters, return_inverse=True)
    sums, sizes = np.bincount(index, values), np.bincount(index)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1.0 / len(sums)), BOOTSTRAP_DRAWS)
    return float(((drawn @ sums) / (drawn @ sizes)).std(ddof=1))
