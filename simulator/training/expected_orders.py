"""A scenario's deliveries in, where a buyer expects each open order in each period out: linear in the orders.

`simulator.inventory.open_orders` says the same of one run; here it is said before anything is ordered, so that a
gradient can flow through what was seen.
"""

from collections.abc import Callable

import numpy as np

from simulator.inventory.types import Float64s
from simulator.inventory.world import Scenario


def expected_columns(scenario: Scenario) -> Callable[[int], Float64s] | None:
    """Return a function of the period: (n, ages, columns), 1 where an order of that age, 1 first, is seen to be due.

    None where every order takes the time it was promised: then what is seen is the truth.
    """
    kept = scenario.setting.deliveries
    if kept.kept:
        return None
    promised = scenario.items.lead_time_periods[:, 0]
    lead = np.where(scenario.deliveries.arrived_ratio > 0, scenario.deliveries.lead_time_periods, np.inf)[:, 0]
    ages = np.arange(1, int(promised.max(initial=0)) + kept.patience_periods + 1)
    columns = scenario.start.pipeline.shape[-1]
    due = np.maximum(promised[:, np.newaxis] - ages, 1)
    place = np.arange(1, columns + 1) == due[..., np.newaxis]  # (n, ages, columns)
    waiting = ages <= promised[:, np.newaxis] + kept.patience_periods

    def at(period: int) -> Float64s:
        placed = period - ages
        open_still = waiting & (lead[:, np.maximum(placed, 0)] > ages) & (placed >= 0)
        return np.asarray(place & open_still[..., np.newaxis], dtype=np.float64)

    return at
