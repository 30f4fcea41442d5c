"""Features and the ranges a network was trained on in, what is outside them out, in plain words.

A range is widened by MARGIN of its width before anything counts as outside: quantiles and stock jitter.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from policies.features import LOGIT_SCALE, PIPELINE_PERIODS
from policies.observation import Float32s

MARGIN = 0.1  # of a range's width, on each side
NEAR = 1e-3  # of what never varied in training, since float32 has no exact numbers

Bools = NDArray[np.bool_]
Ranges = tuple[tuple[float, float], ...]  # (low, high) per feature, in the order of their names


def is_outside(seen: Float32s, ranges: Ranges) -> Bools:
    """Return (n,) whether any feature of a row of `seen` (n, features) is outside its range."""
    return np.asarray(_apart(seen, ranges).any(axis=1))


def reasons(seen: Float32s, ranges: Ranges, names: Sequence[str]) -> tuple[str, ...]:
    """Return per row of `seen` (n, len(names)) which feature is outside its range, the most telling; "" if none is.

    >>> seen = np.array([[0.5, 14 / 12], [0.0, 3 / 12]], dtype=np.float32)
    >>> reasons(seen, ((-0.1, 0.1), (1 / 12, 8 / 12)), ("missing", "lead_time"))
    ('lead time 14 periods is outside 1 .. 8 that were trained', '')
    """
    apart = _apart(seen, ranges)
    telling = sorted(range(len(names)), key=lambda column: names[column] not in _WORDS)  # the others follow from them
    said = [""] * len(seen)
    for row in np.flatnonzero(apart.any(axis=1)):
        column = next(column for column in telling if apart[row, column])
        said[row] = _reason(names[column], float(seen[row, column]), ranges[column])
    return tuple(said)


def _apart(seen: Float32s, ranges: Ranges) -> Bools:
    if not ranges:  # not known: trained before ranges were kept
        return np.zeros(seen.shape, dtype=np.bool_)
    bounds = np.asarray(ranges, dtype=np.float64)
    margin = MARGIN * (bounds[:, 1] - bounds[:, 0]) + NEAR
    low, high = (bounds[:, 0] - margin).astype(np.float32), (bounds[:, 1] + margin).astype(np.float32)
    return np.asarray((seen < low) | (seen > high))


_WORDS: dict[str, tuple[str, str, Callable[[float], float]]] = {  # the feature's name: what to call it, unit, in units
    "lead_time": ("lead time", " periods", lambda seen: seen * PIPELINE_PERIODS),
    "log_scale": ("mean demand", " units a period", lambda seen: 10.0**seen),
    "logit_critical_ratio": ("cost of a lost sale", " times that of holding", lambda seen: np.exp(seen * LOGIT_SCALE)),
}


def _reason(name: str, seen: float, bounds: tuple[float, float]) -> str:
    words, unit, of = _WORDS.get(name, (name.replace("_", " "), "", float))
    low, high = (f"{of(bound):.3g}" for bound in bounds)
    return f"{words} {of(seen):.3g}{unit} is outside {low} .. {high} that were trained"
