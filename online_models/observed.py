"""Covariates as observed in, how unusual each is out: in standard deviations from its mean, 0 where it is missing.

A missing covariate is masked, never zero: 0 here is its mean, of which no weight makes anything.
"""

import math

import numpy as np

from online_models.base import Covariates, Float64s

NAMES_MAX = 8  # covariates kept, first come
RATE_MIN = 1e-3  # of mean and variance: about the last 1,000 periods
DEVIATIONS_MAX = 4.0  # further out is a broken sensor, or a day that teaches no more than this


class Observed:
    """Running mean and variance of each covariate of a pool.

    >>> observed = Observed()
    >>> for place in range(100):
    ...     _ = observed.learn((("kelvin", 280.0 + place % 2), ("rain", float("nan"))))
    >>> observed.learn((("kelvin", 282.0),)).round(0).tolist()
    [3.0]
    """

    def __init__(self) -> None:
        self._names: list[str] = []
        self._moments: list[list[float]] = []  # times seen, mean, variance

    def learn(self, covariates: Covariates) -> Float64s:
        """Take in what was observed in one period and return it scaled, (names,)."""
        names, scaled = self._names, [0.0] * len(self._names)
        for name, value in covariates:
            if not math.isfinite(value):
                continue
            if name not in names:
                if len(names) == NAMES_MAX:
                    continue
                names.append(name)
                self._moments.append([0.0, value, 0.0])
                scaled.append(0.0)
            place = names.index(name)
            scaled[place] = _scaled(self._moments[place], value)
        return np.array(scaled)

    def state(self) -> tuple[list[str], list[list[float]]]:
        """Return everything kept, as plain values for msgpack."""
        return self._names, self._moments

    def restore(self, state: tuple[list[str], list[list[float]]]) -> None:
        """Take over what `state()` returned."""
        names, moments = state
        self._names, self._moments = list(names), [list(one) for one in moments]


def _scaled(moments: list[float], value: float) -> float:
    """Return how far `value` is from the mean before it, and learn it."""
    seen, mean, variance = moments
    miss, away = value - mean, 0.0
    if variance > 0.0:
        deviation = math.sqrt(variance)
        away = miss / deviation
        if not -DEVIATIONS_MAX <= away <= DEVIATIONS_MAX:
            away = math.copysign(DEVIATIONS_MAX, away)
            miss = mean + away * deviation - mean
    rate = RATE_MIN if seen >= 1.0 / RATE_MIN else 1.0 / (seen + 1.0)
    moments[0], moments[1] = seen + 1.0, mean + rate * miss
    moments[2] = variance + rate * (miss * miss * (1.0 - rate) - variance)
    return away
