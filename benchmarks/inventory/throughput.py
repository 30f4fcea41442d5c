"""The plain lost-sales world at full speed: item-periods a second on one core, beside a plain step per period.

Demand is drawn beforehand; the rule decides inside the loop, each period, for each item. The peer is the readable
world of many items, `simulator/inventory/dynamics.py`, with the same rule on the same demand, in the same run.
"""

import argparse
from collections.abc import Callable
from time import process_time

import numpy as np

from benchmarks.figures import Figure
from simulator.inventory.dynamics import Stock, advance, meet, period_costs, place
from simulator.inventory.fast_play import CappedBaseStock, play_fast
from simulator.inventory.lost_sales import LostSales, Units, draw, play, poisson
from simulator.inventory.types import Float64s

INSTANCE = LostSales(poisson(5.0), lead_time_periods=4, lost_sale_cost=9.0)
RULES = {
    "base-stock": CappedBaseStock(np.int32(31)),
    "capped base-stock": CappedBaseStock(np.int32(32), np.int32(6)),
}
MUST, GOAL = 20.0, 100.0  # million item-periods a second
REPEATS = 5


def figures(options: argparse.Namespace) -> list[Figure]:
    """Return the best of a few repeats of each, after all three ways were found to agree to the unit."""
    items, periods = (2_000, 200) if options.quick else (20_000, 1_000)
    demand = draw(INSTANCE, np.random.default_rng(6), (periods, items))
    start = np.zeros((items, INSTANCE.lead_time_periods), dtype=np.int32)
    found = []
    for name, rule in RULES.items():
        few = (slice(200), slice(1_000))
        fast, readable = (way(rule, demand[few], start[:1_000]).cost(INSTANCE) for way in (play_fast, play))
        differ = float(np.abs(fast - readable).max() + np.abs(fast - by_dynamics(rule, demand[few])).max())
        found += [
            Figure(
                f"throughput: {name}, million item-periods/s",
                _millions(lambda rule=rule: play_fast(rule, demand, start), items * periods),
                "M/s",
                MUST,
                GOAL,
                at_least=True,
            ),
            Figure(
                f"throughput: {name}, a plain step per period of dynamics.py",
                _millions(lambda rule=rule: by_dynamics(rule, demand[:200, :10_000]), demand[:200, :10_000].size),
                "M/s",
            ),
            Figure(f"throughput: {name}, largest difference of cost between the ways", differ, "", 0.0, 0.0),
        ]
    return found


def by_dynamics(rule: CappedBaseStock, demand: Units) -> Float64s:
    """Return (n,) the total cost of each item by the readable world, from empty."""
    lead, items = INSTANCE.lead_time_periods, demand.shape[1]
    stock = Stock(np.zeros(items), np.zeros((items, lead)))
    cost = np.zeros(items)
    for asked in demand.astype(np.float64):
        missing = np.maximum(rule.level_units - stock.on_hand - stock.pipeline.sum(axis=-1), 0.0)
        order = missing if rule.cap_units is None else np.minimum(missing, rule.cap_units)
        stock, _, lost = meet(place(stock, order, np.full(items, lead)), asked)
        costs = period_costs(
            stock, lost, order, holding_cost=INSTANCE.holding_cost, lost_sale_cost=INSTANCE.lost_sale_cost
        )
        cost += costs.total
        stock, _ = advance(stock)
    return cost


def _millions(work: Callable[[], object], item_periods: int) -> float:
    """Return the best speed of a few repeats, by the CPU time of all threads: others on the machine do not count."""
    took_s = []
    for _ in range(REPEATS):
        started_s = process_time()
        work()
        took_s.append(process_time() - started_s)
    return item_periods / min(took_s) / 1e6
