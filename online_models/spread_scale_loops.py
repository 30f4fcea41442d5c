"""Misses in, scales out: the loops of `online_models.spread_scale`, compiled where they can be.

A row is a step ahead, the last row the lead's sum. A scale is a `unit` times the exponential of what widens it: weights
times two logarithms, of the misses of late and of the usual misses at that time of the week, in units both.
"""

import math

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

Places64 = NDArray[np.intp]
Float32s = NDArray[np.float32]
Bytes = NDArray[np.uint8]

NOTHING = float("nan")
FAST_RATE = 0.12  # of the misses of late: about the last 8 periods
USUAL_RATE = 0.06  # of a slot's usual misses: about its last 16
MISS_MAX = 5.0  # units: a spike widens no more than this
RECENT_LEAST = 0.1  # added to misses of late before the logarithm
USUAL_LEAST = 0.1  # units
TILT_MAX = 2.0  # of the logarithm of a scale
WEIGHT_MAX = 1.5
PRIOR = 50.0  # misses, with logarithms of size 1, before a weight may be of size 1
FORGET = 0.9995  # of the sums that the steps are divided by
BORROWED = 12.0  # misses that the pool's usual unit counts for
TRUSTED = 20.0  # misses from which on a unit counts in full for the pool's
FEW = 5.0  # misses before they are cut
SHOCK_RATE = 0.06  # half as fast as misses of late: bad days of holidays and storms are no other world
SHOCK_MAX = 20.0  # scales
BREAK = 6.0  # scales, of late: no spike but another world, as of a series that had never sold before
UNIT_MIN = 0.1  # roots: a series that is foretold to the digit, as one that never sells, may yet be missed
LOWER, UPPER = 1, 5  # places of the levels whose pinball the weights are fitted by: 0.1 and 0.9


class Scales:
    """The arrays of `online_models.spread_scale`, held as C sees them; see `learn_scale`. slots: of usual misses."""

    def __init__(
        self,
        delays: Places64,
        overlaps: Float64s,
        sides: Places64,
        slots: Places64,
        rate: float,
        levels: Float64s,
        slow: Float64s,
        seen: Float64s,
        fast: Float64s,
        shock: Float64s,
        fast_said: Float32s,
        usual: Float32s,
        weights: Float64s,
        sizes: Float64s,
        unit: Float64s,
        recent: Float64s,
        scaled: Float64s,
        is_broken: Bytes,
    ) -> None:
        self.delays, self.overlaps, self.sides, self.slots, self.rate = delays, overlaps, sides, slots, rate
        self.levels, self.slow, self.seen, self.fast, self.shock = levels, slow, seen, fast, shock
        self.fast_said, self.usual, self.weights, self.sizes = fast_said, usual, weights, sizes
        self.unit, self.recent, self.scaled, self.is_broken = unit, recent, scaled, is_broken

    def learn(self, slot_of_week: int, roots: Float64s, table: Float64s, periods: int) -> None:
        """Do what `learn_scale` does."""
        learn_scale(
            roots, self.delays, self.overlaps, self.sides, periods, self.slots[slot_of_week], self.rate, table,
            self.levels, self.slow, self.seen, self.fast, self.shock, self.fast_said, self.usual, self.weights,
            self.sizes, self.unit, self.recent, self.scaled, self.is_broken,
        )  # fmt: skip


def learn_scale(
    roots: Float64s,
    delays: Places64,
    overlaps: Float64s,
    sides: Places64,
    periods: int,
    slot: int,
    rate: float,
    table: Float64s,
    levels: Float64s,
    slow: Float64s,
    seen: Float64s,
    fast: Float64s,
    shock: Float64s,
    fast_said: Float32s,
    usual: Float32s,
    weights: Float64s,
    sizes: Float64s,
    unit: Float64s,
    recent_now: Float64s,
    scaled: Float64s,
    is_broken: Bytes,
) -> None:
    """Learn one period's misses `roots` (series, rows), and write them `scaled`.

    delays: (series, rows) periods before that it was said; overlaps: (series, rows)
    sides: (rows,) which of the usual misses count
    is_broken: (series,) whether all that was known of a series' misses is out of date
    table: (series, rows, levels) quantiles of `scaled`; slow, seen: (series, rows) mean absolute miss, and of how many
    fast, shock: (series,); fast_said: (series, longest delay); usual: (2, series, slots); weights, sizes: (rows, 2)
    """
    rows, longest = roots.shape[1], fast_said.shape[1]
    for row in range(rows):
        sizes[row, 0] *= FORGET
        sizes[row, 1] *= FORGET
    for one in range(roots.shape[0]):
        for row in range(rows):
            scaled[one, row] = NOTHING
            if not math.isnan(roots[one, row]):
                before = float(fast_said[one, (periods - 1 + longest - delays[one, row]) % longest])
                recent = _recently(before)
                hour = math.log(float(usual[sides[row], one, slot]))
                tilt = tilted(weights[row, 0], weights[row, 1], recent, hour)
                base = unit[one, row] if unit[one, row] > 0.0 else max(abs(roots[one, row]), UNIT_MIN)
                scaled[one, row] = roots[one, row] / (base * tilt)
                _usually(abs(scaled[one, row]), recent, hour, one, row, rows, slot, weights, fast, shock, usual)
                _weigh(scaled[one, row], recent, hour, one, row, table, levels, weights, sizes)
                _spread(abs(roots[one, row]) / tilt, base, rate / overlaps[one, row], one, row, slow, seen)
        is_broken[one] = shock[one] > BREAK
        if shock[one] > BREAK:
            _begin_anew(one, seen, fast, shock, usual)
        fast_said[one, (periods - 1) % longest] = fast[one]
    refresh(slow, seen, fast, overlaps, unit, recent_now)


