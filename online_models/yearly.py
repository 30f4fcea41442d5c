"""A pool's demand in, its smoothed level and week out, moved as it moved from here last year.

How demand ran in the month up to this day of last year, against the fortnight around the target's day of that year, is
what the level is multiplied by. It says nothing of a series in its first year. The day of the year is the slot's, so a
shop that is shut on some days, and periods of any length, have the same year.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import DAYS_PER_YEAR, Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.next_slots import next_slots
from online_models.pool_smoothing import PoolSmoothing
from online_models.yearly_loops import close_day, hear, move

RATIO_MAX = 2.0  # the year moves the level by at most this, and at least by its inverse
KNOWN_MIN = 5  # days of last year that have to be known of a month, and of a fortnight
_LIMITS = np.array([RATIO_MAX, float(KNOWN_MIN)])


class Yearly:
    """Keeps the contract `online_models.together.PoolMeans`.

    >>> year = Yearly(1, 7, 7)
    >>> for day in range(800):
    ...     season = 10.0 + 5.0 * np.sin(2.0 * np.pi * (day % 365) / 365.0)
    ...     year.learn(Slot(day % 7, day % 365), np.array([season]), ())
    >>> later = [Slot((800 + step) % 7, (800 + step) % 365) for step in range(28)]
    >>> expected = 10.0 + 5.0 * np.sin(2.0 * np.pi * (827 % 365) / 365.0)
    >>> bool(abs(year.paths(later)[0, 27] - expected) < 0.5)
    True
    """

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        self._smoothing = PoolSmoothing(series, slots_per_week, horizon_periods)
        self._days = np.full((2, series, DAYS_PER_YEAR), np.nan, dtype=np.float32)  # newest and the one before, units
        self._open = np.zeros((2, series))  # sum and count of the open day
        self._day = -1  # of the year, that is open; none yet

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        self._smoothing.learn(slot, values, covariates)
        if slot.day_of_year != self._day:
            if self._day >= 0:
                close_day(self._day, self._open, self._days)
            self._day = slot.day_of_year
        hear(np.ascontiguousarray(values, np.float64), self._open)

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series in its first year."""
        path = self._smoothing.paths(slots)
        move(next_slots(slots).day_of_year, self._day, self._days, _LIMITS, path)
        return path

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        self._smoothing.adopt(old._smoothing, places)
        carry(self._days, old._days, places, axis=1)
        carry(self._open, old._open, places, axis=1)
        self._day = old._day

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return self._smoothing.state(), self._days.tobytes(), self._open.tobytes(), self._day

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        smoothing, days, opened, self._day = state
        self._smoothing.restore(smoothing)
        self._days[...] = np.frombuffer(days, np.float32).reshape(self._days.shape)
        self._open[...] = np.frombuffer(opened).reshape(self._open.shape)
