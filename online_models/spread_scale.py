"""Misses of a pool's forecasts in, how wide the next ones may be expected to be out: a scale for each series and step.

Misses are in roots (see `online_models.pool_quantiles`). The scale is the mean absolute miss of the series and row, times
an exponential of what widens it just now: how large the last misses were, how large those of the same hours (by weekday
and weekend) usually are, and how the centre compares with what is usual. How much each of the three counts is learnt of
all series of the pool, for each row: the scale of a Laplace distribution, fitted by Newton steps with a diagonal
(as in generalised autoregressive heteroskedasticity, Bollerslev 1986, but of absolute misses and in logarithms).
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.carry import Places, carry
from online_models.spread_scale_loops import learn_scale, typical_scale

MEMORY_DAYS = 60.0  # of the mean absolute miss, but of no more than MEMORY_MAX periods
MEMORY_MAX = 500.0
SLOTS_MAX = 192  # of usual misses
BEGUN = (0.4, 0.6, 0.0)  # what recent misses, the slot's usual ones and the centre count for before anything is known
DAYS_OF_WEEKEND = 5  # the first day of it
_OF_SERIES = ("_slow", "_seen", "_fast", "_fast_said", "_usual", "_level")
_OF_POOL = ("_weights", "_sizes")


class SpreadScale:
    """`unit` is the scale (series, rows) before what widens it just now; see `online_models.spread_scale_loops`."""

    def __init__(self, delays: NDArray[np.intp], slots_per_week: int) -> None:
        series, rows = delays.shape
        self._delays = delays
        self._per_period = np.ones((series, rows))
        self._per_period[:, -1] = delays[:, -1]
        self.slots = slots_of(slots_per_week)
        slots_per_day = max(slots_per_week // 7, 1)
        self._rate = 1.0 / min(MEMORY_DAYS * slots_per_day, MEMORY_MAX)
        longest = int(delays.max())
        self._slow = np.zeros((series, rows))  # mean absolute miss, roots
        self._seen = np.zeros((series, rows))  # misses seen
        self._fast = np.ones(series)  # of the next period, of late, in scales
        self._fast_said = np.ones((series, longest), dtype=np.float32)  # ring of it, by the period it was said in
        self._usual = np.ones((2, series, int(self.slots.max()) + 1), dtype=np.float32)  # near and far, in scales
        self._level = np.zeros(series)  # mean logarithm of what was said
        self._weights = np.tile(np.array(BEGUN), (rows, 1))
        self._sizes = np.zeros((rows, len(BEGUN)))  # of the features squared, discounted sums
        self.unit = np.zeros((series, rows))
        self.scaled = np.full((series, rows), np.nan)

    def learn(self, slot_of_week: int, roots: Float64s, said: Float64s, periods: int) -> None:
        """Learn the misses `roots` (series, rows) of what was `said` (series, rows); leaves them in scales in `scaled`.

        NaN is no miss. periods: learnt so far, this one included.
        """
        learn_scale(
            roots, said, self._delays, self._per_period, periods, int(self.slots[slot_of_week]), self._rate,
            self._slow, self._seen, self._fast, self._fast_said, self._usual, self._level,
            self._weights, self._sizes, self.unit, self.scaled,
        )  # fmt: skip

    def parts(self) -> tuple[Float64s, Float64s, NDArray[np.float32], Float64s, Float64s]:
        """Return what `online_models.pool_quantiles_loops.bands` makes scales of."""
        return self.unit, self._fast, self._usual, self._level, self._weights

    def adopt(self, old: Self, places: Places, same_lead: Places) -> None:
        """Take over what `old` learnt; of the lead's row only where it is of the same length."""
        for name in ("_fast", "_level"):
            carry(getattr(self, name), getattr(old, name), places, axis=0)
        carry(self._usual, old._usual, places, axis=1)
        for name in ("_slow", "_seen"):
            carry(getattr(self, name)[:, :-1], getattr(old, name)[:, :-1], places, axis=0)
            carry(getattr(self, name)[:, -1:], getattr(old, name)[:, -1:], same_lead, axis=0)
        if self._fast_said.shape == old._fast_said.shape or self._fast_said.shape[1] == old._fast_said.shape[1]:
            carry(self._fast_said, old._fast_said, places, axis=0)
        self._weights[...], self._sizes[...] = old._weights, old._sizes
        typical_scale(self._slow, self._seen, self.unit)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return tuple(getattr(self, name).tobytes() for name in (*_OF_SERIES, *_OF_POOL))

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        for name, data in zip((*_OF_SERIES, *_OF_POOL), state, strict=True):
            own = getattr(self, name)
            own[...] = np.frombuffer(data, own.dtype).reshape(own.shape)
        typical_scale(self._slow, self._seen, self.unit)


def slots_of(slots_per_week: int) -> NDArray[np.intp]:
    """Return the place of each slot of the week among usual misses: by time of day, weekend or not; days one by one.

    >>> slots_of(7).tolist(), slots_of(14).tolist()
    ([0, 1, 2, 3, 4, 5, 6], [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3])
    """
    slots = np.arange(slots_per_week, dtype=np.intp)
    per_day = slots_per_week // 7
    if per_day <= 1:
        return slots
    together = -(-2 * per_day // SLOTS_MAX)  # neighbours that share a place
    of_day = slots % per_day // together
    weekend = (slots // per_day >= DAYS_OF_WEEKEND).astype(np.intp)
    return of_day + weekend * (int(of_day.max()) + 1)
