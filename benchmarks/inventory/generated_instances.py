"""A generator in, instances that never were, as a table in InventoryBench's format, out: for smoke runs and tests."""

import numpy as np
import pyarrow as pa

from simulator.inventory import unsteady_demand

KNOWN_PERIODS, PERIODS = 5, 40
UNIT_PROFITS = (1.0, 4.0, 19.0)
LEAD_TIMES = ("0", "4", "stochastic")


def generated(rng: np.random.Generator, paths: int) -> pa.Table:
    """Return a table of every lead time and profit on each of so many demand paths."""
    demand = unsteady_demand.draw(rng, paths, KNOWN_PERIODS + PERIODS).astype(np.int64)
    rows = [
        _instance(rng, f"path_{path}", units, lead_time, profit)
        for path, units in enumerate(demand)
        for lead_time in LEAD_TIMES
        for profit in UNIT_PROFITS
    ]
    return pa.concat_tables(rows)


def _instance(rng: np.random.Generator, path: str, units: np.ndarray, lead_time: str, profit: float) -> pa.Table:
    periods = np.arange(len(units)) - KNOWN_PERIODS
    drawn = rng.choice([1, 2, 3, -1], len(units)) if lead_time == "stochastic" else np.full(len(units), int(lead_time))
    return pa.table(
        {
            "instance": [f"generated/lead_time_{lead_time}/{path}/profit_{profit:g}"] * len(units),
            "split": np.where(periods < 0, "train", "test"),
            "period": periods,
            "demand_units": units,
            "lead_time_periods": drawn.astype(np.float64),
            "unit_profit": np.full(len(units), profit),
            "holding_cost": np.ones(len(units)),
            "demand_path": [path] * len(units),
            "part": ["report"] * len(units),
        }
    )
