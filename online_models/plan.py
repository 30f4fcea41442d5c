"""A horizon and lead periods in, out what every series of that shape shares: steps with a ring, places, shares.

Computed once a shape and kept, so that thousands of series hold their own numbers only.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS, Float64s

RING = 128  # residuals kept per knot: about 4 months of days
KNOTS_MAX = 8  # steps ahead with a ring of their own; those between are interpolated
UNFILLED_GRAINS = 32767  # sorts behind every miss that is kept
GRAIN = 1.0 / 256.0  # of a scale: misses in scales are kept as whole numbers of it
TRUSTED = 20  # residuals of a knot before they are believed; until then a wide guess
_LEVELS = np.array(QUANTILE_LEVELS)

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)  # one object a shape: told apart by that, not number by number
class Plan:
    """The steps ahead whose residuals are kept, and where the forecasts that wait for their actual stand."""

    knots: tuple[int, ...]
    waits: tuple[tuple[int, int], ...]  # (first place, periods until the actual is known) a knot; the lead's last
    waiting: int  # places in all
    length: int  # periods that a path has to reach
    full: tuple[int, ...]  # residuals kept of each once all rings are full


def knots_of(horizon_periods: int, knots_max: int = KNOTS_MAX) -> tuple[int, ...]:
    """Return the steps ahead that stand for the rest: all of a short horizon, a growing stride of a long one.

    >>> knots_of(8), knots_of(24), knots_of(24, knots_max=4)
    ((1, 2, 3, 4, 5, 6, 7, 8), (1, 2, 4, 6, 10, 15, 24), (1, 3, 8, 24))
    """
    if horizon_periods <= knots_max:
        return tuple(range(1, horizon_periods + 1))
    return tuple(np.unique(np.round(np.geomspace(1, horizon_periods, knots_max)).astype(np.int64)).tolist())


def nearest_knots(knots: Sequence[int], others: Sequence[int]) -> list[int]:
    """Return for each of `knots` the place of the nearest of `others`: what was learnt of it is the best begin.

    >>> nearest_knots((1, 3, 9), (1, 2, 4, 7))
    [0, 1, 3]
    """
    distances = np.abs(np.subtract.outer(np.array(knots), np.array(others)))
    found: list[int] = distances.argmin(axis=1).tolist()
    return found


@functools.lru_cache(maxsize=256)
def plan(horizon_periods: int, lead_periods: int) -> Plan:
    """Return the plan of one shape, the same object to every series of it.

    >>> plan(2, 3)
    Plan(knots=(1, 2), waits=((0, 1), (1, 2), (3, 3)), waiting=6, length=3, full=(128, 128, 128))
    """
    steps = knots_of(horizon_periods)
    delays = (*steps, lead_periods)
    waits = tuple((sum(delays[:row]), delay) for row, delay in enumerate(delays))
    return Plan(steps, waits, sum(delays), max(horizon_periods, lead_periods), (RING,) * len(delays))


@functools.lru_cache(maxsize=4096)
def levels_among(counts: tuple[int, ...]) -> tuple[Places, Places, Float64s]:
    """Return the places below and above each level in sorted rings of so many residuals, and the share of the way.

    Shape (len(counts), levels); places are counted through all rings.

    Rank p (n + 1): n residuals cut the line into n + 1 equally likely cells, so that few of them give wide tails
    (Weibull 1939, "The phenomenon of rupture in solids").
    """
    kept = np.array(counts)[:, None]
    last = np.maximum(kept - 1, 0)
    rank = np.clip(_LEVELS * (kept + 1) - 1, 0, last)
    low = rank.astype(np.intp)
    first = RING * np.arange(len(counts))[:, None]
    return first + low, first + np.minimum(low + 1, last), rank - low


@functools.lru_cache(maxsize=1024)
def steps_between(knots: tuple[int, ...], periods: int) -> tuple[Places, Places, Float64s]:
    """Return for the steps 1 to `periods` the knots next to each and the share of the way, (periods + 1, 1).

    Linear between knots, the last one's beyond it; the last row is the lead's.
    """
    at = np.array(knots)
    steps = np.arange(1, periods + 1)
    far = np.minimum(np.searchsorted(at, steps), len(at) - 1)
    near = np.maximum(far - 1, 0)
    share = np.clip((steps - at[near]) / np.maximum(at[far] - at[near], 1), 0.0, 1.0)
    lead = len(at)
    return np.append(near, lead), np.append(far, lead), np.append(share, 0.0)[:, None]
