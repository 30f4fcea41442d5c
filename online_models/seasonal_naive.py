"""A series in, last week's value of the same slot out: the frozen simple model that every other one has to beat."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from online_models.base import Float64s
from online_models.forecaster import Covariates


class SeasonalNaive:
    """The next Monday is as the last Monday was. Learns nothing else."""

    def __init__(self, slots_per_week: int) -> None:
        self._last = np.full(slots_per_week, np.nan, dtype=np.float64)  # units per period; NaN: never seen

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Keep the value of the slot; a missing one leaves the last known. All of it is believed."""
        del said, covariates
        if value is not None:
            self._last[slot_of_week] = value
        return value or 0.0

    def path(self, slots_of_week: Sequence[int]) -> Float64s | None:
        """Return last week's values; before a whole week was seen, None."""
        if np.isnan(self._last).any():
            return None
        return np.asarray(self._last[np.asarray(slots_of_week)])

    def state(self, restored: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return everything kept, after taking over `restored` if it is given."""
        if restored is not None:
            self._last = np.frombuffer(restored["last"], dtype=np.float64).copy()
        return {"last": self._last.tobytes()}