def tilted(first: float, second: float, recent: float, hour: float) -> float:
    """Return how many times the unit a scale is, by weights and logarithms."""
    return math.exp(min(max(first * recent + second * hour, -TILT_MAX), TILT_MAX))


def _recently(fast: float) -> float:
    return math.log(RECENT_LEAST + fast) - math.log(RECENT_LEAST + 1.0)


def _usually(
    miss: float,
    recent: float,
    hour: float,
    one: int,
    row: int,
    rows: int,
    slot: int,
    weights: Float64s,
    fast: Float64s,
    shock: Float64s,
    usual: Float32s,
) -> None:
    """Learn the misses of late, and the usual ones of the slot: the nearest step's, and the furthest one's."""
    if row == 0:
        of_late = min(miss * math.exp(weights[0, 0] * recent), MISS_MAX)
        fast[one] += FAST_RATE * (of_late - fast[one])
        shock[one] += SHOCK_RATE * (min(miss, SHOCK_MAX) - shock[one])
    if row == 0 or row == rows - 2:
        of_slot = min(miss * math.exp(weights[row, 1] * hour), MISS_MAX)
        for side in range(2):
            if row == side * (rows - 2):
                held = float(usual[side, one, slot])
                usual[side, one, slot] = max(held + USUAL_RATE * (of_slot - held), USUAL_LEAST)


def _begin_anew(one: int, seen: Float64s, fast: Float64s, shock: Float64s, usual: Float32s) -> None:
    """Forget how a series was missed: its unit is taken from what comes now, quickly and uncut."""
    fast[one], shock[one] = 1.0, 1.0
    for row in range(seen.shape[1]):
        seen[one, row] = min(seen[one, row], FEW - 2.0)
    for slot in range(usual.shape[2]):
        usual[0, one, slot] = 1.0
        usual[1, one, slot] = 1.0


def _weigh(
    scaled: float,
    recent: float,
    hour: float,
    one: int,
    row: int,
    table: Float64s,
    levels: Float64s,
    weights: Float64s,
    sizes: Float64s,
) -> None:
    """Step down the slope of the pinball loss of two levels, in the weights; a step is shorter the more was learnt."""
    low, high = table[one, row, LOWER], table[one, row, UPPER]
    pull = low * (levels[LOWER] - (1.0 if scaled <= low else 0.0))
    pull += high * (levels[UPPER] - (1.0 if scaled <= high else 0.0))
    pull = min(max(pull, -MISS_MAX), MISS_MAX)
    sizes[row, 0] += recent * recent
    sizes[row, 1] += hour * hour
    weights[row, 0] = min(max(weights[row, 0] + pull * recent / (sizes[row, 0] + PRIOR), 0.0), WEIGHT_MAX)
    weights[row, 1] = min(max(weights[row, 1] + pull * hour / (sizes[row, 1] + PRIOR), 0.0), WEIGHT_MAX)


def _spread(flat: float, base: float, rate: float, one: int, row: int, slow: Float64s, seen: Float64s) -> None:
    """Learn the mean absolute miss."""
    seen[one, row] += 1.0
    if seen[one, row] > FEW:
        flat = min(flat, MISS_MAX * base)
    slow[one, row] += max(rate, 1.0 / seen[one, row]) * (flat - slow[one, row])


def refresh(
    slow: Float64s, seen: Float64s, fast: Float64s, overlaps: Float64s, unit: Float64s, recent: Float64s
) -> None:
    """Write into `unit` (series, rows) the mean absolute misses, of a young series nearer to the pool's; 0 of none.

    And into `recent` (series,) the logarithm of the misses of late.
    """
    for one in range(slow.shape[0]):
        recent[one] = _recently(fast[one])
    for row in range(slow.shape[1]):
        total, count = 0.0, 0.0
        for one in range(slow.shape[0]):
            known = min(seen[one, row], TRUSTED)
            total += known * slow[one, row]
            count += known
        typical = total / count if count > 0.0 else 0.0
        for one in range(slow.shape[0]):
            own = seen[one, row]
            borrowed = BORROWED * overlaps[one, row]
            mixed = (own * slow[one, row] + borrowed * typical) / (own + borrowed)
            unit[one, row] = max(mixed, UNIT_MIN) if count > 0.0 else 0.0
