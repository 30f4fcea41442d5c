"""Centres and quantiles of misses in scales in, bands out: the loops of `online_models.pool_quantiles`.

Compiled where they can be.
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.spread_scale_loops import RECENT_LEAST, TILT_MAX

Places64 = NDArray[np.intp]
Float32s = NDArray[np.float32]
Bytes = NDArray[np.uint8]
ROOTED = 0.375  # added before the root is taken: counts then spread alike


def rooted(said: Float64s, came: Float64s, roots: Float64s) -> None:
    """Write the misses (series, rows) in roots; NaN where nothing is compared."""
    for one in range(said.shape[0]):
        for row in range(said.shape[1]):
            roots[one, row] = math.nan
            if came[one, row] >= 0.0:
                roots[one, row] = math.sqrt(came[one, row] + ROOTED) - math.sqrt(said[one, row] + ROOTED)


def bands(
    paths: Float64s,
    slots: Places64,
    leads: Places64,
    near: Places64,
    far: Places64,
    way: Float64s,
    unit: Float64s,
    fast: Float64s,
    usual: Float32s,
    level: Float64s,
    weights: Float64s,
    table: Float64s,
    is_known: Bytes,
    errors: Float64s,
    ceilings: Float64s,
    normal: Float64s,
    found: Float64s,
) -> None:
    """Write the quantiles `found` (series, periods + 1, levels) around `paths` (series, steps).

    slots: (periods,) places of the steps among usual misses; leads: (series,) periods of the lead
    near, far, way: (periods + 1,) rows beside each step and the share of the way between them
    unit, table, is_known: (series, rows, ...); fast, level, errors, ceilings: (series,); usual: (2, series, slots)
    weights: (rows, 3); normal: (levels,) of a normal distribution, for a first guess
    """
    rows = table.shape[1]
    for one in range(paths.shape[0]):
        recent = math.log(RECENT_LEAST + fast[one]) - math.log(RECENT_LEAST + 1.0)
        for step in range(found.shape[1]):
            lead = leads[one] if step == found.shape[1] - 1 else 1
            centre = float(paths[one, min(step, paths.shape[1] - 1)])
            if step == found.shape[1] - 1:
                centre = 0.0
                for place in range(lead):
                    centre += paths[one, place]
            limit = ceilings[one] * lead
            if is_known[one, far[step]] == 0:
                _guess(centre, errors[one] * math.sqrt(lead), limit, normal, one, step, found)
                continue
            a, b, share = near[step], far[step], way[step]
            slot = slots[min(step, slots.shape[0] - 1)] if lead == 1 else slots[0]
            side = 1 if 2 * b >= rows and b < rows - 1 else 0
            hour = math.log(max(float(usual[side, one, slot]), 0.1))
            wide = min(max(math.log(max(centre, 0.0) / lead + 1.0) - level[one], -3.0), 3.0)
            low = weights[a, 0] * recent + weights[a, 1] * hour + weights[a, 2] * wide
            high = weights[b, 0] * recent + weights[b, 1] * hour + weights[b, 2] * wide
            tilt = min(max(low + (high - low) * share, -TILT_MAX), TILT_MAX)
            scale = (unit[one, a] + (unit[one, b] - unit[one, a]) * share) * math.exp(tilt)
            root = math.sqrt(max(centre, 0.0) + ROOTED)
            for place in range(table.shape[2]):
                miss = table[one, a, place] + (table[one, b, place] - table[one, a, place]) * share
                edge = max(root + miss * scale, 0.0)
                found[one, step, place] = min(max(edge * edge - ROOTED, 0.0), limit) if centre >= 0.0 else math.nan


def _guess(
    centre: float, error: float, limit: float, normal: Float64s, one: int, step: int, found: Float64s
) -> None:
    """Write wide quantiles: no tighter than a Poisson's, and than what was missed so far."""
    spread = max(max(math.sqrt(max(centre, 0.0)), 0.5 * centre), max(1.5 * error, 1.0))
    for place in range(normal.shape[0]):
        value = centre + spread * normal[place]
        found[one, step, place] = min(max(value, 0.0), limit) if centre >= 0.0 else math.nan
