"""Demand of which nothing is known beforehand: a generator and a number of items in, whole units a period out.

Made wide on purpose: what learns on it has to find out, from an item's own past alone, how its level moves and how
far demand scatters about it, over orders of magnitude of both.
"""

import numpy as np

from simulator.inventory.chance import log_uniform
from simulator.inventory.types import Float64s
from simulator.inventory.unsteady_levels import PLAIN, RESTLESS, Shape
from simulator.inventory.unsteady_noise import SCATTERS, Scatter, spread_ratio, with_outliers

RESTLESS_RATIO = 0.45  # of the items move in several ways at once
# Of the items, how many move in a first, a second and a third way.
PLAIN_RATIOS, RESTLESS_RATIOS = (1.0, 0.3, 0.05), (1.0, 0.7, 0.3)


def draw(rng: np.random.Generator, items: int, periods: int) -> Float64s:
    """Return (items, periods) whole units >= 0; `periods` of at least 16.

    >>> demand = draw(np.random.default_rng(1), items=3, periods=16)
    >>> demand.shape, bool((demand >= 0).all()), bool((demand == demand.round()).all())
    ((3, 16), True, True)
    """
    restless = int(rng.binomial(items, RESTLESS_RATIO))
    level = np.concatenate(
        [
            _level(rng, restless, periods, RESTLESS, RESTLESS_RATIOS),
            _level(rng, items - restless, periods, PLAIN, PLAIN_RATIOS),
        ]
    )
    usual = rng.random((items, 1)) < 0.75
    mean = np.where(usual, log_uniform(rng, (25.0, 500.0), (items, 1)), log_uniform(rng, (2.0, 4000.0), (items, 1)))
    demand = with_outliers(rng, _scattered(rng, level / level.mean(axis=1, keepdims=True) * mean))
    return np.maximum(np.rint(demand), 0.0)


def _level(
    rng: np.random.Generator, items: int, periods: int, shapes: dict[Shape, float], ratios: tuple[float, ...]
) -> Float64s:
    """Return (items, periods) products of shapes; the k-th of an item is there with probability `ratios[k]`."""
    result = np.ones((items, periods))
    for ratio in ratios:
        chosen = np.where(rng.random(items) < ratio, rng.choice(len(shapes), items, p=_shares(shapes)), -1)
        for index, shape in enumerate(shapes):
            rows = chosen == index
            result[rows] *= shape(rng, int(rows.sum()), periods)
    return result


def _scattered(rng: np.random.Generator, mean: Float64s) -> Float64s:
    chosen = rng.choice(len(SCATTERS), len(mean), p=_shares(SCATTERS))
    spread = spread_ratio(rng, *mean.shape)
    result = np.zeros_like(mean)
    for index, scatter in enumerate(SCATTERS):
        rows = chosen == index
        result[rows] = scatter(rng, mean[rows], spread[rows])
    return result


def _shares(weights: dict[Shape, float] | dict[Scatter, float]) -> Float64s:
    drawn = np.array(list(weights.values()))
    return np.asarray(drawn / drawn.sum(), dtype=np.float64)
