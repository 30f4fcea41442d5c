"""Days of this year and of the last, and what they say of the days to come; see `online_models.yearly`.

days: (2, series, days of the year) mean demand, units: when the day was last seen, and the time before; NaN is never
"""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s, Places64

Float32s = NDArray[np.float32]
MONTH = 28  # days up to now
FORTNIGHT = 7  # days on either side of the target's


def hear(values: Float64s, opened: Float64s) -> None:
    """Add a period's values, (series,) units, to the sums and counts of the open day, (2, series)."""
    for one in range(values.shape[0]):
        if values[one] == values[one]:  # else it is missing
            opened[0, one] += values[one]
            opened[1, one] += 1.0


def close_day(day: int, opened: Float64s, days: Float32s) -> None:
    """Keep the open day's means and open the next."""
    for one in range(opened.shape[1]):
        days[1, one, day] = days[0, one, day]
        days[0, one, day] = opened[0, one] / opened[1, one] if opened[1, one] > 0.0 else float("nan")
        opened[0, one] = 0.0
        opened[1, one] = 0.0


def move(targets: Places64, today: int, days: Float32s, limits: Float64s, path: Float64s) -> None:
    """Multiply `path` (series, steps) by how last year went on from here; NaN where last year is not known.

    targets: (steps,) days of the year; limits: the largest ratio, and days that have to be known
    """
    for one in range(path.shape[0]):
        here = _mean(one, today, today, MONTH - 1, 0, days, limits[1])
        before, there = -1, here
        for step in range(path.shape[1]):
            target = targets[step]
            if target != before:
                there = _mean(one, target, today, FORTNIGHT, FORTNIGHT, days, limits[1])
                before = target
            path[one, step] *= _ratio(here, there, limits[0])


def _mean(one: int, day: int, today: int, back: int, on: int, days: Float32s, least: float) -> float:
    """Return last year's mean from `back` days before the day of the year to `on` days after; NaN of too few."""
    length, total, known = days.shape[2], 0.0, 0.0
    for step in range(back + on + 1):
        place = (day + length - back + step) % length
        is_past = (today + length - place) % length < length // 2  # seen this year: the time before is last year's
        value = float(days[1 if is_past else 0, one, place])
        if value == value:
            total += value
            known += 1.0
    return total / known if known >= least else float("nan")


def _ratio(here: float, there: float, largest: float) -> float:
    if here != here or there != there:
        return float("nan")
    if here <= 0.0:
        return 1.0
    ratio: float = min(max(there / here, 1.0 / largest), largest)
    return ratio
