"""How far a pool's demand of late ran beside its profile in; what that tells of later periods, as features, out.

A residual is demand minus profile, in the slot's usual misses ("scales"); see `residual_loops` for each feature.
"""

import functools
from typing import Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.carry import Places, carry
from online_models.residual_loops import Residuals

SMOOTHED_PERIODS = (4, 16)  # that smoothed residuals look back over, besides a day and a week
PER_COVARIATE = 3  # features: as observed at the origin, and with the two waves of the target's day

Float32s = NDArray[np.float32]


class ResidualHistory:
    """The last residuals of a pool's series: two weeks, and their smoothed course."""

    def __init__(self, series: int, slots_per_week: int) -> None:
        per_day = max(slots_per_week // 7, 1)
        self._ring = np.zeros((2 * slots_per_week, series), dtype=np.float32)  # scales
        periods = np.array([*SMOOTHED_PERIODS, per_day if per_day > 1 else 3, slots_per_week])
        self._smoothed = np.zeros((series, len(periods)))  # scales
        lags = np.array([per_day, slots_per_week, 2 * slots_per_week], np.intp)
        self.loops = Residuals(self._ring, self._smoothed, 2.0 / (periods + 1.0), lags, _day(slots_per_week))
        self.periods = 0  # in the ring since the start, missing ones included

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        carry(self._ring, old._ring, places, axis=1)
        carry(self._smoothed, old._smoothed, places, axis=0)
        self.periods = old.periods

    def state(self) -> tuple[bytes, bytes, int]:
        """Return everything kept, as plain values for msgpack."""
        return self._ring.tobytes(), self._smoothed.tobytes(), self.periods

    def restore(self, state: tuple[bytes, bytes, int]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        ring, smoothed, self.periods = state
        self._ring[...] = np.frombuffer(ring, np.float32).reshape(self._ring.shape)
        self._smoothed[...] = np.frombuffer(smoothed).reshape(self._smoothed.shape)


@functools.lru_cache(maxsize=16)
def _day(slots_per_week: int) -> Float64s:
    """Return the day as two waves, half of it as two more and whether it is the weekend, (slots, 5); zeros of days."""
    per_day = slots_per_week // 7
    slots = np.arange(slots_per_week)
    if per_day <= 1:
        return np.zeros((slots_per_week, 5))
    angle = 2.0 * np.pi / per_day * (slots % per_day)
    weekend = (slots >= 5 * per_day) * 1.0
    waves = (np.cos(angle), np.sin(angle), np.cos(2.0 * angle), np.sin(2.0 * angle), weekend)
    return np.ascontiguousarray(np.stack(waves, axis=-1))
