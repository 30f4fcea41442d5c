"""What forecasts of a pool's series were missed by in, the quantiles of the next misses out: own, shared and corrected.

Quantiles of a series' own last residuals are blended with those of all series of its volume class (by thirds of mean
demand; of small pools one class): the own share grows with how many residuals there are, so that a new series borrows
from its pool. Which level is read is corrected by how often what came lay below what had been said for it, for each
class, step ahead and level: adaptive conformal inference (Gibbs and Candes 2021, "Adaptive Conformal Inference Under
Distribution Shift", equation 2), shared by the class because one series shows too little of its tails. Residuals are in
spread units (`online_models.quantiles.spread_unit`).
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS, Bools, Float64s, Slot
from online_models.carry import Places, carry
from online_models.plan import RING, TRUSTED, steps_between
from online_models.quantiles import UNFILLED, guess, spread_unit
from online_models.waiting import Waiting

LEVELS = np.array(QUANTILE_LEVELS)
CLASSES = 3  # of volume
CLASSED_MIN = 9  # series of a pool, before it is cut into classes
OWN_HALF = 55.0  # own residuals that count as much as the class; of a full ring (128) 0.7 is own
CORRECTION = 0.002  # of a level, for a day whose every value lies on the same side; 0.02 was noise on retail
CORRECTED_MAX = 0.75  # of the way from a level to 0 or 1
VOLUME_DAYS = 28.0
ERROR_RATE = 0.03  # of the mean absolute miss: about the last 30 periods
SHARED_PERIODS = 4  # from one look at the residuals of a class to the next, at least


class PoolQuantiles:
    """Quantiles around the centres of a pool's next periods.

    After each period tell it what came (`learn`), then what is said of the next ones (`say`); `around` may be asked at
    any time between.
    """

    def __init__(self, horizon_periods: int, lead_periods: Sequence[int], slots_per_week: int) -> None:
        slots_per_day = max(slots_per_week // 7, 1)
        self._waiting = Waiting(horizon_periods, lead_periods)
        series, rows = len(lead_periods), len(self._waiting.knots) + 1
        shape = (CLASSES, rows, len(LEVELS))
        self._rings = np.full((series, rows, RING), UNFILLED, dtype=np.float32)  # the last residuals, spread units
        self._counts = np.zeros((series, rows), dtype=np.intp)  # residuals ever kept
        self._offsets = np.zeros(shape)  # added to a level before it is read
        self._shared = np.zeros(shape)  # quantiles of the class, spread units
        self._shared_count = np.zeros((CLASSES, rows))  # residuals they come from
        self._volume = np.zeros(series)  # smoothed demand, units per period
        self._error = np.zeros(series)  # mean absolute miss of the next period, units
        self._rate = 1.0 / (VOLUME_DAYS * slots_per_day)
        self._step = CORRECTION / slots_per_day**0.5
        self._every = max(slots_per_day // 6, SHARED_PERIODS)
        self.table = np.zeros((series, rows, len(LEVELS)))  # quantiles of the next residuals, spread units
        self.is_known: Bools = np.zeros((series, rows), dtype=bool)  # enough residuals, own or shared

    def learn(self, slot: Slot, values: Float64s, is_bound: Bools) -> None:
        """Learn the next period.

        slot: of that period
        values: (series,) demand, units; NaN is missing
        is_bound: (series,) the value is a lower bound: it counts only where it lies above what was said
        """
        del slot
        waiting = self._waiting
        waiting.learn(values, is_bound)
        residuals = (waiting.came - waiting.said) / spread_unit(np.maximum(waiting.said, 0.0))
        self._remember(residuals)
        given = ~np.isnan(values)
        self._volume = np.where(given, self._volume + self._rate * (values - self._volume), self._volume)
        self._correct(residuals)
        counts = np.minimum(self._counts, RING)
        if waiting.periods % self._every == 0 or counts.max(initial=0) <= TRUSTED:
            self._share(self._rings, counts)
        self._look()

    def say(self, slots: Sequence[Slot], paths: Float64s) -> None:
        """Remember the centres `paths` (series, steps), units, of the periods that follow; NaN says nothing.

        Call it once after each `learn`. The paths reach the horizon and every lead; `slots` may be fewer.
        """
        del slots
        self._waiting.say(paths)

    def around(self, slots: Sequence[Slot], paths: Float64s, ceilings: Float64s) -> Float64s:
        """Return the quantiles around centres, (series, len(slots) + 1, levels), the last row of the lead's sum.

        Non-decreasing along the levels and within [0, ceilings]; of a series whose path is NaN, NaN.

        slots: of the next periods, those wanted
        paths: (series, steps) centres, units; at least as many as slots, and as the longest lead
        ceilings: (series,) what no period may exceed, units
        """
        leads, periods = self._waiting.leads, len(slots)
        centres = np.empty((len(paths), periods + 1))
        centres[:, :-1] = paths[:, :periods]
        centres[:, -1] = [path[:lead].sum() for path, lead in zip(paths, leads.tolist(), strict=True)]
        near, far, way = steps_between(self._waiting.knots, periods)
        missed = self.table[:, near] + (self.table[:, far] - self.table[:, near]) * way
        middle = centres[..., None]
        found: Float64s = middle + missed * spread_unit(middle)
        unknown = ~self.is_known[:, far]
        if unknown.any():
            wide = np.repeat(self._error[:, None], periods + 1, axis=1)
            wide[:, -1] *= np.sqrt(leads)
            found = np.where(unknown[..., None], guess(middle, wide[..., None]), found)
        limits = np.repeat(ceilings[:, None], periods + 1, axis=1)
        limits[:, -1] *= leads
        return np.clip(found, 0.0, limits[..., None])

    def _remember(self, residuals: Float64s) -> None:
        for one, row in zip(*(place.tolist() for place in np.nonzero(~np.isnan(residuals))), strict=True):
            self._rings[one, row, self._counts[one, row] % RING] = residuals[one, row]
            self._counts[one, row] += 1
        miss = np.abs(self._waiting.came[:, 0] - self._waiting.said[:, 0])
        rate = np.maximum(ERROR_RATE, 1.0 / np.maximum(self._counts[:, 0], 1))
        self._error = np.where(np.isnan(miss), self._error, self._error + rate * (miss - self._error))

    def _look(self) -> None:
        """Compute `table` and `is_known` from all that is kept."""
        classes, counts = self._classes(), np.minimum(self._counts, RING)
        levels = np.clip(LEVELS + self._offsets, *_BOUNDS)[classes]
        own = _read(np.sort(self._rings, axis=-1), counts, levels)
        count = counts[..., None].astype(np.float64)
        trusted = self._shared_count[classes][..., None] >= TRUSTED
        share = np.where(trusted, count / (count + OWN_HALF), 1.0)
        self.table = np.maximum.accumulate(share * own + (1.0 - share) * self._shared[classes], axis=-1)
        self.is_known = (counts >= TRUSTED) | trusted[..., 0]

    def adopt(self, old: Self, places: Places) -> None:
        """Take over, newly made, what `old` learnt of the classes, and of the series that stay.

        The spread of a lead's sum begins anew where the lead is of another length.
        """
        self._waiting.adopt(old._waiting, places)
        carry(self._volume, old._volume, places, axis=0)
        carry(self._error, old._error, places, axis=0)
        carry(self._rings, old._rings, places, axis=0)
        carry(self._counts, old._counts, places, axis=0)
        other = [place for place, before in enumerate(places)
                 if before is not None and self._waiting.leads[place] != old._waiting.leads[before]]  # fmt: skip
        self._rings[other, -1], self._counts[other, -1] = UNFILLED, 0
        self._offsets, self._shared, self._shared_count = old._offsets, old._shared, old._shared_count
        self._look()

    def _classes(self) -> NDArray[np.intp]:
        """Return the volume class of each series, (series,): 0 is the quietest."""
        series = len(self._volume)
        if series < CLASSED_MIN:
            return np.zeros(series, dtype=np.intp)
        ranks = np.argsort(np.argsort(self._volume, kind="stable"), kind="stable")
        return ranks * CLASSES // series

    def _correct(self, residuals: Float64s) -> None:
        """Read lower where too little lay below a level's quantile than it should, and the other way round."""
        known = self.is_known & ~np.isnan(residuals)
        if not known.any():
            return
        below = (residuals[..., None] <= self.table) * known[..., None]
        classes = self._classes()
        for one in range(classes.max() + 1):
            members = classes == one
            count = known[members].sum(axis=0)[:, None]
            share = below[members].sum(axis=0) / np.maximum(count, 1)
            self._offsets[one] += np.where(count > 0, self._step * (LEVELS - share), 0.0)
        np.clip(self._offsets, _BOUNDS[0] - LEVELS, _BOUNDS[1] - LEVELS, out=self._offsets)

    def _share(self, rings: NDArray[np.float32], counts: NDArray[np.intp]) -> None:
        """Take the quantiles of each class from the residuals of all its series."""
        classes = self._classes()
        for one in range(classes.max(initial=0) + 1):
            members = classes == one
            together = np.sort(rings[members].transpose(1, 0, 2).reshape(rings.shape[1], -1), axis=-1)
            self._shared_count[one] = counts[members].sum(axis=0)
            levels = np.clip(LEVELS + self._offsets[one], *_BOUNDS)
            self._shared[one] = _read(together, self._shared_count[one].astype(np.intp), levels)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return *(getattr(self, name).tobytes() for name in _KEPT), self._waiting.state()

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        *arrays, waiting = state
        self._waiting.restore(waiting)
        for name, data in zip(_KEPT, arrays, strict=True):
            own = getattr(self, name)
            own[...] = np.frombuffer(data, own.dtype).reshape(own.shape)
        self._look()


_KEPT = ("_rings", "_counts", "_error", "_offsets", "_shared", "_shared_count", "_volume")
_BOUNDS = (LEVELS * (1.0 - CORRECTED_MAX), LEVELS + (1.0 - LEVELS) * CORRECTED_MAX)


def _read(ordered: NDArray[np.float32], counts: NDArray[np.intp], levels: Float64s) -> Float64s:
    """Return the quantiles at `levels` (..., levels) of the first `counts` (...) of `ordered` (..., places); 0 of none.

    Rank p (n + 1), as in `online_models.plan.levels_among`.
    """
    kept = counts[..., None]
    last = np.maximum(kept - 1, 0)
    rank = np.clip(levels * (kept + 1) - 1.0, 0.0, last)
    low = rank.astype(np.intp)
    below = np.take_along_axis(ordered, low, axis=-1).astype(np.float64)
    above = np.take_along_axis(ordered, np.minimum(low + 1, last), axis=-1)
    return np.where(kept > 0, below + (above - below) * (rank - low), 0.0)
