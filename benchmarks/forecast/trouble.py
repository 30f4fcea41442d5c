"""A set in, the same with trouble as sensors and tills make it out.

A twentieth of the periods is lost to outages of a few hours or days, and one value in two hundred is ten times what it
was. Duplicates and disorder do not come this far: a pool's fold drops ids that it has seen and closes a bucket when its
feeds have told all of it (`tests/streams/test_shard.py` and `tests/simulation` hold it to that).
"""

from dataclasses import replace

import numpy as np

from benchmarks.forecast.datasets import DataSet
from benchmarks.forecast.losses import periods_per_day

LOST_RATIO = 0.05
SPIKE_RATIO = 0.005
SPIKE_TIMES = 10.0


def troubled(one: DataSet, seed: int) -> DataSet:
    """Return `one` with outages and spikes in each series."""
    rng = np.random.default_rng(seed)
    values = one.table.values.copy()
    periods, series = values.shape
    values[rng.random(values.shape) < SPIKE_RATIO] *= SPIKE_TIMES
    longest = max(2, periods_per_day(one) // 2)
    for column in range(series):
        lost = 0
        while lost < LOST_RATIO * periods:
            start, length = int(rng.integers(periods)), int(rng.integers(1, longest + 1))
            values[start : start + length, column] = np.nan
            lost += length
    return DataSet(one.name, replace(one.table, values=values), one.configuration)
