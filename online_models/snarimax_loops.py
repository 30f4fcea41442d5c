"""The loops of `online_models.snarimax`: each series' regression on its own past, learnt and carried ahead.

Compiled where a C compiler is there (the `.pxd` beside this file); as Python they give the same bits.
"""

import math

import numpy as np

from online_models.base import Float64s, Places64

# rows of the running numbers of a series
DEMAND, NOISE, OWN, PLAIN, COUNT, LARGEST, MISS_1, MISS_2 = range(8)
# places in `rates`
FORGET, PROFILE, ERROR, RIDGE, BOUND, BEGUN, RATIO_MAX, LEAST_SHARE, CEILING, LEAST_SCALE = range(10)
# places in the features, after the lags; then how demand ran in each window, then the covariates
ONE, BASE, LAST_MISS, MISS_BEFORE, OTHERS = range(5)


class Arma:
    """The arrays of a pool's seasonal ARMA, held as C sees them.

    lags: (lags,) periods. rates: see the places above. windows: (windows,) rates, the slowest first
    profile: (series, slots) units, NaN never seen. ring: (series, places) what demand was off its profile, units
    numbers: (numbers, series). runs: (2 windows, series) smoothed profile and demand of each, units
    information: (series, features (features + 1) / 2) the lower half, row by row. moments, weights: (series, features)
    """

    def __init__(
        self,
        lags: Float64s,
        rates: Float64s,
        windows: Float64s,
        profile: Float64s,
        ring: Float64s,
        numbers: Float64s,
        runs: Float64s,
        information: Float64s,
        moments: Float64s,
        weights: Float64s,
    ) -> None:
        self.lags, self.rates, self.windows, self.profile, self.ring = lags, rates, windows, profile, ring
        self.numbers, self.runs = numbers, runs
        self.information, self.moments, self.weights = information, moments, weights
        count = weights.shape[1]
        self.features, self.factor = np.zeros(count), np.zeros((count, count))
        self.faded = np.zeros(windows.shape[0])

    def learn(self, values: Float64s, slot: int, periods: int, solves: int, known: Float64s) -> None:
        """Move everything on by one period, the one after `periods` others, of the place `slot` in the week.

        values: (series,) units; NaN is missing. known: (names,) covariates of the period before, in deviations
        """
        numbers, rates, features = self.numbers, self.rates, self.features
        for one in range(values.shape[0]):
            value, base, scale = values[one], _base(one, slot, self.profile, numbers), _scale(one, numbers, rates)
            _gather(features, one, periods, base, scale, self.lags, known, self.ring, numbers, self.runs, rates)
            off = 0.0
            for place in range(features.shape[0]):
                off += self.weights[one, place] * features[place]
            said = _within(off * scale, base, one, numbers, rates)
            off = said
            if not math.isnan(value):
                off = _believed(value - base, said, one, numbers, rates)
                if numbers[COUNT, one] > rates[BEGUN]:
                    _weigh(off / scale, one, self.lags.shape[0], rates, self.information, self.moments, features)
                _follow(base + off, min(value, base + off), one, slot, self.profile, numbers, rates)
                _run(base + off, base, one, self.windows, numbers, self.runs)
            numbers[MISS_2, one] = numbers[MISS_1, one]
            numbers[MISS_1, one] = off - said
            self.ring[one, periods % self.ring.shape[1]] = off
            if solves > 0 and numbers[COUNT, one] > rates[BEGUN]:
                _solve(one, rates[RIDGE], self.information, self.moments, self.weights, self.factor)

    def say(self, slots: Places64, periods: int, known: Float64s, path: Float64s) -> None:
        """Write the mean of the periods at `slots`, places in the week, into `path` (series, slots), of series begun.

        What is said of a period is a lag of the later ones; misses and covariates of now count for the next period
        alone; how demand ran in a short window fades to how it ran in the longest one.
        """
        at, count, numbers, rates = self.lags.shape[0], self.windows.shape[0], self.numbers, self.rates
        for one in range(path.shape[0]):
            if numbers[COUNT, one] < rates[BEGUN]:
                continue
            scale, demand = _scale(one, numbers, rates), max(numbers[DEMAND, one], 1e-9)
            longest = _ratio(0, one, self.runs, rates)
            for window in range(count):
                self.faded[window] = _ratio(window, one, self.runs, rates) - longest
            for step in range(slots.shape[0]):
                base = _base(one, slots[step], self.profile, numbers)
                off = scale * (self.weights[one, at + ONE] + self.weights[one, at + BASE] * base / demand)
                for window in range(count):
                    off += base * self.weights[one, at + OTHERS + window] * (longest + self.faded[window])
                    self.faded[window] *= 1.0 - self.windows[window]
                for place in range(at):
                    back = int(self.lags[place]) - step
                    off += self.weights[one, place] * _lagged(one, back, periods, self.ring, path, step)
                if step < 2:
                    off += _of_now(one, step, at, at + OTHERS + count, scale, known, numbers, self.weights)
                path[one, step] = _within(off, base, one, numbers, rates)  # off its profile, which later steps look at
            speaks = numbers[OWN, one] <= numbers[PLAIN, one]
            for step in range(slots.shape[0]):
                base = _base(one, slots[step], self.profile, numbers)
                path[one, step] = base + path[one, step] if speaks else base


