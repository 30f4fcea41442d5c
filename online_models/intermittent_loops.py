"""The loops of `online_models.intermittent`: how often and how much a pool's series sell, a period at a time.

Compiled where a C compiler is there (the `.pxd` beside this file); as Python they give the same bits.
"""

import math

from online_models.base import Float64s, Places64


def learn(
    values: Float64s,
    slot: int,
    week: Float64s,
    factors: Float64s,
    sizes: Float64s,
    chances: Float64s,
    gaps: Float64s,
    errors: Float64s,
    counts: Float64s,
    rates: Float64s,
    limits: Float64s,
) -> None:
    """Move everything on by one period of the place `slot` in the week.

    values: (series,) units; NaN is missing
    week: (5, slots) sales, sales expected, sizes in usual sizes, their number, each discounted; sales expected since
    the last sale. factors: (2, slots), of `weigh`
    sizes: (alphas, series) units; chances: (betas, series); gaps: (2, series) mean interval, open periods since a sale
    errors: (candidates, series) squared units; counts: (2, series) periods and sales learnt
    rates: alphas, betas, Croston's rate; limits: rates of errors and week, prior sales, largest factor, periods until
    something is said, sales missed until a slot is taken for closed
    """
    often, much, quickest = factors[0, slot], factors[1, slot], chances.shape[0] - 1
    keep = 1.0 - limits[1]
    for row in range(4):
        week[row, slot] *= keep
    for one in range(values.shape[0]):
        value = values[one]
        if math.isnan(value):
            continue
        if counts[0, one] > 0.0:
            week[1, slot] += chances[0, one]
            week[4, slot] += chances[quickest, one]
            _judge(value, one, often, much, sizes, chances, gaps, errors, counts, limits)
        if value > 0.0:
            week[0, slot] += 1.0
            week[4, slot] = 0.0
            if sizes[0, one] > 0.0:
                week[2, slot] += min(value / sizes[0, one], limits[3])
                week[3, slot] += 1.0
        _move(value, one, often, much, sizes, chances, gaps, counts, rates)
    _weigh(slot, week, factors, limits)


def weigh(week: Float64s, factors: Float64s, limits: Float64s) -> None:
    """Write into `factors` (2, slots) how many times the usual each slot sells: how often, and how much at a time."""
    for slot in range(week.shape[1]):
        _weigh(slot, week, factors, limits)


def _weigh(slot: int, week: Float64s, factors: Float64s, limits: Float64s) -> None:
    for row in range(2):
        ratio = (week[2 * row, slot] + limits[2]) / (week[2 * row + 1, slot] + limits[2])
        factors[row, slot] = min(max(ratio, 1.0 / limits[3]), limits[3])
    if week[4, slot] > limits[5]:
        factors[0, slot] = 0.0


def say(
    slots: Places64,
    factors: Float64s,
    sizes: Float64s,
    chances: Float64s,
    gaps: Float64s,
    errors: Float64s,
    counts: Float64s,
    limits: Float64s,
    weights: Float64s,
    path: Float64s,
) -> None:
    """Write the mean of the periods at `slots`, places in the week, into `path` (series, slots), of series with data.

    weights: (candidates,), for use here alone
    """
    for one in range(path.shape[0]):
        if counts[0, one] < limits[4]:
            continue
        _trust(one, chances, errors, limits, weights)
        for step in range(slots.shape[0]):
            slot = slots[step]
            said = 0.0
            for candidate in range(weights.shape[0]):
                mean = mean_of(candidate, one, factors[0, slot], factors[1, slot], sizes, chances, gaps)
                said += weights[candidate] * mean
            path[one, step] = said


def _trust(one: int, chances: Float64s, errors: Float64s, limits: Float64s, weights: Float64s) -> None:
    """Write what share of the mean each candidate has: by its error, as a power of the sales that the error has seen.

    The fewer they are, the more the least error is luck: mostly of who says little while nothing is sold.
    """
    least = errors[0, one]
    for candidate in range(1, weights.shape[0]):
        least = min(least, errors[candidate, one])
    sales, total = chances[0, one] / limits[0], 0.0
    for candidate in range(weights.shape[0]):
        error = errors[candidate, one]
        weights[candidate] = 1.0 if error <= least else 0.0
        if 0.0 < least < error:
            weights[candidate] = math.exp(sales * math.log(least / error))
        total += weights[candidate]
    for candidate in range(weights.shape[0]):
        weights[candidate] /= total


def mean_of(
    candidate: int, one: int, often: float, much: float, sizes: Float64s, chances: Float64s, gaps: Float64s
) -> float:
    """Return what a candidate says of a series: size and chance by TSB, or by Croston after the last of these."""
    alphas, betas = sizes.shape[0], chances.shape[0]
    size: float = sizes[candidate % alphas, one] * much
    if candidate >= alphas * betas:
        size *= min(often / max(gaps[0, one], 1.0), 1.0)
        return size
    said: float = size * min(chances[candidate // alphas, one] * often, 1.0)
    return said


def _judge(
    value: float,
    one: int,
    often: float,
    much: float,
    sizes: Float64s,
    chances: Float64s,
    gaps: Float64s,
    errors: Float64s,
    counts: Float64s,
    limits: Float64s,
) -> None:
    """Hold what each candidate had said of the period against what came."""
    rate = max(limits[0], 1.0 / counts[0, one])
    for candidate in range(errors.shape[0]):
        missed = value - mean_of(candidate, one, often, much, sizes, chances, gaps)
        errors[candidate, one] += rate * (missed * missed - errors[candidate, one])


def _move(
    value: float,
    one: int,
    often: float,
    much: float,
    sizes: Float64s,
    chances: Float64s,
    gaps: Float64s,
    counts: Float64s,
    rates: Float64s,
) -> None:
    """Learn one value of a series: chances with every period, sizes and the interval with a sale."""
    alphas, betas = sizes.shape[0], chances.shape[0]
    sale = 1.0 if value > 0.0 else 0.0
    counts[0, one] += 1.0
    gaps[1, one] += often
    for beta in range(betas):
        rate = max(rates[alphas + beta], 1.0 / counts[0, one])
        said = min(chances[beta, one] * often, 1.0)
        chances[beta, one] = min(max(chances[beta, one] + rate * (sale - said), 0.0), 1.0)
    if sale == 0.0:
        return
    counts[1, one] += 1.0
    for alpha in range(alphas):
        rate = max(rates[alpha], 1.0 / counts[1, one])
        sizes[alpha, one] = max(sizes[alpha, one] + rate * (value - sizes[alpha, one] * much), 0.0)
    rate = max(rates[alphas + betas], 1.0 / counts[1, one])
    gaps[0, one] += rate * (gaps[1, one] - gaps[0, one])
    gaps[1, one] = 0.0
