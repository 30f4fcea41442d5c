"""Misses of a pool's forecasts in, how wide the next ones may be expected to be out: a scale for each series and step.

Misses are in roots (see `online_models.pool_quantiles`). The unit is the mean absolute miss of the series and row, of a
young series nearer to the pool's. A scale is the unit widened by how large the last misses were, and by how large those
of the same time of day, on weekdays or weekends, usually are. How much these two count is learnt of all series of the
pool, for each row, by the pinball loss of the levels 0.1 and 0.9: as in generalised autoregressive conditional
heteroskedasticity (Bollerslev 1986, Journal of Econometrics 31), but in logarithms, and by quantiles (Koenker and Zhao
1996, "Conditional Quantile Estimation and Inference for ARCH Models", Econometric Theory 12).
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS, Float64s
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.spread_scale_loops import Scales

LEVELS = np.array(QUANTILE_LEVELS)
MEMORY_DAYS = 150.0  # of the mean absolute miss, but of no more than MEMORY_MAX periods
MEMORY_MAX = 500.0
SLOTS_MAX = 192  # of usual misses
BEGUN = (0.0, 0.0)  # what the last misses and the usual ones count for before anything is known
WEEKEND = 5  # its first day
_OF_SERIES = ("_slow", "_seen", "_fast", "_shock", "_fast_said", "_usual", "_unit")
_OF_POOL = ("_weights", "_sizes")


class SpreadScale:
    """After `learn`, `scaled` (series, rows) are its misses in scales, NaN is no miss.

    `is_broken` (series,) says of which series the misses before no longer count.
    """

    def __init__(self, delays: NDArray[np.intp], overlaps: Float64s, slots_per_week: int) -> None:
        """`overlaps` (series, rows): misses next to each other that say what one does."""
        series, rows = delays.shape
        self._delays = delays
        self.slots = slots_of(slots_per_week)
        self._overlaps = overlaps
        knots = np.arange(rows)
        self.sides: NDArray[np.intp] = ((2 * knots >= rows) & (knots < rows - 1)).astype(np.intp)  # 1: of far steps
        self._rate = 1.0 / min(MEMORY_DAYS * max(slots_per_week // 7, 1), MEMORY_MAX)
        self._slow = np.zeros((series, rows))  # mean absolute miss, roots
        self._seen = np.zeros((series, rows))  # misses seen
        self._fast = np.ones(series)  # absolute misses of the next period of late, in units
        self._shock = np.ones(series)  # absolute misses of late, in scales
        self._fast_said = np.ones((series, int(delays.max())), dtype=np.float32)  # ring, by the period it was said in
        self._usual = np.ones((2, series, int(self.slots.max()) + 1), dtype=np.float32)  # near and far, in units
        self._weights = np.tile(np.array(BEGUN), (rows, 1))
        self._sizes = np.zeros((rows, len(BEGUN)))  # of the logarithms squared, discounted sums
        self._unit = np.zeros((series, rows))  # roots
        self._recent = np.zeros(series)  # logarithm of `_fast`
        self.scaled = np.full((series, rows), np.nan)
        self.is_broken = np.zeros(series, dtype=np.uint8)
        self.loops = Scales(
            self._delays, self._overlaps, self.sides, self.slots, self._rate, LEVELS, self._slow, self._seen,
            self._fast, self._shock, self._fast_said, self._usual, self._weights, self._sizes, self._unit,
            self._recent, self.scaled, self.is_broken,
        )  # fmt: skip

    def adopt(self, old: Self, places: Places, same_lead: Places) -> None:
        """Take over what `old` learnt; of the lead's row only where it is of the same length."""
        carry(self._fast, old._fast, places, axis=0)
        carry(self._shock, old._shock, places, axis=0)
        carry(self._usual, old._usual, places, axis=1)
        for name in ("_slow", "_seen"):
            carry(getattr(self, name)[:, :-1], getattr(old, name)[:, :-1], places, axis=0)
            carry(getattr(self, name)[:, -1:], getattr(old, name)[:, -1:], same_lead, axis=0)
        if self._fast_said.shape[1] == old._fast_said.shape[1]:
            carry(self._fast_said, old._fast_said, places, axis=0)
        self._weights[...], self._sizes[...] = old._weights, old._sizes
        self.loops.refresh()
        carry(self._unit[:, :-1], old._unit[:, :-1], places, axis=0)  # what was borrowed stays until the next period
        carry(self._unit[:, -1:], old._unit[:, -1:], same_lead, axis=0)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return packed(self, (*_OF_SERIES, *_OF_POOL))

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        unpack(self, (*_OF_SERIES, *_OF_POOL), state)
        borrowed = self._unit.copy()  # as of the last period, and of whoever was in the pool then
        self.loops.refresh()
        self._unit[...] = borrowed


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
    weekend = (slots // per_day >= WEEKEND).astype(np.intp)
    return of_day + weekend * (int(of_day.max()) + 1)
