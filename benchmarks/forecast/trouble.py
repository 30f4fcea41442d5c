"""A set in, the same with trouble as sensors and tills make it out.

A twentieth of the periods is lost to outages of a few hours or days, and one value in two hundred is ten times what it
was. Duplicates and disorder are trouble of events, not of values: `folded.py` adds them on the way into the fold.
"""

from dataclasses import replace

import numpy as np

from benchmarks.forecast.datasets import DataSet
from benchmarks.forecast.losses import periods_per_day
from online_models.base import Float64s

LOST_RATIO = 0.05
SPIKE_RATIO = 0.005
SPIKE_TIMES = 10.0


def troubled(one: DataSet, seed: int, *, together: bool = False) -> DataSet:
    """Return `one` with outages and spikes in each series, or, `together`, outages of all, as a till's."""
    rng = np.random.default_rng(seed)
    values = one.table.values.copy()
    values[rng.random(values.shape) < SPIKE_RATIO] *= SPIKE_TIMES
    for column in range(1 if together else values.shape[1]):
        _lose(values[:] if together else values[:, column : column + 1], max(2, periods_per_day(one) // 2), rng)
    return DataSet(one.name, replace(one.table, values=values), one.configuration)


def _lose(values: Float64s, longest: int, rng: np.random.Generator) -> None:
    """Take outages of at most `longest` periods out of `values`, (periods, series)."""
    periods, lost = len(values), 0
    while lost < LOST_RATIO * periods:
        start, length = int(rng.integers(periods)), int(rng.integers(1, longest + 1))
        values[start : start + length] = np.nan
        lost += length
