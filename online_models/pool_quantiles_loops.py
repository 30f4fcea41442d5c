"""Centres and quantiles of misses in scales in, bands out: the loops of `online_models.pool_quantiles`.

Compiled where they can be.
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s, Places64
from online_models.residual_rings_loops import Rings
from online_models.spread_scale_loops import Scales
from online_models.waiting_loops import Waits

Float32s = NDArray[np.float32]
Bytes = NDArray[np.uint8]
NOTHING = float("nan")
ERROR_RATE = 0.03  # of the mean absolute miss: about the last 30 periods
TILT_MAX = 2.0  # of the logarithm of a scale, as in `online_models.spread_scale_loops`
ROOTED = 0.375  # added before the root is taken: counts then spread alike


class Misses:
    """The parts of `online_models.pool_quantiles` and its arrays, held as C sees them; see the functions below."""

    def __init__(
        self,
        waits: Waits,
        scales: Scales,
        rings: Rings,
        leads: Places64,
        roots: Float64s,
        errors: Float64s,
        seen: Float64s,
        normal: Float64s,
    ) -> None:
        self.waits, self.scales, self.rings, self.leads = waits, scales, rings, leads
        self.roots, self.errors, self.seen, self.normal = roots, errors, seen, normal

    def learn(self, values: Float64s, is_bound: Bytes, is_closed: int, slot_of_week: int, periods: int) -> None:
        """Learn the next period, after `periods` of them; the quantiles of misses are for the caller to compute anew.

        values: (series,) demand, units; NaN is missing; is_bound: (series,) 1 of a lower bound; is_closed: see `meet`
        """
        self.waits.meet(values, is_bound, is_closed, periods)
        _rooted(self.waits.said, self.waits.came, self.roots, self.errors, self.seen)
        self.scales.learn(slot_of_week, self.roots, self.rings.table, periods + 1)
        self.rings.learn(self.scales.scaled, self.scales.is_broken, values, periods + 1)

    def around(
        self,
        paths: Float64s,
        slots: Places64,
        near: Places64,
        far: Places64,
        way: Float64s,
        ceilings: Float64s,
        found: Float64s,
    ) -> None:
        """Write quantiles around centres, see `_bands`."""
        _bands(
            paths, slots, self.scales.slots, self.leads, near, far, way, self.scales.sides, self.scales.unit,
            self.scales.recent, self.scales.usual, self.scales.weights, self.rings.table, self.rings.is_known,
            self.errors, ceilings, self.normal, found,
        )  # fmt: skip


def _rooted(said: Float64s, came: Float64s, roots: Float64s, errors: Float64s, seen: Float64s) -> None:
    """Write the misses (series, rows) in roots, NaN where nothing is compared; smooth the next period's `errors`."""
    for one in range(said.shape[0]):
        if came[one, 0] >= 0.0:
            seen[one] += 1.0
            errors[one] += max(ERROR_RATE, 1.0 / seen[one]) * (abs(came[one, 0] - said[one, 0]) - errors[one])
        for row in range(said.shape[1]):
            roots[one, row] = NOTHING
            if came[one, row] >= 0.0:
                roots[one, row] = math.sqrt(came[one, row] + ROOTED) - math.sqrt(said[one, row] + ROOTED)


def _bands(
    paths: Float64s,
    slots: Places64,
    of_week: Places64,
    leads: Places64,
    near: Places64,
    far: Places64,
    way: Float64s,
    sides: Places64,
    unit: Float64s,
    recent: Float64s,
    usual: Float32s,
    weights: Float64s,
    table: Float64s,
    is_known: Bytes,
    errors: Float64s,
    ceilings: Float64s,
    normal: Float64s,
    found: Float64s,
) -> None:
    """Write the quantiles `found` (series, periods + 1, levels) around `paths` (series, steps).

    slots: (periods,) places of the steps in the week; of_week: (slots,) place of each among usual misses
    leads: (series,) periods of the lead
    near, far, way: (periods + 1,) rows beside each step and the share of the way between them
    sides: (rows,); unit, table, is_known: (series, rows, ...); recent, errors, ceilings: (series,)
    usual: (2, series, slots); weights: (rows, 2); normal: (levels,) of a normal distribution, for a first guess
    """
    last = found.shape[1] - 1
    for one in range(paths.shape[0]):
        for step in range(last + 1):
            a, b, lead = near[step], far[step], 1
            slot, centre = of_week[slots[min(step, last - 1)]], float(paths[one, min(step, last - 1)])
            if step == last:
                lead, slot, centre = leads[one], of_week[slots[0]], _summed(paths, one, leads[one])
            if is_known[one, b] == 0:
                _guess(centre, errors[one] * math.sqrt(lead), ceilings[one] * lead, normal, one, step, found)
            else:
                hour = math.log(float(usual[sides[b], one, slot]))
                low = unit[one, a] * _tilt(weights[a, 0] * recent[one] + weights[a, 1] * hour)
                high = unit[one, b] * _tilt(weights[b, 0] * recent[one] + weights[b, 1] * hour)
                scale = low + (high - low) * way[step]
                _around(centre, scale, ceilings[one] * lead, a, b, way[step], one, step, table, found)


def _tilt(logarithm: float) -> float:
    return math.exp(min(max(logarithm, -TILT_MAX), TILT_MAX))


def _summed(paths: Float64s, one: int, lead: int) -> float:
    total = 0.0
    for step in range(lead):
        total += float(paths[one, step])
    return total


def _around(
    centre: float,
    scale: float,
    limit: float,
    a: int,
    b: int,
    share: float,
    one: int,
    step: int,
    table: Float64s,
    found: Float64s,
) -> None:
    """Write the quantiles of one step; a centre that is not a number has none."""
    root = math.sqrt(max(centre, 0.0) + ROOTED)
    for level in range(table.shape[2]):
        miss = table[one, a, level] + (table[one, b, level] - table[one, a, level]) * share
        edge = max(root + miss * scale, 0.0)
        found[one, step, level] = min(max(edge * edge - ROOTED, 0.0), limit) if centre >= 0.0 else NOTHING


def _guess(centre: float, error: float, limit: float, normal: Float64s, one: int, step: int, found: Float64s) -> None:
    """Write wide quantiles: no tighter than a Poisson's, and than what was missed so far."""
    spread = max(math.sqrt(max(centre, 0.0)), 0.5 * centre, 1.5 * error, 1.0)
    for level in range(normal.shape[0]):
        found[one, step, level] = min(max(centre + spread * normal[level], 0.0), limit) if centre >= 0.0 else NOTHING
