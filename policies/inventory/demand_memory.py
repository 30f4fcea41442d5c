"""Demand, one period after the other, in; what is remembered of it, and a network's view of that, out.

All that is kept of an item is a few exponential means and spreads of different memory, the last periods and their
scale: nothing grows with time. What is seen is divided by the scale, so that one network serves every item.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.observation import Float32s

Float64s = NDArray[np.float64]

VERSION = 1  # raised whenever a feature changes its meaning; a network is bound to it

RATES = np.array([0.08, 0.2, 0.4, 0.7])  # weight of the newest period in each exponential mean
SCALE_RATE = 2  # which of them the scale follows
LAST_PERIODS = 6  # that are seen one by one
PERIODS_MAX = 60  # an item older than that is simply old
SCALE_UNITS_MIN = 0.5

NAMES: tuple[str, ...] = (
    *(f"mean_{rate:g}" for rate in RATES),
    *(f"spread_{rate:g}" for rate in RATES),
    *(f"demand_{k}_ago" for k in range(LAST_PERIODS)),
    "mean_of_all",
    "deviation_of_all",
    *(f"surprise_{rate:g}" for rate in RATES[1:3]),
    "log_scale",
    "scale_change",
    "age",
)


@dataclass(frozen=True, slots=True, eq=False)
class DemandMemory:
    """What is remembered of the demand of n items."""

    periods: int  # that were learnt
    means: Float64s  # (n, rates) units
    spreads: Float64s  # (n, rates) units, mean absolute surprise
    surprise: Float64s  # (n, rates) units, of the newest period against the means before it
    last: Float64s  # (n, LAST_PERIODS) units, newest first; 0 before the first
    total: Float64s  # (n,) units
    squares: Float64s  # (n,) units squared
    scale: Float64s  # (n,) units a period, above 0
    scale_before: Float64s  # (n,) of the period before


def begin(items: int) -> DemandMemory:
    """Return the memory of items that were never asked for."""
    rates = np.zeros((items, len(RATES)))
    scale = np.full(items, SCALE_UNITS_MIN)
    return DemandMemory(
        0, rates, rates, rates, np.zeros((items, LAST_PERIODS)), np.zeros(items), np.zeros(items), scale, scale
    )


def learn(memory: DemandMemory, demand_units: Float64s) -> DemandMemory:
    """Return the memory after one more period; `demand_units` (n,) >= 0.

    Means forget at their rate once they are older than it and are plain averages before.

    >>> memory = learn(learn(begin(1), np.array([4.0])), np.array([8.0]))
    >>> memory.means.round(2), memory.last[0, :2], memory.scale.round(2)
    (array([[6.08, 6.22, 6.5 , 7.08]]), array([8., 4.]), array([6.35]))
    """
    periods = memory.periods + 1
    surprise = demand_units[:, np.newaxis] - memory.means
    means = memory.means + RATES / (1.0 - (1.0 - RATES) ** periods) * surprise
    spreads = memory.spreads
    if memory.periods:  # the first period surprises nobody: nothing was expected
        weight = RATES / (1.0 - (1.0 - RATES) ** memory.periods)
        spreads = spreads + weight * (np.abs(surprise) - spreads)
    total = memory.total + demand_units
    return DemandMemory(
        periods=periods,
        means=means,
        spreads=spreads,
        surprise=surprise,
        last=np.concatenate([demand_units[:, np.newaxis], memory.last[:, :-1]], axis=1),
        total=total,
        squares=memory.squares + demand_units**2,
        scale=_scale(means[:, SCALE_RATE], total / periods),
        scale_before=memory.scale if memory.periods else _scale(means[:, SCALE_RATE], total / periods),
    )


def features(memory: DemandMemory) -> Float32s:
    """Return (n, len(NAMES)) features without units; finite for any memory."""
    scale = memory.scale[:, np.newaxis]
    mean_of_all = memory.total / max(memory.periods, 1)
    variance = memory.squares / max(memory.periods, 1) - mean_of_all**2
    surprise = memory.surprise[:, 1:3]
    columns = (
        np.log1p(memory.means / scale),
        np.log1p(memory.spreads / scale),
        np.log1p(memory.last / scale),
        np.log1p(mean_of_all[:, np.newaxis] / scale),
        np.log1p(np.sqrt(np.maximum(variance, 0.0))[:, np.newaxis] / scale),
        np.sign(surprise) * np.log1p(np.abs(surprise) / scale),
        np.log1p(scale) / 5.0,
        np.log(scale / memory.scale_before[:, np.newaxis]),
        np.full_like(scale, min(memory.periods, PERIODS_MAX) / 30.0),
    )
    return np.concatenate(columns, axis=1).astype(np.float32)


def _scale(mean: Float64s, mean_of_all: Float64s) -> Float64s:
    """Return (n,) what a period of the item is like: mostly its recent mean, never far below that of all time."""
    return np.maximum(np.maximum(0.7 * mean + 0.3 * mean_of_all, 0.2 * mean_of_all), SCALE_UNITS_MIN)