def _of_now(
    one: int,
    step: int,
    at: int,
    first: int,
    scale: float,
    known: Float64s,
    numbers: Float64s,
    weights: Float64s,
) -> float:
    """Return what the last misses add to the next two periods, and the covariates to the next one, units."""
    if step == 1:
        miss: float = weights[one, at + MISS_BEFORE] * numbers[MISS_1, one]
        return miss
    off: float = weights[one, at + LAST_MISS] * numbers[MISS_1, one]
    off += weights[one, at + MISS_BEFORE] * numbers[MISS_2, one]
    for name in range(known.shape[0]):
        off += scale * weights[one, first + name] * known[name]
    return off


def _gather(
    features: Float64s,
    one: int,
    periods: int,
    base: float,
    scale: float,
    lags: Float64s,
    known: Float64s,
    ring: Float64s,
    numbers: Float64s,
    runs: Float64s,
    rates: Float64s,
) -> None:
    """Write the features of the next period, what is off the profile in usual misses."""
    at = lags.shape[0]
    for place in range(at):
        features[place] = _lagged(one, int(lags[place]), periods, ring, ring, 0) / scale
    features[at + ONE] = 1.0
    features[at + BASE] = base / max(numbers[DEMAND, one], 1e-9)
    features[at + LAST_MISS] = numbers[MISS_1, one] / scale
    features[at + MISS_BEFORE] = numbers[MISS_2, one] / scale
    at, count = at + OTHERS, runs.shape[0] // 2
    for window in range(count):
        features[at + window] = _ratio(window, one, runs, rates) * base / scale
    for name in range(known.shape[0]):
        features[at + count + name] = known[name]


def _lagged(one: int, back: int, periods: int, ring: Float64s, path: Float64s, step: int) -> float:
    """Return what demand was off its profile `back` periods before the next one, or will be as was said, units."""
    off = 0.0
    if back <= 0:
        off = path[one, -back] if -back < step else 0.0
    elif back <= periods:
        off = ring[one, (periods - back) % ring.shape[1]]
    return off


def _base(one: int, slot: int, profile: Float64s, numbers: Float64s) -> float:
    """Return the profile of a slot, units; the mean of all demand where the slot was never seen."""
    base: float = profile[one, slot]
    if math.isnan(base):
        base = numbers[DEMAND, one]
    return base


def _scale(one: int, numbers: Float64s, rates: Float64s) -> float:
    """Return the usual distance of demand from its profile, units, above 0."""
    scale: float = max(math.sqrt(numbers[PLAIN, one]), rates[LEAST_SCALE] * max(numbers[DEMAND, one], 1e-6))
    return scale


def _ratio(window: int, one: int, runs: Float64s, rates: Float64s) -> float:
    """Return by what share demand ran above its profile in a window."""
    if runs[2 * window, one] <= 0.0:
        return 0.0
    ratio: float = runs[2 * window + 1, one] / runs[2 * window, one]
    ratio = min(max(ratio, 1.0 / rates[RATIO_MAX]), rates[RATIO_MAX])
    return ratio - 1.0


