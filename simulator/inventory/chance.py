"""A generator and what to draw from in, numbers out: a constant, a range, or a value for each item."""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.types import Float64s


@dataclass(frozen=True, slots=True)
class Range:
    """Values between two bounds; spread evenly over their orders of magnitude where both are above 0."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Each:
    """One value for each item of a pool, the same in every world."""

    values: tuple[float, ...]


Amount = float | Range | Each


def amounts(rng: np.random.Generator, amount: Amount, shape: tuple[int, int]) -> Float64s:
    """Return (worlds, n) numbers; raise ValueError where `Each` has not one value for each item.

    >>> amounts(np.random.default_rng(0), Each((3.0, 5.0)), (2, 2)).tolist()
    [[3.0, 5.0], [3.0, 5.0]]
    """
    if isinstance(amount, Range):
        return in_range(rng, amount, shape)
    if isinstance(amount, Each) and len(amount.values) != shape[1]:
        raise ValueError(f"{len(amount.values)} values for {shape[1]} items: one for each is needed")
    values = amount.values if isinstance(amount, Each) else amount
    return np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), shape))


def in_range(rng: np.random.Generator, bounds: Range, shape: tuple[int, ...]) -> Float64s:
    """Return numbers within `bounds`, logarithmic where both are above 0."""
    if bounds.low > 0:
        return log_uniform(rng, (bounds.low, bounds.high), shape)
    return np.asarray(rng.uniform(bounds.low, bounds.high, size=shape), dtype=np.float64)


def log_uniform(rng: np.random.Generator, bounds: tuple[float, float], shape: tuple[int, ...]) -> Float64s:
    """Return numbers whose logarithm is uniform between those of `bounds`, both above 0."""
    low, high = float(np.log(bounds[0])), float(np.log(bounds[1]))
    return np.asarray(np.exp(rng.uniform(low, high, size=shape)), dtype=np.float64)
