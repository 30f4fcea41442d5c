"""A pool's values in, its levels, profiles and linear corrections moved on, and paths out; see `pool_river`.

Number for number what `online_models.river_linear` does of one series at a time.
"""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.level_loops import Levels
from online_models.linear_loops import Linears
from online_models.river_layout import BASE, COLUMNS, LAGS, LEVEL, NOTHING, OBSERVED, PERIODS, PROFILE
from online_models.river_linear import COVARIATES_MAX

Float32s = NDArray[np.float32]
Places64 = NDArray[np.intp]

NAN = float("nan")


class Rivers:
    """The arrays of a pool.

    misses: (series, slots) ring of demand less base, units; numbers: (series, NUMBERS)
    places: (series, features) column of each feature in what is learnt, NOTHING of one never seen
    lags: (lags,) periods; observed: (series, COVARIATES_MAX) the last period's covariates; which: the features they are
    """

    def __init__(
        self,
        levels: Levels,
        linears: Linears,
        misses: Float32s,
        numbers: Places64,
        places: Places64,
        lags: Places64,
        observed: Float64s,
        which: Places64,
    ) -> None:
        self.levels, self.linears, self.misses, self.numbers = levels, linears, misses, numbers
        self.places, self.lags, self.observed, self.which = places, lags, observed, which
        self.per_deviation = np.zeros(LAGS + len(lags))  # of one series' features
        self.is_known = np.zeros(places.shape[1], np.uint8)

    def learn(self, values: Float64s, slot: int, given: Places64, told: Float64s) -> None:
        """Learn a period: values (series,) units; NaN is missing, and stands in the lags as it was forecast.

        given, told: (covariates,) which features they are, and their values
        """
        for one in range(values.shape[0]):
            self.take(one, slot, values[one])
            self.observe(one, given, told)

    def path(self, slots: Places64, path: Float64s) -> None:
        """Write the means of the next periods at `slots` into `path` (series, slots); NaN in the first days."""
        for one in range(path.shape[0]):
            self.follow(one, slots, path)

    def take(self, one: int, slot: int, value: float) -> None:
        """Learn the value of one series."""
        profile = self.levels.at(one, slot)
        base = profile * self.levels.ratio(one)
        known = value
        if value == value:
            self.correct(one, slot, value, profile, base)
        else:
            known = self.foretold(one, slot)
        place = self.numbers[one, PERIODS] % self.misses.shape[1]
        self.misses[one, place] = known - base if known == known else 0.0
        self.numbers[one, PERIODS] += 1

    def correct(self, one: int, slot: int, value: float, profile: float, base: float) -> None:
        """Learn what the base missed, as far as it is believed."""
        scale, count = self.levels.unit(one), 0
        if self.levels.is_ready(one):
            count = self.gather(one, profile, base, scale)
        miss = self.levels.believed(one, value - base)
        if count > 0:
            self.linears.learn(one, count, miss / scale)
        self.levels.learn(one, slot, base + miss)

    def gather(self, one: int, profile: float, base: float, scale: float) -> int:
        """Put the features that are known now, and return how many they are."""
        self.put(one, 0, BASE, base / scale)
        self.put(one, 1, PROFILE, profile / scale)
        self.put(one, 2, LEVEL, self.levels.demand(one) / scale)
        count = 3
        for place in range(self.lags.shape[0]):
            if self.lags[place] <= self.numbers[one, PERIODS]:
                self.put(one, count, LAGS + place, self.before(one, self.lags[place]) / scale)
                count += 1
        for place in range(self.numbers[one, OBSERVED]):
            self.put(one, count, self.which[one, place], self.observed[one, place])
            count += 1
        return count

    def put(self, one: int, at: int, feature: int, value: float) -> None:
        """Put a feature's value; one that is new takes the next column."""
        if self.places[one, feature] < 0:
            self.places[one, feature] = self.numbers[one, COLUMNS]
            self.numbers[one, COLUMNS] += 1
        self.linears.put(at, self.places[one, feature], value)

    def observe(self, one: int, given: Places64, told: Float64s) -> None:
        """Keep the covariates of a period until the next one; names beyond the limit are left out."""
        known, count = 0, 0
        for feature in range(LAGS + self.lags.shape[0], self.places.shape[1]):
            self.is_known[feature] = self.places[one, feature] >= 0
            known += self.is_known[feature]
        for place in range(given.shape[0]):
            feature = given[place]
            if self.is_known[feature] == 0 and known < COVARIATES_MAX:
                self.is_known[feature] = 1
                known += 1
            if self.is_known[feature] == 1 and told[place] - told[place] == 0.0:  # finite
                self.which[one, count] = feature
                self.observed[one, count] = told[place]
                count += 1
        self.numbers[one, OBSERVED] = count if given.shape[0] > 0 else NOTHING

    def foretold(self, one: int, slot: int) -> float:
        """Return the mean of the very next period, NaN in the first days."""
        if not self.levels.is_ready(one):
            return NAN
        scale = self.levels.unit(one)
        self.measure(one)
        base = self.levels.at(one, slot) * self.levels.ratio(one)
        miss = self.without_lags(one, 0, scale, self.levels.at(one, slot), base)
        for place in range(self.lags.shape[0]):
            miss += self.added(one, LAGS + place, self.before(one, self.lags[place]) / scale)
        return base + scale * miss

    def follow(self, one: int, slots: Places64, path: Float64s) -> None:
        """Write the path of one series: what is forecast for one period is a lag of the later ones.

        What is missed, in scales, stands in `path` until all of it is known.
        """
        if not self.levels.is_ready(one):
            path[one, :] = NAN
            return
        scale, ratio = self.levels.unit(one), self.levels.ratio(one)
        self.measure(one)
        for step in range(path.shape[1]):
            profile = self.levels.at(one, slots[step])
            miss = self.without_lags(one, step, scale, profile, profile * ratio)
            for place in range(self.lags.shape[0]):
                lag = self.lags[place]
                before = path[one, step - lag] if step >= lag else self.before(one, lag - step) / scale
                miss += self.added(one, LAGS + place, before)
            path[one, step] = miss
        for step in range(path.shape[1]):
            path[one, step] = self.levels.at(one, slots[step]) * ratio + scale * path[one, step]

    def without_lags(self, one: int, step: int, scale: float, profile: float, base: float) -> float:
        """Return what all but the lags add, scales; covariates are known of the next period only, then masked."""
        miss = self.linears.intercepts[one] + self.added(one, LEVEL, self.levels.demand(one) / scale)
        total, observed = 0.0, self.numbers[one, OBSERVED] if step == 0 else 0
        for place in range(observed):
            column = self.places[one, self.which[one, place]]
            value = self.observed[one, place]
            total += self.linears.added(one, column, self.linears.per_deviation(one, column), value)
        miss = miss + total if observed > 0 else miss
        miss += self.added(one, BASE, base / scale)
        found: float = miss + self.added(one, PROFILE, profile / scale)
        return found

    def measure(self, one: int) -> None:
        """Look up 1 / standard deviation of each feature that is no covariate."""
        for feature in range(self.per_deviation.shape[0]):
            self.per_deviation[feature] = self.linears.per_deviation(one, self.places[one, feature])

    def added(self, one: int, feature: int, value: float) -> float:
        """Return what a feature of this value adds to a prediction, scales."""
        return self.linears.added(one, self.places[one, feature], self.per_deviation[feature], value)

    def before(self, one: int, lag: int) -> float:
        """Return by how much demand was off its base so many periods ago, units; 0 before the first."""
        place = (self.numbers[one, PERIODS] + self.misses.shape[1] - lag) % self.misses.shape[1]
        return float(self.misses[one, place])