def _within(off: float, base: float, one: int, numbers: Float64s, rates: Float64s) -> float:
    """Return how far demand may be off its profile: between none and a little above the largest that ever was."""
    room: float = max(rates[CEILING] * numbers[LARGEST, one] - base, 0.0)
    return min(max(off, -base), room)


def _weigh(
    off: float, one: int, at: int, rates: Float64s, information: Float64s, moments: Float64s, features: Float64s
) -> None:
    """Learn one example, in scales; a busy slot's misses are larger, and count for less."""
    keep = 1.0 - rates[FORGET]
    weight = 1.0 / max(features[at + BASE], rates[LEAST_SHARE])
    for row in range(features.shape[0]):
        pull = weight * features[row]
        moments[one, row] = keep * moments[one, row] + pull * off
        first = row * (row + 1) // 2
        for column in range(row + 1):
            information[one, first + column] = keep * information[one, first + column] + pull * features[column]


def _solve(
    one: int,
    ridge: float,
    information: Float64s,
    moments: Float64s,
    weights: Float64s,
    factor: Float64s,
) -> None:
    """Write the weights of least squares with `ridge` into `weights`: by Cholesky, which a ridge keeps from failing."""
    count = factor.shape[0]
    for row in range(count):
        for column in range(row + 1):
            total = information[one, row * (row + 1) // 2 + column]
            for before in range(column):
                total -= factor[row, before] * factor[column, before]
            if row == column:
                factor[row, row] = math.sqrt(max(total + ridge, 1e-3 * ridge))
            else:
                factor[row, column] = total / factor[column, column]
    for row in range(count):
        total = moments[one, row]
        for before in range(row):
            total -= factor[row, before] * weights[one, before]
        weights[one, row] = total / factor[row, row]
    for back in range(count):
        row = count - 1 - back
        total = weights[one, row]
        for after in range(row + 1, count):
            total -= factor[after, row] * weights[one, after]
        weights[one, row] = total / factor[row, row]


def _believed(off: float, said: float, one: int, numbers: Float64s, rates: Float64s) -> float:
    """Return what is learnt of what came, at most some usual misses beyond what was said, and keep the errors."""
    count, bound = numbers[COUNT, one], rates[BOUND] * numbers[NOISE, one]
    if count > rates[BEGUN]:
        off = min(max(off, min(said, 0.0) - bound), max(said, 0.0) + bound)
    rate = max(rates[ERROR], 1.0 / (count + 1.0))
    own, plain = abs(off - said), abs(off)
    numbers[NOISE, one] += rate * (min(own, plain) - numbers[NOISE, one])
    numbers[OWN, one] += rate * (own * own - numbers[OWN, one])
    numbers[PLAIN, one] += rate * (plain * plain - numbers[PLAIN, one])
    return off


def _follow(
    value: float,
    least: float,
    one: int,
    slot: int,
    profile: Float64s,
    numbers: Float64s,
    rates: Float64s,
) -> None:
    """Move the profile of the slot and the running numbers of demand."""
    count = numbers[COUNT, one]
    numbers[COUNT, one] = count + 1.0
    numbers[LARGEST, one] = max(numbers[LARGEST, one], least)
    rate = max(1.0 / profile.shape[1], 1.0 / (count + 1.0))
    numbers[DEMAND, one] += rate * (abs(value) - numbers[DEMAND, one])
    if math.isnan(profile[one, slot]):
        profile[one, slot] = value
    else:
        rate = max(rates[PROFILE], 1.0 / (count / profile.shape[1] + 1.0))
        profile[one, slot] += rate * (value - profile[one, slot])


def _run(value: float, base: float, one: int, windows: Float64s, numbers: Float64s, runs: Float64s) -> None:
    """Move how demand and its profile ran of late, in each window."""
    for window in range(windows.shape[0]):
        rate = max(windows[window], 1.0 / numbers[COUNT, one])
        runs[2 * window, one] += rate * (base - runs[2 * window, one])
        runs[2 * window + 1, one] += rate * (value - runs[2 * window + 1, one])
