"""The path of a linear regression whose own forecasts are its later lags; see `online_models.river_linear`."""

from array import array

from online_models.linear import SCALED_MAX


def follow(
    known: "array[float]",
    terms: "array[float]",
    lags: "array[int]",
    misses: "array[float]",
    periods: int,
    ratio: float,
    scale: float,
    path: "array[float]",
) -> None:
    """Turn `path`, the profile of the next periods in units, into their means.

    known: what all but the terms below add to each period's miss, scales
    terms: weight, mean and 1 / standard deviation of base, profile and each lag, one after the other
    lags: periods back; misses: ring of past ones, units, `periods` of which were kept since the start
    """
    steps, told = len(path), array("d", bytes(8 * len(path)))  # misses said, scales
    for step in range(steps):
        value = path[step]
        miss = known[step] + _added(terms, 0, ratio * value / scale) + _added(terms, 1, value / scale)
        for place in range(len(lags)):
            lag = lags[place]
            before = told[step - lag] if step >= lag else misses[(periods + step - lag) % len(misses)] / scale
            miss += _added(terms, 2 + place, before)
        told[step] = miss
        path[step] = ratio * value + scale * miss


def _added(terms: "array[float]", place: int, value: float) -> float:
    """Return what a feature of this value adds, as `online_models.linear.added`."""
    scaled = (value - terms[3 * place + 1]) * terms[3 * place + 2]
    return terms[3 * place] * min(max(scaled, -SCALED_MAX), SCALED_MAX)
