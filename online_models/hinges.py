"""Places of inputs in, the hinges made of them out: fixed constants, drawn once and for all.

A hinge is offset + gain x input + gain x another input, held within [0, 3]. A regression on many of them, drawn at
random and never trained, bends where a tree would split, and stays linear in its weights (Huang, Zhu and Siew 2006,
"Extreme learning machine", Neurocomputing 70; departure: two inputs a unit, clipped at both ends). Two inputs forecast
better than all, and than 3 or 4, on most development spans.
"""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

HINGES = 64  # of the inputs that every pool has; 40 to 200 differ by half a percent
HINGES_PER_COVARIATE = 8  # of it and another input
GAIN = 0.75  # at most, of an input of about the size of 1

Places64 = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a regression may make features of; covariates may be added, `per_covariate` inputs each, after the rest."""

    fixed: int  # inputs that every pool has
    plain: tuple[int, ...]  # those of them that are features as they are
    mixed: tuple[int, ...]  # those of them that hinges are made of
    hinges: int
    per_covariate: int
    plain_per_covariate: int
    hinges_per_covariate: int


@functools.lru_cache(maxsize=64)
def design(inputs: Inputs, covariates: int) -> tuple[Places64, Float64s]:
    """Return the inputs, (2, features), and the gains, (3, features), of all features; a covariate's come last.

    >>> places, gains = design(Inputs(4, (0, 1, 2, 3), (1, 2, 3), 5, 3, 3, 0), 1)
    >>> places[:, :4].tolist(), gains[:, 0].tolist(), places[:, -1].tolist(), places.shape
    ([[0, 1, 2, 3], [-1, -1, -1, -1]], [0.0, 1.0, 0.0], [6, -1], (2, 12))
    """
    drawn = _drawn(1)
    features = [_plain(place) for place in inputs.plain]
    for _ in range(inputs.hinges):
        first = _one_of(inputs.mixed, drawn)
        features.append(_hinge(first, _one_of([place for place in inputs.mixed if place != first], drawn), drawn))
    for covariate in range(covariates):
        drawn = _drawn(2 + covariate)
        begin = inputs.fixed + covariate * inputs.per_covariate
        features += [_plain(begin + place) for place in range(inputs.plain_per_covariate)]
        others = [_one_of(inputs.mixed, drawn) for _ in range(inputs.hinges_per_covariate)]
        features += [_hinge(begin, other, drawn) for other in others]
    places, gains = zip(*features, strict=True)
    return np.array(places, np.intp).T.copy(), np.array(gains).T.copy()


Feature = tuple[tuple[int, int], tuple[float, float, float]]


def _plain(place: int) -> Feature:
    return (place, -1), (0.0, 1.0, 0.0)


def _hinge(first: int, second: int, drawn: Iterator[float]) -> Feature:
    gains = [(2.0 * next(drawn) - 1.0) * GAIN for _ in range(2)]
    return (first, second), (2.0 * next(drawn) - 1.0, gains[0], gains[1])


def _one_of(places: Sequence[int], drawn: Iterator[float]) -> int:
    return places[int(next(drawn) * len(places))]


def _drawn(seed: int) -> Iterator[float]:
    """Yield numbers spread over [0, 1), the same wherever it runs (Knuth's MMIX generator, its upper bits)."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 11) / 2.0**53
