"""How a level may move: a generator and a number of items and periods in, factors (items, periods) > 0 out.

Each shape is what planners meet and no forecaster is told: steps, trends, seasons of unknown length, pulses, product
lives, regimes. Parameters are drawn from wide ranges for every item; a new shape is one function and one line.
"""

from collections.abc import Callable

import numpy as np

from simulator.inventory.chance import log_uniform
from simulator.inventory.types import Float64s

Shape = Callable[[np.random.Generator, int, int], Float64s]

FACTOR_MIN = 0.02  # of what is subtracted from: a level never reaches zero
STEPS_MAX = 4
PROFILE_PERIODS_MAX = 13


def steady(_rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return ones."""
    return np.ones((items, periods))


def steps(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return up to four steps at any time, each by a log-normal factor."""
    count = rng.integers(1, STEPS_MAX + 1, items)[:, np.newaxis]
    size = np.where(np.arange(STEPS_MAX) < count, rng.normal(0.0, 0.7, (items, STEPS_MAX)), 0.0)
    at = rng.integers(3, periods, (items, STEPS_MAX))
    taken = np.arange(periods) >= at[..., np.newaxis]
    moved = (taken * size[..., np.newaxis]).sum(axis=1)
    return np.asarray(np.exp(np.clip(moved, -2.5, 2.5)), dtype=np.float64)


def one_step(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return one step, to between a quarter and four times the level."""
    at = rng.integers(5, periods - 3, (items, 1))
    return np.where(np.arange(periods) >= at, log_uniform(rng, (0.25, 4.0), (items, 1)), 1.0)


def trend(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a straight line to between a twentieth and six times the level, which may set in late."""
    late = rng.random((items, 1)) < 0.3
    begin = np.where(late, rng.integers(0, periods - 10, (items, 1)), 0)
    share = np.clip(np.arange(periods) - begin, 0, None) / (periods - begin)
    factor = 1.0 + (log_uniform(rng, (0.05, 6.0), (items, 1)) - 1.0) * share
    return np.asarray(np.maximum(factor, FACTOR_MIN), dtype=np.float64)


def growth(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return growth or decay by a constant ratio a period."""
    rate = rng.normal(0.0, 0.04, (items, 1))
    return np.exp(np.clip(rate * np.arange(periods), -4.0, 4.0))


def season(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a sine wave of 2.5 to 60 periods and of any phase."""
    length = log_uniform(rng, (2.5, 60.0), (items, 1))
    phase = rng.uniform(0.0, 2.0 * np.pi, (items, 1))
    wave = np.sin(2.0 * np.pi * np.arange(periods) / length + phase)
    return np.maximum(1.0 + rng.uniform(0.1, 1.0, (items, 1)) * wave, FACTOR_MIN)


def profile(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a profile of 2 to 13 slots that repeats."""
    spread = rng.uniform(0.1, 0.8, (items, 1))
    slots = np.exp(spread * rng.normal(0.0, 1.0, (items, PROFILE_PERIODS_MAX)))
    length = rng.integers(2, PROFILE_PERIODS_MAX + 1, (items, 1))
    return np.take_along_axis(slots, np.arange(periods) % length, axis=1)


def pulse(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a spike or dip of up to 14 periods, half of which leave something behind."""
    at, length = rng.integers(3, periods - 2, (items, 1)), rng.integers(1, 15, (items, 1))
    height = log_uniform(rng, (0.1, 5.0), (items, 1))
    after = np.where(rng.random((items, 1)) < 0.5, 1.0, height ** rng.uniform(0.0, 1.0, (items, 1)))
    time = np.arange(periods)
    return np.where(time < at, 1.0, np.where(time < at + length, height, after))


def walk(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a random walk of the logarithm."""
    step = log_uniform(rng, (0.01, 0.3), (items, 1)) * rng.normal(0.0, 1.0, (items, periods))
    return np.exp(np.clip(np.cumsum(step, axis=1), -3.0, 3.0))


def correlated(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a logarithm that forgets: autoregressive of order one."""
    kept = rng.uniform(0.2, 0.97, items)
    return np.exp(log_uniform(rng, (0.05, 0.7), (items, 1)) * autoregressive(rng, kept, periods))


def life(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a product's life, entered anywhere: a rise, a peak, a long fall to a remainder."""
    steepness, length = rng.uniform(0.3, 3.0, (items, 1)), log_uniform(rng, (3.0, 30.0), (items, 1))
    age = (np.arange(periods) + rng.uniform(0.5, 20.0, (items, 1))) / length
    course = age**steepness * np.exp(-age)
    remainder = rng.uniform(FACTOR_MIN, 0.15, (items, 1))
    return np.asarray(course / course.max(axis=1, keepdims=True) + remainder, dtype=np.float64)


def regimes(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return two levels between which chance switches."""
    switches = rng.random((items, periods)) > rng.uniform(0.7, 0.97, (items, 1))
    second = (np.cumsum(switches, axis=1) + rng.integers(0, 2, (items, 1))) % 2 == 1
    return np.where(second, log_uniform(rng, (0.1, 6.0), (items, 1)), 1.0)


def ramp(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return a smooth passage from one level to another."""
    at, width = rng.uniform(5.0, periods - 5.0, (items, 1)), log_uniform(rng, (0.5, 10.0), (items, 1))
    passed = 1.0 / (1.0 + np.exp(-np.clip((np.arange(periods) - at) / width, -50.0, 50.0)))
    return 1.0 + (log_uniform(rng, (0.15, 6.0), (items, 1)) - 1.0) * passed


def autoregressive(rng: np.random.Generator, kept: Float64s, periods: int) -> Float64s:
    """Return (items, periods) standard normal numbers, each correlated with the one before by `kept` (items,)."""
    fresh = rng.normal(0.0, 1.0, (len(kept), periods))
    result = fresh.copy()
    for period in range(1, periods):
        result[:, period] = kept * result[:, period - 1] + np.sqrt(1.0 - kept**2) * fresh[:, period]
    return result


PLAIN: dict[Shape, float] = {  # how often each is drawn where a level moves in one way or two, in shares
    correlated: 1.6,
    growth: 0.6,
    life: 1.2,
    one_step: 1.2,
    profile: 0.3,
    pulse: 1.0,
    ramp: 0.7,
    regimes: 0.4,
    season: 1.3,
    steady: 1.8,
    steps: 1.0,
    trend: 1.4,
    walk: 1.0,
}
RESTLESS: dict[Shape, float] = {  # and where it moves in several ways at once
    correlated: 3.0,
    growth: 0.1,
    life: 2.0,
    profile: 0.1,
    pulse: 0.7,
    ramp: 0.1,
    season: 0.7,
    steady: 0.2,
    steps: 0.5,
    trend: 0.1,
    walk: 3.0,
}
