"""Misses in, ordered rings and their quantiles out: the loops of `online_models.residual_rings`.

Compiled where they can be.

Arrays: scaled (series, rows); ordered, ages (series, rows, RING); counts (series, rows); classes (series,);
shared, offsets (classes, rows, levels); shared_count (classes, rows); levels, low, high (levels,);
table (series, rows, levels); is_known (series, rows).
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.plan import GRAIN, TRUSTED, UNFILLED_GRAINS

Places64 = NDArray[np.intp]
Int16s = NDArray[np.int16]
Bytes = NDArray[np.uint8]
GRAINS_MAX = 32766
MIDDLE = 3  # place of the level 0.5
BENT, SLOPE, MEANS = 0.135, 0.1975, 1.2533  # of a normal quantile; standard deviations in mean absolute misses


class Rings:
    """The arrays of `online_models.residual_rings`, held as C sees them; see the functions below.

    rate: of the smoothed demand `volume` (series,); step: of a correction; every: periods from a kept miss to the next
    """

    def __init__(
        self,
        ordered: Int16s,
        ages: Bytes,
        counts: Places64,
        shared: Float64s,
        shared_count: Float64s,
        offsets: Float64s,
        classes: Places64,
        volume: Float64s,
        levels: Float64s,
        low: Float64s,
        high: Float64s,
        overlaps: Float64s,
        halves: Float64s,
        table: Float64s,
        is_known: Bytes,
        rate: float,
        step: float,
        every: int,
    ) -> None:
        self.ordered, self.ages, self.counts = ordered, ages, counts
        self.shared, self.shared_count, self.offsets, self.classes = shared, shared_count, offsets, classes
        self.volume, self.levels, self.low, self.high = volume, levels, low, high
        self.overlaps, self.halves, self.table, self.is_known = overlaps, halves, table, is_known
        self.rate, self.step, self.every = rate, step, every
        self.at, self.normal = np.zeros(offsets.shape), np.zeros(offsets.shape)

    def learn(self, scaled: Float64s, is_broken: Bytes, values: Float64s, periods: int) -> None:
        """Learn misses `scaled` (series, rows), NaN is none, and demand `values` (series,), NaN is missing."""
        _smooth(values, self.rate, self.volume)
        _correct(scaled, self.table, self.is_known, self.classes, self.levels, self.low, self.high, self.step,
                 self.offsets)  # fmt: skip
        _insert(scaled, is_broken, self.ordered, self.ages, self.counts, self.every, periods)

    def look(self) -> None:
        """Compute `table` and `is_known` from all that is kept."""
        _normals(self.levels, self.offsets, self.low, self.high, self.at, self.normal)
        _look(self.ordered, self.counts, self.shared, self.shared_count, self.at, self.normal, self.classes,
              self.overlaps, self.halves, self.table, self.is_known)  # fmt: skip


def _insert(
    scaled: Float64s,
    is_broken: Bytes,
    ordered: Int16s,
    ages: Bytes,
    counts: Places64,
    every: int,
    periods: int,
) -> None:
    """Put new misses where they belong in the order of their ring, in place of the oldest ones; one in `every` period.

    The hours at which they are taken differ by row, and move round the day. The rings of what is broken begin anew.
    """
    for one in range(scaled.shape[0]):
        for row in range(scaled.shape[1]):
            if is_broken[one] != 0:
                _clear(one, row, ordered, counts)
            elif (periods + row) % every == 0 and not math.isnan(scaled[one, row]):
                grains = math.floor(min(max(scaled[one, row] / GRAIN, -GRAINS_MAX), GRAINS_MAX) + 0.5)
                _put(int(grains), one, row, ordered, ages, counts)


def _clear(one: int, row: int, ordered: Int16s, counts: Places64) -> None:
    for place in range(ordered.shape[2]):
        ordered[one, row, place] = UNFILLED_GRAINS
    counts[one, row] = 0


def _put(value: int, one: int, row: int, ordered: Int16s, ages: Bytes, counts: Places64) -> None:
    size = ordered.shape[2]
    count = counts[one, row]
    turn = count % size
    begun = min(count, size - 1)
    if count >= size:
        begun = int(ages[one, row, turn])  # where the oldest stands, that goes
    place = begun
    while place > 0 and ordered[one, row, place - 1] > value:
        ordered[one, row, place] = ordered[one, row, place - 1]
        place -= 1
    if place == begun:
        while place < size - 1 and ordered[one, row, place + 1] < value:
            ordered[one, row, place] = ordered[one, row, place + 1]
            place += 1
    ordered[one, row, place] = value
    for other in range(min(count, size)):
        held = int(ages[one, row, other])
        if place <= held < begun:
            ages[one, row, other] = held + 1
        elif begun < held <= place:
            ages[one, row, other] = held - 1
    ages[one, row, turn] = place
    counts[one, row] = count + 1


def _smooth(values: Float64s, rate: float, volume: Float64s) -> None:
    """Move the smoothed demand (series,) towards `values`; NaN moves nothing."""
    for one in range(values.shape[0]):
        if not math.isnan(values[one]):
            volume[one] += rate * (values[one] - volume[one])


def _correct(
    scaled: Float64s,
    table: Float64s,
    is_known: Bytes,
    classes: Places64,
    levels: Float64s,
    low: Float64s,
    high: Float64s,
    step: float,
    offsets: Float64s,
) -> None:
    """Read lower where too little lay below a level's quantile than it should, and the other way round."""
    for kind in range(offsets.shape[0]):
        for row in range(offsets.shape[1]):
            for level in range(offsets.shape[2]):
                share = _below(scaled, table, is_known, classes, kind, row, level)
                moved = offsets[kind, row, level] + (step * (levels[level] - share) if share >= 0.0 else 0.0)
                offsets[kind, row, level] = min(max(moved, low[level] - levels[level]), high[level] - levels[level])


