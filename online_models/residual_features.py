"""How far a pool's demand of late ran beside its profile in; what that tells of a later period, as features, out.

A residual is demand minus profile, in the slot's usual misses ("scales"). Features of the moment a forecast is made
(the origin) are kept, those of the period it is for (the target) are computed from its slot: so what was known when
a forecast was made can be built again when its actual comes, from a few numbers a period.
"""

import functools
from typing import Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.carry import Places, carry
from online_models.season_profile import Slots

RESIDUAL_MAX = 8.0  # scales: further out is an outlier that would only tear at the weights
BASE_UNIT, BASE_MAX = 3.0, 3.0  # brings a target's profile to about the size of the rest, and bounds it
SMOOTHED_PERIODS = (4, 16)  # that smoothed residuals look back over, besides a day and a week
LEVEL_UNIT = 3.0  # brings the logarithm of the level to about the size of the rest
OWN = 8  # features of the origin a series: three residuals, four smoothed ones, the level
ORIGIN = OWN + 2  # and two of its neighbours

Float32s = NDArray[np.float32]


class ResidualHistory:
    """The last residuals of a pool's series: two weeks, and their smoothed course."""

    def __init__(self, series: int, slots_per_week: int) -> None:
        self._ring = np.zeros((2 * slots_per_week, series), dtype=np.float32)  # scales
        per_day = max(slots_per_week // 7, 1)
        periods = np.array([*SMOOTHED_PERIODS, per_day if per_day > 1 else 3, slots_per_week])
        self._rates = (2.0 / (periods + 1.0))[:, None]
        self._smoothed = np.zeros((len(periods), series))  # scales
        self.periods = 0  # in the ring since the start, missing ones included

    def learn(self, residuals: Float64s) -> None:
        """Take in the next period's residuals, (series,) scales; 0 stands for a missing one."""
        self._ring[self.periods % len(self._ring)] = residuals
        self._smoothed += self._rates * (residuals - self._smoothed)
        self.periods += 1

    def origin(self, level: Float64s) -> Float64s:
        """Return the features of now, (series, ORIGIN); `level` is the logarithm of the ratio to the profile."""
        near = self._back(np.arange(3))
        own = np.vstack([near, self._smoothed, LEVEL_UNIT * level[None]]).T
        series = len(own)
        others = np.zeros((series, 2))
        if series > 1:
            told = own[:, [0, 3]]
            others = (told.sum(axis=0) - told) / (series - 1)
        return np.hstack([own, others])

    def seasonal(self, steps: Slots, lags: Slots) -> Float64s:
        """Return the residuals `lags` periods before each of the periods `steps` ahead of the last one learnt.

        Shape (steps, series, lags); 0 of those that are not known yet, or no more.
        """
        back = lags[None, :] - steps[:, None]
        known = (back >= 0) & (back < min(self.periods, len(self._ring)))
        found: Float64s = self._back(back) * known[..., None]
        return found.transpose(0, 2, 1)

    def _back(self, back: Slots) -> Float64s:
        return self._ring[(self.periods - 1 - back) % len(self._ring)].astype(np.float64)

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        carry(self._ring, old._ring, places, axis=1)
        carry(self._smoothed, old._smoothed, places, axis=1)
        self.periods = old.periods

    def state(self) -> tuple[bytes, bytes, int]:
        """Return everything kept, as plain values for msgpack."""
        return self._ring.tobytes(), self._smoothed.tobytes(), self.periods

    def restore(self, state: tuple[bytes, bytes, int]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        ring, smoothed, self.periods = state
        self._ring[...] = np.frombuffer(ring, np.float32).reshape(self._ring.shape)
        self._smoothed[...] = np.frombuffer(smoothed).reshape(self._smoothed.shape)


def features(
    origin: Float64s, seasonal: Float64s, base: Float64s, covariates: Float64s, slots: Slots, slots_per_week: int
) -> Float64s:
    """Return what is known of target periods, (targets, series, features).

    origin: (targets, series, ORIGIN), or one that all targets share, (1, series, ORIGIN)
    seasonal: (targets or 1, series, 3) residuals a day, a week and two weeks before the target, scales
    base: (targets or 1, series) the target's profile less the level, scales
    covariates: (targets or 1, names) as observed at the origin, in their standard deviations
    slots: (targets,) of the week
    """
    calendar = _calendar(slots_per_week)[slots][:, None, :]  # (targets, 1, 5), or nothing of days
    turns = calendar[..., :2]
    parts = [origin, seasonal, np.clip(base / BASE_UNIT, -BASE_MAX, BASE_MAX)[..., None], calendar]
    if calendar.shape[-1]:
        parts += [origin[..., :1] * turns, origin[..., 3:4] * turns, origin[..., 3:4] * calendar[..., 4:]]
    if covariates.shape[-1]:
        observed = covariates[:, None, :]
        parts += [observed, *(observed * turns[..., place : place + 1] for place in range(turns.shape[-1]))]
    count = 1 + sum(part.shape[-1] for part in parts)
    found = np.ones((len(slots), base.shape[-1], count))
    place = 1
    for part in parts:
        found[..., place : place + part.shape[-1]] = part
        place += part.shape[-1]
    return found


@functools.lru_cache(maxsize=16)
def _calendar(slots_per_week: int) -> Float64s:
    """Return the day as two waves, half of it as two more and whether it is the weekend, (slots, 5); none of days."""
    per_day = slots_per_week // 7
    if per_day <= 1:
        return np.empty((slots_per_week, 0))
    slots = np.arange(slots_per_week)
    angle = 2.0 * np.pi / per_day * (slots % per_day)
    weekend = (slots >= 5 * per_day) * 1.0
    return np.stack([np.cos(angle), np.sin(angle), np.cos(2.0 * angle), np.sin(2.0 * angle), weekend], axis=-1)
