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
    """The arrays of `online_models.spread_scale`, held as C sees them.

    delays: (series, rows) periods before that it was said; overlaps: (series, rows); sides: (rows,) which of the usual
    misses count; slots: (slots of the week,) place of each among usual misses; rate: of the mean absolute miss
    levels: of the quantiles; slow, seen: (series, rows) mean absolute miss, and of how many
    fast, shock: (series,); fast_said: (series, longest delay); usual: (2, series, slots); weights, sizes: (rows, 2)
    unit, scaled: (series, rows); recent: (series,) the logarithm of the misses of late
    is_broken: (series,) whether all that was known of a series' misses is out of date
    """

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
        """Learn one period's misses `roots` (series, rows), and write them `scaled`; so many periods were learnt.

        table: (series, rows, levels) quantiles of `scaled`
        """
        slot, longest = self.slots[slot_of_week], self.fast_said.shape[1]
        for row in range(roots.shape[1]):
            self.sizes[row, 0] *= FORGET
            self.sizes[row, 1] *= FORGET
        for one in range(roots.shape[0]):
            for row in range(roots.shape[1]):
                self.scaled[one, row] = NOTHING
                if not math.isnan(roots[one, row]):
                    self.learn_miss(one, row, slot, roots[one, row], table, periods)
            self.is_broken[one] = self.shock[one] > BREAK
            if self.shock[one] > BREAK:
                self.begin_anew(one)
            self.fast_said[one, (periods - 1) % longest] = self.fast[one]
        self.refresh()

    def learn_miss(self, one: int, row: int, slot: int, root: float, table: Float64s, periods: int) -> None:
        """Learn one miss: what it says of misses of late, of the slot, of the weights and of the unit."""
        longest = self.fast_said.shape[1]
        recent = _recently(float(self.fast_said[one, (periods - 1 + longest - self.delays[one, row]) % longest]))
        hour = math.log(float(self.usual[self.sides[row], one, slot]))
        tilt = tilted(self.weights[row, 0], self.weights[row, 1], recent, hour)
        base = self.unit[one, row] if self.unit[one, row] > 0.0 else max(abs(root), UNIT_MIN)
        self.scaled[one, row] = root / (base * tilt)
        self.learn_usual(one, row, slot, abs(self.scaled[one, row]), recent, hour)
        self.weigh(one, row, self.scaled[one, row], recent, hour, table)
        self.spread(one, row, abs(root) / tilt, base)

    def learn_usual(self, one: int, row: int, slot: int, miss: float, recent: float, hour: float) -> None:
        """Learn the misses of late, and the usual ones of the slot: the nearest step's, and the furthest one's."""
        furthest = self.weights.shape[0] - 2
        if row == 0:
            of_late = min(miss * math.exp(self.weights[0, 0] * recent), MISS_MAX)
            self.fast[one] += FAST_RATE * (of_late - self.fast[one])
            self.shock[one] += SHOCK_RATE * (min(miss, SHOCK_MAX) - self.shock[one])
        for side in range(2):
            if row == side * furthest:
                of_slot = min(miss * math.exp(self.weights[row, 1] * hour), MISS_MAX)
                held = float(self.usual[side, one, slot])
                self.usual[side, one, slot] = max(held + USUAL_RATE * (of_slot - held), USUAL_LEAST)

    def begin_anew(self, one: int) -> None:
        """Forget how a series was missed: its unit is taken from what comes now, quickly and uncut."""
        self.fast[one], self.shock[one] = 1.0, 1.0
        for row in range(self.seen.shape[1]):
            self.seen[one, row] = min(self.seen[one, row], FEW - 2.0)
        for slot in range(self.usual.shape[2]):
            self.usual[0, one, slot] = 1.0
            self.usual[1, one, slot] = 1.0

    def weigh(self, one: int, row: int, scaled: float, recent: float, hour: float, table: Float64s) -> None:
        """Step down the slope of the pinball loss of two levels, in the weights; shorter the more was learnt."""
        low, high = table[one, row, LOWER], table[one, row, UPPER]
        pull = low * (self.levels[LOWER] - (1.0 if scaled <= low else 0.0))
        pull += high * (self.levels[UPPER] - (1.0 if scaled <= high else 0.0))
        pull = min(max(pull, -MISS_MAX), MISS_MAX)
        self.sizes[row, 0] += recent * recent
        self.sizes[row, 1] += hour * hour
        for which in range(2):
            step = pull * (recent if which == 0 else hour) / (self.sizes[row, which] + PRIOR)
            self.weights[row, which] = min(max(self.weights[row, which] + step, 0.0), WEIGHT_MAX)

    def spread(self, one: int, row: int, flat: float, base: float) -> None:
        """Learn the mean absolute miss."""
        self.seen[one, row] += 1.0
        if self.seen[one, row] > FEW:
            flat = min(flat, MISS_MAX * base)
        rate = max(self.rate / self.overlaps[one, row], 1.0 / self.seen[one, row])
        self.slow[one, row] += rate * (flat - self.slow[one, row])

    def refresh(self) -> None:
        """Write into `unit` the mean absolute misses, of a young series nearer to the pool's; 0 of none.

        And into `recent` the logarithm of the misses of late.
        """
        for one in range(self.slow.shape[0]):
            self.recent[one] = _recently(self.fast[one])
        for row in range(self.slow.shape[1]):
            total, count = 0.0, 0.0
            for one in range(self.slow.shape[0]):
                known = min(self.seen[one, row], TRUSTED)
                total += known * self.slow[one, row]
                count += known
            typical = total / count if count > 0.0 else 0.0
            for one in range(self.slow.shape[0]):
                own = self.seen[one, row]
                borrowed = BORROWED * self.overlaps[one, row]
                mixed = (own * self.slow[one, row] + borrowed * typical) / (own + borrowed)
                self.unit[one, row] = max(mixed, UNIT_MIN) if count > 0.0 else 0.0


def tilted(first: float, second: float, recent: float, hour: float) -> float:
    """Return how many times the unit a scale is, by weights and logarithms."""
    return math.exp(min(max(first * recent + second * hour, -TILT_MAX), TILT_MAX))


def _recently(fast: float) -> float:
    return math.log(RECENT_LEAST + fast) - math.log(RECENT_LEAST + 1.0)