def _below(
    scaled: Float64s, table: Float64s, is_known: Bytes, classes: Places64, kind: int, row: int, level: int
) -> float:
    """Return the share of a class's new misses at or below a level's quantile, or -1 of none."""
    below, count = 0.0, 0.0
    for one in range(scaled.shape[0]):
        if classes[one] == kind and is_known[one, row] != 0 and not math.isnan(scaled[one, row]):
            count += 1.0
            if scaled[one, row] <= table[one, row, level]:
                below += 1.0
    return below / count if count > 0.0 else -1.0


def _normals(
    levels: Float64s, offsets: Float64s, low: Float64s, high: Float64s, at: Float64s, normal: Float64s
) -> None:
    """Write the corrected levels `at` and a normal distribution's quantiles at them, (classes, rows, levels)."""
    for kind in range(offsets.shape[0]):
        for row in range(offsets.shape[1]):
            for level in range(offsets.shape[2]):
                corrected = min(max(levels[level] + offsets[kind, row, level], low[level]), high[level])
                at[kind, row, level], normal[kind, row, level] = corrected, _normal(corrected)


def _look(
    ordered: Int16s,
    counts: Places64,
    shared: Float64s,
    shared_count: Float64s,
    at: Float64s,
    normal: Float64s,
    classes: Places64,
    overlaps: Float64s,
    halves: Float64s,
    table: Float64s,
    is_known: Bytes,
) -> None:
    """Write the quantiles of the next misses: own ones blended with the class's, and both with a normal distribution's.

    overlaps: (series, rows) misses next to each other that say what one does: of sums over the lead
    halves: (2,) misses that count as much as the class, and as the normal distribution
    """
    size = ordered.shape[2]
    for one in range(ordered.shape[0]):
        for row in range(ordered.shape[1]):
            kind = classes[one]
            count = min(counts[one, row], size)
            trusted = shared_count[kind, row] >= TRUSTED
            is_known[one, row] = count >= TRUSTED or trusted
            own_share = count / (count + halves[0 if trusted else 1] * overlaps[one, row])
            shared_share = shared_count[kind, row] / (shared_count[kind, row] + halves[1] * overlaps[one, row])
            middle = shared[kind, row, MIDDLE]
            if not trusted:
                shared_share, middle = 0.0, _own(0.5, count, one, row, ordered)
            before = -1e300
            for level in range(at.shape[2]):
                own = _own(at[kind, row, level], count, one, row, ordered)
                guess = middle + normal[kind, row, level]
                other = shared_share * shared[kind, row, level] + (1.0 - shared_share) * guess
                before = max(before, own_share * own + (1.0 - own_share) * other)
                table[one, row, level] = before


def _normal(level: float) -> float:
    """Return a normal distribution's quantile, in mean absolute misses, nearly.

    Source: Tukey's lambda distribution with 0.14 for the normal; Joiner and Rosenblatt 1971, JASA 66, table 1.
    """
    return MEANS * (math.pow(level, BENT) - math.pow(1.0 - level, BENT)) / SLOPE


def _own(level: float, count: int, one: int, row: int, ordered: Int16s) -> float:
    """Return the quantile of a series' own misses, in scales; 0 of none."""
    if count == 0:
        return 0.0
    rank = min(max(level * (count + 1) - 1.0, 0.0), count - 1.0)
    place = int(rank)
    below = float(ordered[one, row, place])
    above = float(ordered[one, row, min(place + 1, count - 1)])
    return GRAIN * (below + (above - below) * (rank - place))
