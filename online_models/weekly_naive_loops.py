"""The numbers of last week's values and the bands around them; see `online_models.weekly_naive`."""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s, Places64
from online_models.waiting_loops import Waits
from online_models.weekly_naive_layout import CLOSED, COUNT, ERROR, LARGEST, LEAD_MISS, MISS, MISSES

Bytes = NDArray[np.uint8]
NAN = float("nan")
ROOTED = 3.0 / 8.0  # added before the root is taken
RATE = 0.02  # of the discounted means: about the last 50 periods
PRIOR = 5.0  # misses of a root of `PRIOR_MISS` that are taken to have been seen before: a wide guess
PRIOR_MISS = 1.5
MISS_TO_DEVIATION = 1.2533  # standard deviations of a normal variable in its mean absolute miss, sqrt(pi / 2)


class Weeks:
    """The arrays of a pool, held as C sees them.

    last: (series, slots) the last value of each slot, units, NaN never seen, CLOSED never open
    numbers: (numbers, series)
    leads: (series,) periods; deviations: (levels,) of a normal variable; times: the largest value, that no period may
    exceed; least: slots seen, before anything is said
    """

    def __init__(
        self,
        waits: Waits,
        last: Float64s,
        numbers: Float64s,
        leads: Places64,
        deviations: Float64s,
        times: float,
        least: float,
    ) -> None:
        self.waits, self.last, self.numbers, self.leads = waits, last, numbers, leads
        self.deviations, self.times, self.least = deviations, times, least
        self.values = np.zeros(last.shape[0])

    def learn(self, heard: Float64s, censored: Bytes, is_closed: int, slot: int, largest: float, periods: int) -> None:
        """Learn what was heard of one period, (series,) units, after so many; 1 of what was censored."""
        _repeat(heard, censored, is_closed, slot, largest, self.last, self.numbers, self.values)
        self.waits.meet(self.values, censored, is_closed, periods)
        _measure(self.waits.said, self.waits.came, self.numbers)

    def path(self, slots: Places64, path: Float64s) -> None:
        """Write last week's values at `slots` into `path` (series, slots); NaN of a series that has seen too little."""
        for one in range(path.shape[0]):
            self.follow(one, slots, self.times * self.numbers[LARGEST, one], path)

    def follow(self, one: int, slots: Places64, ceiling: float, path: Float64s) -> None:
        """Write the path of one series; a slot that was never seen, or never open, is as the mean of the others."""
        total, count, closed = 0.0, 0.0, 0.0
        for slot in range(self.last.shape[1]):
            if self.last[one, slot] >= 0.0:
                total += self.last[one, slot]
                count += 1.0
            elif self.last[one, slot] == CLOSED:
                closed += 1.0
        is_known = count >= 1.0 and count + closed >= self.least
        for step in range(slots.shape[0]):
            value = self.last[one, slots[step]] if is_known else NAN
            if is_known and not value >= 0.0:
                value = total / count
            path[one, step] = min(value, ceiling) if value == value else NAN

    def bands(self, paths: Float64s, found: Float64s) -> None:
        """Write quantiles, (series, periods + 1, levels) units, around `paths`; the last are of the lead's sum."""
        last = found.shape[1] - 1
        for one in range(paths.shape[0]):
            ceiling, total = self.times * self.numbers[LARGEST, one], 0.0
            for step in range(self.leads[one]):
                total += paths[one, step]
            spread = _spread(one, MISS, self.numbers)
            for step in range(last):
                _band(paths[one, step], spread, ceiling, self.deviations, found[one, step])
            spread = _spread(one, LEAD_MISS, self.numbers)
            _band(total, spread, ceiling * self.leads[one], self.deviations, found[one, last])

    def next_bands(self, paths: Float64s, found: Float64s) -> None:
        """Write the quantiles of the next period alone, (series, levels) units."""
        for one in range(paths.shape[0]):
            ceiling = self.times * self.numbers[LARGEST, one]
            _band(paths[one, 0], _spread(one, MISS, self.numbers), ceiling, self.deviations, found[one])


def _repeat(
    heard: Float64s,
    censored: Bytes,
    is_closed: int,
    slot: int,
    largest: float,
    last: Float64s,
    numbers: Float64s,
    values: Float64s,
) -> None:
    """Keep what was heard of one period, (series,) units, and write what of it is a number into `values`.

    Where stock ran out demand was no less than last week's, as far as anybody knows.
    """
    for one in range(heard.shape[0]):
        value = heard[one]
        if value - value != 0.0:  # missing, or no finite number
            values[one] = NAN
            if is_closed and last[one, slot] != last[one, slot]:
                last[one, slot] = CLOSED
            continue
        value = min(max(value, 0.0), largest)
        values[one] = value
        numbers[COUNT, one] += 1.0
        numbers[LARGEST, one] = max(numbers[LARGEST, one], value)
        before = last[one, slot]
        last[one, slot] = max(value, before) if censored[one] and before == before else value


def _measure(said: Float64s, came: Float64s, numbers: Float64s) -> None:
    """Learn by how much what came missed what had been said, (series, 2) units: of a period, and of the lead's sum."""
    for one in range(said.shape[0]):
        if came[one, 0] == came[one, 0]:
            _learn(one, MISS, abs(_root(came[one, 0]) - _root(said[one, 0])), numbers)
            rate = max(RATE, 1.0 / numbers[MISSES, one])
            numbers[ERROR, one] += rate * (abs(came[one, 0] - said[one, 0]) - numbers[ERROR, one])
        if came[one, 1] == came[one, 1]:
            _learn(one, LEAD_MISS, abs(_root(came[one, 1]) - _root(said[one, 1])), numbers)


def _learn(one: int, row: int, miss: float, numbers: Float64s) -> None:
    numbers[row + 1, one] += 1.0
    numbers[row, one] += max(RATE, 1.0 / numbers[row + 1, one]) * (miss - numbers[row, one])


def _root(value: float) -> float:
    root: float = (max(value, 0.0) + ROOTED) ** 0.5
    return root


def _spread(one: int, row: int, numbers: Float64s) -> float:
    """Return the standard deviation of roots; of few misses a wide guess."""
    seen = min(numbers[row + 1, one], 1.0 / RATE)
    spread: float = MISS_TO_DEVIATION * (seen * numbers[row, one] + PRIOR * PRIOR_MISS) / (seen + PRIOR)
    known: float = MISS_TO_DEVIATION * numbers[row, one]
    return known if seen >= 1.0 / RATE else spread


def _band(centre: float, spread: float, ceiling: float, deviations: Float64s, found: Float64s) -> None:
    root = _root(centre)
    for level in range(deviations.shape[0]):
        edge = max(root + deviations[level] * spread, 0.0)
        value = min(max(edge * edge - ROOTED, 0.0), ceiling)
        found[level] = value if centre == centre else centre
