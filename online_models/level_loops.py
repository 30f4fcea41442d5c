"""Levels times weekly profiles of a pool's series in, moved on by a value out: `season.Season` of each, to the bit.

With them goes what of a miss may be believed, as `surprise.Surprise` says.
"""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.river_layout import COUNT, DEMAND, EXPECTED, RUN, SCALE, SURPRISES
from online_models.season import LEVEL_RATIO_MAX, SEEN_MAX
from online_models.surprise import BELIEVED_MAX, IN_A_ROW_MAX, SCALE_RATE

UNIT_SHARE, UNIT_MIN = 0.02, 1e-3  # of demand, and units: a smaller unit would blow the features of a quiet series up


class Levels:
    """The arrays of a pool, moved series by series.

    profile: (series, slots) units per period, NaN never seen; seen: (series, slots) values of each
    numbers: (series, LEVEL_NUMBERS), see `river_layout`; rate: of the level
    begun: values learnt before something is said
    """

    def __init__(
        self, profile: NDArray[np.float32], seen: NDArray[np.uint8], numbers: Float64s, rate: float, begun: float
    ) -> None:
        self.profile, self.seen, self.numbers = profile, seen, numbers
        self.per_day = max(profile.shape[1] // 7, 1)
        self.rate, self.begun = rate, begun

    def demand(self, one: int) -> float:
        """Return the smoothed demand, units per period."""
        demand: float = self.numbers[one, DEMAND]
        return demand

    def is_ready(self, one: int) -> bool:
        """Return whether enough was learnt to say something."""
        return bool(self.numbers[one, COUNT] >= self.begun)

    def at(self, one: int, slot: int) -> float:
        """Return the profile of a slot, units; the smoothed demand where it was never seen."""
        found = float(self.profile[one, slot])
        return found if found == found else self.demand(one)

    def ratio(self, one: int) -> float:
        """Return how many times its profile demand runs at now."""
        if self.numbers[one, EXPECTED] <= 0.0:
            return 1.0
        ratio: float = self.numbers[one, DEMAND] / self.numbers[one, EXPECTED]
        return min(max(ratio, 1.0 / LEVEL_RATIO_MAX), LEVEL_RATIO_MAX)

    def unit(self, one: int) -> float:
        """Return the running scale of misses, units."""
        return max(float(self.numbers[one, SCALE]), UNIT_SHARE * self.demand(one), UNIT_MIN)

    def believed(self, one: int, miss: float) -> float:
        """Return what of a miss may be learnt, and remember it."""
        known, limit = miss, BELIEVED_MAX * self.numbers[one, SCALE]
        if self.numbers[one, SURPRISES] > 0.0:
            run = 0.0
            if abs(miss) > limit:
                side = 1.0 if miss > 0.0 else -1.0
                run = self.numbers[one, RUN]
                run = run + side if run * side > 0.0 else side
                known = miss if abs(run) > IN_A_ROW_MAX else side * limit
                run = side * min(abs(run), IN_A_ROW_MAX)
            self.numbers[one, RUN] = run
        self.numbers[one, SURPRISES] += 1.0
        rate = max(SCALE_RATE, 1.0 / self.numbers[one, SURPRISES])
        self.numbers[one, SCALE] += rate * (abs(known) - self.numbers[one, SCALE])
        return known

    def learn(self, one: int, slot: int, value: float) -> None:
        """Learn the demand of one period, units."""
        expected = float(self.profile[one, slot])
        if expected != expected:
            expected = value
        rate = max(self.rate, 1.0 / (self.numbers[one, COUNT] + 1.0))
        self.numbers[one, DEMAND] += rate * (value - self.numbers[one, DEMAND])
        self.numbers[one, EXPECTED] += rate * (expected - self.numbers[one, EXPECTED])
        self.numbers[one, COUNT] += 1.0
        seen = min(int(self.seen[one, slot]) + 1, SEEN_MAX)
        self.seen[one, slot] = seen
        step = (value - expected) / seen
        self.profile[one, slot] = expected + step
        self.numbers[one, EXPECTED] += step / self.profile.shape[1]
        if seen == 1 and self.per_day > 1:
            self.lend(one, slot, value)

    def lend(self, one: int, slot: int, value: float) -> None:
        """Let the same hour of days never seen start from this one."""
        for other in range(slot % self.per_day, self.profile.shape[1], self.per_day):
            if self.seen[one, other] == 0:
                self.profile[one, other] = value
