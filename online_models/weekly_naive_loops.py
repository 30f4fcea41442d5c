"""The numbers of last week's values and the bands around them; see `online_models.weekly_naive`."""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

LARGEST = 0  # value heard, units
COUNT = 1  # values learnt
ERROR = 2  # discounted mean absolute error of the next period, units
MISS = 3  # discounted mean absolute difference of the roots of what came and was said, of the next period
MISSES = 4  # of them
LEAD_MISS = 5  # the same of the lead's sum
LEAD_MISSES = 6
NUMBERS = 7
ROOTED = 3.0 / 8.0  # added before the root is taken
RATE = 0.02  # of the discounted means: about the last 50 periods
PRIOR = 5.0  # misses of a root of `PRIOR_MISS` that are taken to have been seen before: a wide guess
PRIOR_MISS = 1.5
MISS_TO_DEVIATION = 1.2533  # standard deviations of a normal variable in its mean absolute miss, sqrt(pi / 2)


def repeat(
    heard: Float64s,
    censored: NDArray[np.uint8],
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
            values[one] = float("nan")
            continue
        value = min(max(value, 0.0), largest)
        values[one] = value
        numbers[COUNT, one] += 1.0
        numbers[LARGEST, one] = max(numbers[LARGEST, one], value)
        before = last[one, slot]
        last[one, slot] = max(value, before) if censored[one] and before == before else value


def measure(said: Float64s, came: Float64s, numbers: Float64s) -> None:
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


def bands(
    paths: Float64s, leads: NDArray[np.intp], deviations: Float64s, times: float, numbers: Float64s, found: Float64s
) -> None:
    """Write quantiles, (series, periods + 1, levels) units, around `paths`; the last period stands for the lead's sum.

    deviations: (levels,) of a normal variable; times: the largest value, that no period may exceed
    """
    last = found.shape[1] - 1
    for one in range(paths.shape[0]):
        ceiling, total = times * numbers[LARGEST, one], 0.0
        for step in range(leads[one]):
            total += paths[one, step]
        for step in range(last):
            _band(paths[one, step], _spread(one, MISS, numbers), ceiling, deviations, found, one, step)
        _band(total, _spread(one, LEAD_MISS, numbers), ceiling * leads[one], deviations, found, one, last)


def _spread(one: int, row: int, numbers: Float64s) -> float:
    """Return the standard deviation of roots; of few misses a wide guess."""
    seen = min(numbers[row + 1, one], 1.0 / RATE)
    spread: float = MISS_TO_DEVIATION * (seen * numbers[row, one] + PRIOR * PRIOR_MISS) / (seen + PRIOR)
    known: float = MISS_TO_DEVIATION * numbers[row, one]
    return known if seen >= 1.0 / RATE else spread


def _band(
    centre: float, spread: float, ceiling: float, deviations: Float64s, found: Float64s, one: int, step: int
) -> None:
    for level in range(deviations.shape[0]):
        root = max(_root(centre) + deviations[level] * spread, 0.0)
        value = min(max(root * root - ROOTED, 0.0), ceiling)
        found[one, step, level] = value if centre == centre else centre
