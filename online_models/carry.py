"""Arrays of a pool's series in, the same numbers at the series' new places out: for a pool that gains or loses some."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = Sequence[int | None]  # (series,) where each series was before; None: it is new


def carry(new: NDArray[Any], old: NDArray[Any], places: Places, *, axis: int) -> None:
    """Write what `old` holds of each series into `new`, along `axis`; what is new there stays as it is.

    >>> begun = np.zeros(3)
    >>> carry(begun, np.array([5.0, 7.0]), [1, None, 0], axis=0)
    >>> begun.tolist()
    [7.0, 0.0, 5.0]
    """
    kept = [(place, before) for place, before in enumerate(places) if before is not None]
    if kept:
        to, whence = zip(*kept, strict=True)
        np.moveaxis(new, axis, 0)[list(to)] = np.moveaxis(old, axis, 0)[list(whence)]
