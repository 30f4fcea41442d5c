"""The path of a linear regression whose own forecasts are its later lags; see `online_models.river_linear`."""

from array import array

from online_models.linear import SCALED_MAX


def follow(
    known: "array[float]",
    learnt: "array[float]",
    places: "array[int]",
    lags: "array[int]",
    misses: "array[float]",
    periods: int,
    ratio: float,
    scale: float,
    path: "array[float]",
) -> None:
    """Turn `path`, the profile of the next periods in units, into their means.

    known: what all but the features below add to each period's miss, scales
    learnt: as `online_models.linear.Linear` keeps it; places: of base, profile and each lag in it, -1 of none
    lags: periods back; misses: ring of past ones, units, `periods` of which were kept since the start
    """
    steps, told = len(path), array("d", bytes(8 * len(path)))  # misses said, scales
    for step in range(steps):
        value = path[step]
        miss = known[step] + _added(learnt, places[0], ratio * value / scale)
        miss += _added(learnt, places[1], value / scale)
        for place in range(len(lags)):
            lag = lags[place]
            before = told[step - lag] if step >= lag else misses[(periods + step - lag) % len(misses)] / scale
            miss += _added(learnt, places[2 + place], before)
        told[step] = miss
        path[step] = ratio * value + scale * miss


def summed(learnt: "array[float]", places: "array[int]", values: "array[float]") -> float:
    """Return what features of these values add together; places: of each in `learnt`, -1 of none."""
    total = 0.0
    for place in range(len(places)):
        total += _added(learnt, places[place], values[place])
    return total


def _added(learnt: "array[float]", place: int, value: float) -> float:
    """Return what a feature of this value adds, as `online_models.linear.added`."""
    size = len(learnt) // 4
    if place < 0 or learnt[2 * size + place] == 0.0:
        return 0.0
    scaled: float = (value - learnt[size + place]) * (1.0 / learnt[2 * size + place] ** 0.5)
    found: float = learnt[3 * size + place] * min(max(scaled, -SCALED_MAX), SCALED_MAX)
    return found
