"""The loops of `online_models.holt_winters`: level, trend and season of a pool's series, a period at a time.

Compiled where a C compiler is there (the `.pxd` beside this file); as Python they give the same bits.
"""

import math

from online_models.base import Float64s, Places64

# rows of the running numbers of a series, and places in `rates`
STARTED, PERIODS, LEARNT = range(3)
GAMMA, MISS_MAX, DAMPED, ERROR = range(4)


def learn(
    values: Float64s,
    slot: int,
    grid: Float64s,
    rates: Float64s,
    season: Float64s,
    level: Float64s,
    trend: Float64s,
    error: Float64s,
    numbers: Float64s,
) -> None:
    """Move everything on by one period of the place `slot` in the week.

    values: (series,) units; NaN is missing. grid: (candidates, 2) smoothing of level and trend
    season: (slots, series) units: values in a series' first week, then what they are off the level
    level, trend, error: (candidates, series); numbers: (numbers, series)
    """
    for one in range(values.shape[0]):
        value = values[one]
        given = not math.isnan(value)
        if numbers[STARTED, one] > 0.0:
            _step(value, one, slot, grid, rates, season, level, trend, error, numbers)
        elif given:
            season[slot, one] = value
        if given or numbers[PERIODS, one] > 0.0:
            numbers[PERIODS, one] += 1.0
        if numbers[STARTED, one] == 0.0 and numbers[PERIODS, one] >= season.shape[0]:
            _start(one, season, level, numbers)


def say(
    slots: Places64,
    rates: Float64s,
    season: Float64s,
    level: Float64s,
    trend: Float64s,
    error: Float64s,
    numbers: Float64s,
    path: Float64s,
) -> None:
    """Write the mean of the periods at `slots`, places in the week, into `path` (series, slots), of series begun."""
    for one in range(path.shape[0]):
        if numbers[STARTED, one] == 0.0:
            continue
        best, share, damped = _best(one, error), 1.0, 0.0
        for step in range(slots.shape[0]):
            share *= rates[DAMPED]
            damped += share
            path[one, step] = level[best, one] + damped * trend[best, one] + season[slots[step], one]


def _step(
    value: float,
    one: int,
    slot: int,
    grid: Float64s,
    rates: Float64s,
    season: Float64s,
    level: Float64s,
    trend: Float64s,
    error: Float64s,
    numbers: Float64s,
) -> None:
    """Learn a value; where there is none, time goes on: the trend moves the level."""
    given, off = not math.isnan(value), season[slot, one]
    bound, rate = rates[MISS_MAX] * math.sqrt(error[_best(one, error), one]), 0.0
    if given:
        numbers[LEARNT, one] += 1.0
        rate = max(rates[ERROR], 1.0 / numbers[LEARNT, one])
    for row in range(grid.shape[0]):
        ahead = level[row, one] + rates[DAMPED] * trend[row, one]
        missed = value - off - ahead if given else 0.0
        error[row, one] += rate * (missed * missed - error[row, one])
        level[row, one] = ahead + grid[row, 0] * missed
        trend[row, one] = rates[DAMPED] * trend[row, one] + grid[row, 0] * grid[row, 1] * missed
    if given:
        best = _best(one, error)
        left = value - off - level[best, one]
        season[slot, one] = off + rates[GAMMA] * min(max(left, -bound), bound)


def _best(one: int, error: Float64s) -> int:
    best = 0
    for row in range(1, error.shape[0]):
        if error[row, one] < error[best, one]:
            best = row
    return best


def _start(one: int, season: Float64s, level: Float64s, numbers: Float64s) -> None:
    """Begin once a whole week has gone by: its mean is the level, what is left the season."""
    total, count = 0.0, 0.0
    for slot in range(season.shape[0]):
        if not math.isnan(season[slot, one]):
            total += season[slot, one]
            count += 1.0
    mean = total / max(count, 1.0)
    for slot in range(season.shape[0]):
        season[slot, one] = 0.0 if math.isnan(season[slot, one]) else season[slot, one] - mean
    for row in range(level.shape[0]):
        level[row, one] = mean
    numbers[STARTED, one] = 1.0
