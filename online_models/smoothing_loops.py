"""The loops of `online_models.pool_smoothing` and `online_models.pool_naive`: weekly profiles of a pool's series.

Compiled where a C compiler is there (the `.pxd` beside this file); as Python they give the same bits.
"""

import math

from online_models.base import Float64s, Places64

# rows of the running numbers of a series
COUNT, DEMAND, EXPECTED, SCALE, SURPRISES, RUN = range(6)
# places in `rates`
LEVEL, SEEN_MAX, RATIO_MAX, SCALE_RATE, BELIEVED_MAX, IN_A_ROW_MAX, BEGUN = range(7)


def follow(
    values: Float64s, slot: int, per_day: int, rates: Float64s, profile: Float64s, seen: Float64s, numbers: Float64s
) -> None:
    """Move everything on by one period of the place `slot` in the week.

    values: (series,) units; NaN is missing, and changes nothing
    profile: (series, slots) units, NaN never seen. seen: (series, slots) values of each. numbers: (numbers, series)
    """
    for one in range(values.shape[0]):
        if math.isnan(values[one]):
            continue
        base = _base(one, slot, profile, numbers) * _ratio(one, rates, numbers)
        believed = base + _believed(values[one] - base, one, rates, numbers)
        _learn(believed, one, slot, per_day, rates, profile, seen, numbers)


def smoothed(slots: Places64, rates: Float64s, profile: Float64s, numbers: Float64s, path: Float64s) -> None:
    """Write level times profile of the periods at `slots`, places in the week, into `path`, of series begun."""
    for one in range(path.shape[0]):
        if numbers[COUNT, one] < rates[BEGUN]:
            continue
        ratio = _ratio(one, rates, numbers)
        for step in range(slots.shape[0]):
            path[one, step] = ratio * _base(one, slots[step], profile, numbers)


def repeated(slots: Places64, least: float, last: Float64s, path: Float64s) -> None:
    """Write last week's values at `slots` into `path`, of series with `least` slots seen; the mean where one is not.

    last: (series, slots) units; NaN is never seen, below 0 never open
    """
    for one in range(path.shape[0]):
        total, count, closed = 0.0, 0.0, 0.0
        for slot in range(last.shape[1]):
            if last[one, slot] >= 0.0:
                total += last[one, slot]
                count += 1.0
            elif not math.isnan(last[one, slot]):
                closed += 1.0
        if count < 1.0 or count + closed < least:
            continue
        for step in range(slots.shape[0]):
            value = last[one, slots[step]]
            path[one, step] = value if value >= 0.0 else total / count


def _base(one: int, slot: int, profile: Float64s, numbers: Float64s) -> float:
    base: float = profile[one, slot]
    if math.isnan(base):
        base = numbers[DEMAND, one]
    return base


def _ratio(one: int, rates: Float64s, numbers: Float64s) -> float:
    """Return how many times its profile demand runs at now."""
    if numbers[EXPECTED, one] <= 0.0:
        return 1.0
    ratio: float = min(max(numbers[DEMAND, one] / numbers[EXPECTED, one], 1.0 / rates[RATIO_MAX]), rates[RATIO_MAX])
    return ratio


def _believed(miss: float, one: int, rates: Float64s, numbers: Float64s) -> float:
    """Return what of a miss may be learnt, as `online_models.surprise.Surprise.believed`, and remember it."""
    known, limit = miss, rates[BELIEVED_MAX] * numbers[SCALE, one]
    if numbers[SURPRISES, one] > 0.0 and abs(miss) > limit:
        side = 1.0 if miss > 0.0 else -1.0
        run = numbers[RUN, one]
        run = run + side if run * side > 0.0 else side
        if abs(run) > rates[IN_A_ROW_MAX]:
            run = side * rates[IN_A_ROW_MAX]
        else:
            known = side * limit
        numbers[RUN, one] = run
    elif numbers[SURPRISES, one] > 0.0:
        numbers[RUN, one] = 0.0
    numbers[SURPRISES, one] += 1.0
    rate = max(rates[SCALE_RATE], 1.0 / numbers[SURPRISES, one])
    numbers[SCALE, one] += rate * (abs(known) - numbers[SCALE, one])
    return known


def _learn(
    value: float,
    one: int,
    slot: int,
    per_day: int,
    rates: Float64s,
    profile: Float64s,
    seen: Float64s,
    numbers: Float64s,
) -> None:
    """Learn the demand of one period, as `online_models.season.Season.learn`."""
    rate = max(rates[LEVEL], 1.0 / (numbers[COUNT, one] + 1.0))
    expected = value if math.isnan(profile[one, slot]) else profile[one, slot]
    numbers[DEMAND, one] += rate * (value - numbers[DEMAND, one])
    numbers[EXPECTED, one] += rate * (expected - numbers[EXPECTED, one])
    numbers[COUNT, one] += 1.0
    seen[one, slot] = min(seen[one, slot] + 1.0, rates[SEEN_MAX])
    move = (value - expected) / seen[one, slot]
    profile[one, slot] = expected + move
    numbers[EXPECTED, one] += move / profile.shape[1]
    if seen[one, slot] > 1.0 or per_day == 1:
        return
    for other in range(slot % per_day, profile.shape[1], per_day):
        if seen[one, other] == 0.0:
            profile[one, other] = value
