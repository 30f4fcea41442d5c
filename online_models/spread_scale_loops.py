"""Misses in, scales out: the loops of `online_models.spread_scale`, compiled where they can be.

A row is a step ahead, the last row the lead's sum. Features of a scale: (recent, usual, centre); see `SpreadScale`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

Places64 = NDArray[np.intp]
Float32s = NDArray[np.float32]

FAST_RATE = 0.12  # of the misses of late: about the last 8 periods
USUAL_RATE = 0.06  # of a slot's usual misses: about its last 16
LEVEL_RATE = 0.01
MISS_MAX = 5.0  # scales: a spike widens no more than this
RECENT_LEAST = 0.1  # added to recent misses before the logarithm
TILT_MAX = 2.0  # of the logarithm of a scale
WEIGHT_MAX = 1.5
PRIOR = 30.0  # misses that the weights begun with are worth, features of size 1
FORGET = 0.9995  # of the sums that the steps are divided by
BORROWED = 8.0  # misses that the pool's usual scale counts for
FEW = 5.0  # misses before they are cut
UNIT_MIN = 0.1  # roots: a series that is foretold to the digit, as one that never sells, may yet be missed


def learn_scale(
    roots: Float64s,
    said: Float64s,
    delays: Places64,
    per_period: Float64s,
    periods: int,
    slot: int,
    rate: float,
    slow: Float64s,
    seen: Float64s,
    fast: Float64s,
    fast_said: Float32s,
    usual: Float32s,
    level: Float64s,
    weights: Float64s,
    sizes: Float64s,
    unit: Float64s,
    scaled: Float64s,
) -> None:
    """Learn one period's misses `roots` (series, rows) of what was `said` (series, rows), and write them `scaled`.

    delays: (series, rows) periods before that it was said; per_period: (series, rows) periods in the sum
    slow, seen: (series, rows) mean absolute miss and how many; fast: (series,); fast_said: (series, longest delay)
    usual: (2, series, slots); level: (series,); weights, sizes: (rows, 3); unit: (series, rows)
    """
    rows = roots.shape[1]
    longest = fast_said.shape[1]
    for row in range(rows):
        for feature in range(3):
            sizes[row, feature] *= FORGET
    for one in range(roots.shape[0]):
        for row in range(rows):
            scaled[one, row] = math.nan
            if not math.isnan(roots[one, row]):
                far = 1 if 2 * row >= rows and row < rows - 1 else 0
                before = float(fast_said[one, (periods - 1 + longest - delays[one, row] % longest) % longest])
                recent = math.log(RECENT_LEAST + before) - math.log(RECENT_LEAST + 1.0)
                hour = math.log(max(float(usual[far, one, slot]), 0.1))
                centre = min(max(math.log(said[one, row] / per_period[one, row] + 1.0) - level[one], -3.0), 3.0)
                w0, w1, w2 = weights[row, 0], weights[row, 1], weights[row, 2]
                tilt = min(max(w0 * recent + w1 * hour + w2 * centre, -TILT_MAX), TILT_MAX)
                miss = abs(roots[one, row])
                base = unit[one, row] if unit[one, row] > 0.0 else max(miss, UNIT_MIN)
                scaled[one, row] = roots[one, row] / (base * math.exp(tilt))
                pull = min(miss / (base * math.exp(tilt)), MISS_MAX) - 1.0
                sizes[row, 0] += recent * recent
                sizes[row, 1] += hour * hour
                sizes[row, 2] += centre * centre
                weights[row, 0] = min(max(w0 + pull * recent / (sizes[row, 0] + PRIOR), 0.0), WEIGHT_MAX)
                weights[row, 1] = min(max(w1 + pull * hour / (sizes[row, 1] + PRIOR), 0.0), WEIGHT_MAX)
                weights[row, 2] = min(max(w2 + pull * centre / (sizes[row, 2] + PRIOR), -WEIGHT_MAX), WEIGHT_MAX)
                apart = miss / (base * math.exp(tilt))
                seen[one, row] += 1.0
                flat = miss / math.exp(tilt)
                if seen[one, row] > FEW:
                    flat = min(flat, MISS_MAX * base)
                slow[one, row] += max(rate, 1.0 / seen[one, row]) * (flat - slow[one, row])
                if row == 0:
                    level[one] += max(LEVEL_RATE, 1.0 / seen[one, 0]) * (math.log(said[one, 0] + 1.0) - level[one])
                    fast[one] += FAST_RATE * (min(apart * math.exp(w0 * recent), MISS_MAX) - fast[one])
                if row == 0 or row == rows - 2:
                    ratio = min(apart * math.exp(w1 * hour), MISS_MAX)
                    if row == 0:
                        usual[0, one, slot] += USUAL_RATE * (ratio - float(usual[0, one, slot]))
                    if row == rows - 2:
                        usual[1, one, slot] += USUAL_RATE * (ratio - float(usual[1, one, slot]))
        fast_said[one, (periods - 1) % longest] = fast[one]
    typical_scale(slow, seen, unit)


def typical_scale(slow: Float64s, seen: Float64s, unit: Float64s) -> None:
    """Write into `unit` (series, rows) the mean absolute misses, of a young series nearer to the pool's."""
    for row in range(slow.shape[1]):
        total, count = 0.0, 0.0
        for one in range(slow.shape[0]):
            known = min(seen[one, row], 20.0)
            total += known * slow[one, row]
            count += known
        typical = total / count if count > 0.0 else 0.0
        for one in range(slow.shape[0]):
            own = seen[one, row]
            mixed = (own * slow[one, row] + BORROWED * typical) / (own + BORROWED)
            unit[one, row] = max(mixed, UNIT_MIN) if count > 0.0 else 0.0
