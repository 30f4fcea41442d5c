"""Misses in, ordered rings and their quantiles out: the loops of `online_models.residual_rings`, compiled where they can.

Arrays: scaled (series, rows); ordered, ages (series, rows, RING); counts (series, rows); classes (series,);
shared, offsets (classes, rows, levels); shared_count (classes, rows); levels, low, high (levels,);
table (series, rows, levels); is_known (series, rows).
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

Places64 = NDArray[np.intp]
Float32s = NDArray[np.float32]
Bytes = NDArray[np.uint8]
TRUSTED = 20  # as in `online_models.plan`


def insert(scaled: Float64s, ordered: Float32s, ages: Bytes, counts: Places64, every: int, periods: int) -> None:
    """Put new misses where they belong in the order of their ring, in place of the oldest ones; one in `every` period.

    The hours at which they are taken differ by row, and move round the day.
    """
    size = ordered.shape[2]
    for one in range(scaled.shape[0]):
        for row in range(scaled.shape[1]):
            if (periods + row) % every == 0 and not math.isnan(scaled[one, row]):
                _put(float(scaled[one, row]), one, row, size, ordered, ages, counts)


def _put(value: float, one: int, row: int, size: int, ordered: Float32s, ages: Bytes, counts: Places64) -> None:
    count = counts[one, row]
    turn = count % size
    place = min(count, size - 1)
    if count >= size:
        place = int(ages[one, row, turn])
    shift = 0
    while place > 0 and float(ordered[one, row, place - 1]) > value:
        ordered[one, row, place] = ordered[one, row, place - 1]
        place -= 1
        shift += 1
    while place < size - 1 and shift <= 0 and float(ordered[one, row, place + 1]) < value:
        ordered[one, row, place] = ordered[one, row, place + 1]
        place += 1
        shift -= 1
    ordered[one, row, place] = value
    if shift != 0:
        for other in range(min(count, size)):
            held = int(ages[one, row, other])
            if shift > 0 and place <= held < place + shift:
                ages[one, row, other] = held + 1
            elif shift < 0 and place + shift < held <= place:
                ages[one, row, other] = held - 1
    ages[one, row, turn] = place
    counts[one, row] = count + 1


def correct(
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
                below, count = 0.0, 0.0
                for one in range(scaled.shape[0]):
                    counted = classes[one] == kind and is_known[one, row] != 0 and not math.isnan(scaled[one, row])
                    count += counted
                    below += counted and scaled[one, row] <= table[one, row, level]
                if count > 0.0:
                    moved = offsets[kind, row, level] + step * (levels[level] - below / count)
                    moved = min(max(moved, low[level] - levels[level]), high[level] - levels[level])
                    offsets[kind, row, level] = moved


def look(
    ordered: Float32s,
    counts: Places64,
    shared: Float64s,
    shared_count: Float64s,
    offsets: Float64s,
    classes: Places64,
    levels: Float64s,
    low: Float64s,
    high: Float64s,
    own_half: float,
    table: Float64s,
    is_known: Bytes,
) -> None:
    """Write the quantiles of the next misses: own ones blended with the class's; rank p (n + 1)."""
    size = ordered.shape[2]
    for one in range(ordered.shape[0]):
        for row in range(ordered.shape[1]):
            kind = classes[one]
            count = min(counts[one, row], size)
            trusted = shared_count[kind, row] >= TRUSTED
            is_known[one, row] = count >= TRUSTED or trusted
            share = count / (count + own_half) if trusted else 1.0
            before = -math.inf
            for level in range(levels.shape[0]):
                at = min(max(levels[level] + offsets[kind, row, level], low[level]), high[level])
                rank = min(max(at * (count + 1) - 1.0, 0.0), max(count - 1.0, 0.0))
                place = int(rank)
                value = 0.0
                if count > 0:
                    value = float(ordered[one, row, place])
                    after = float(ordered[one, row, min(place + 1, count - 1)])
                    value += (after - value) * (rank - place)
                value = share * value + (1.0 - share) * shared[kind, row, level]
                before = max(before, value)
                table[one, row, level] = before
