"""Repeated measurements in; their median, spread and a confidence interval out."""

from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000


def median_interval(values: Sequence[float], rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the median and the bounds of its 95 % bootstrap interval.

    >>> median_interval([3.0], np.random.default_rng(0))
    (3.0, 3.0, 3.0)
    """
    sample = np.asarray(values, dtype=float)
    medians = np.median(rng.choice(sample, (RESAMPLES, len(sample))), axis=1)
    low, high = np.quantile(medians, (0.025, 0.975))
    return float(np.median(sample)), float(low), float(high)


def quartile_range(values: Sequence[float]) -> float:
    """Return the distance between the quartiles.

    >>> quartile_range([1.0, 2.0, 3.0, 4.0, 5.0])
    2.0
    """
    low, high = np.quantile(np.asarray(values, dtype=float), (0.25, 0.75))
    return float(high - low)


def theil_sen(at: Sequence[float], values: Sequence[float], rng: np.random.Generator) -> tuple[float, float, float]:
    """Return the slope of `values` over `at` (Theil-Sen) and its 95 % interval over blocks of the sample.

    Neighbours in time are alike, so whole blocks are drawn again, not single points.

    >>> theil_sen([0.0, 1.0, 2.0, 3.0], [5.0, 7.0, 9.0, 11.0], np.random.default_rng(0))[0]
    2.0
    """
    times, sample = np.asarray(at, dtype=float), np.asarray(values, dtype=float)
    slope = _slope(times, sample)
    size = max(len(times) // 12, 1)
    blocks = [np.arange(start, min(start + size, len(times))) for start in range(0, len(times), size)]
    slopes = []
    for _ in range(200):
        drawn = np.concatenate([blocks[one] for one in rng.integers(len(blocks), size=len(blocks))])
        slopes.append(_slope(times[drawn], sample[drawn]))
    low, high = np.nanquantile(slopes, (0.025, 0.975))
    return slope, float(low), float(high)


def _slope(times: np.ndarray, sample: np.ndarray) -> float:
    first, second = np.triu_indices(len(times), 1)
    run = times[second] - times[first]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (sample[second] - sample[first]) / run
    return float(np.median(slopes[np.isfinite(slopes)])) if np.isfinite(slopes).any() else 0.0
