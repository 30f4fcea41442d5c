"""The truth of an inventory world as frozen arrays, any leading axes for worlds, the last one for items."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stock:
    """What is there and what is on its way."""

    on_hand: Float64s  # (..., n) units; negative only with backlog: units owed
    pipeline: Float64s  # (..., n, lead_time_periods_max) units; column k arrives at the start of period k + 1
