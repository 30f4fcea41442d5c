"""A generator and two bounds in, numbers between them out, evenly spread over their orders of magnitude."""

import numpy as np

from simulator.inventory.types import Float64s


def log_uniform(rng: np.random.Generator, bounds: tuple[float, float], shape: tuple[int, ...]) -> Float64s:
    """Return numbers whose logarithm is uniform between those of `bounds`, both above 0."""
    low, high = float(np.log(bounds[0])), float(np.log(bounds[1]))
    return np.asarray(np.exp(rng.uniform(low, high, size=shape)), dtype=np.float64)
