"""Misses in scales in, quantiles of the next ones out: own, shared by the volume class, and corrected.

The last `RING` misses of each series and row are kept in order. Quantiles of a series' own are blended with those of
all series of its volume class (by thirds of mean demand; of small pools one class): the own share grows with how many
there are, so that a new series borrows from its pool. Misses are in scales of each series' own, so that what is shared
is the shape, and most of it is. Which level is read is corrected by how often what came lay below what had been said
for it, for each class, row and level: adaptive conformal inference (Gibbs and Candes 2021, "Adaptive Conformal
Inference Under Distribution Shift", equation 2), shared by the class because one series shows too little of its tails.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS, Float64s
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.plan import GRAIN, TRUSTED, UNFILLED_GRAINS
from online_models.residual_rings_loops import Rings

LEVELS = np.array(QUANTILE_LEVELS)
RING = 256  # misses kept of a row: about eight months of days
CLASSES = 3  # of volume
CLASSED_MIN = 9  # series of a pool, before it is cut into classes
SHARED_MIN = 2  # series that share
OWN_HALF = 250.0  # own misses that count as much as the class; of a full ring half is own
NORMAL_HALF = 150.0  # misses that count as much as a normal distribution with their median
HALVES = np.array([OWN_HALF, NORMAL_HALF])
CORRECTION = 0.002  # of a level, for a day whose every value lies on the same side; 0.02 was noise on retail
CORRECTED_MAX = 0.75  # of the way from a level to 0 or 1
VOLUME_DAYS = 28.0
SHARED_PERIODS = 4  # from one look at the misses of a class to the next, at least
KEPT_A_DAY = 6  # misses of a row, about: of shorter periods not all, and at hours that move round the day
LOW, HIGH = LEVELS * (1.0 - CORRECTED_MAX), LEVELS + (1.0 - LEVELS) * CORRECTED_MAX
_KEPT = ("_ordered", "_ages", "counts", "_offsets", "_shared", "_shared_count", "_volume")


class ResidualRings:
    """`table` (series, rows, levels) are quantiles of the next misses, in scales; `is_known` whether of enough."""

    def __init__(self, overlaps: Float64s, slots_per_day: int) -> None:
        """`overlaps` (series, rows): misses next to each other that say what one does."""
        series, rows = overlaps.shape
        self._ordered = np.full(
            (series, rows, RING), UNFILLED_GRAINS, dtype=np.int16
        )  # misses, rising, in grains of a scale
        self._ages = np.zeros((series, rows, RING), dtype=np.uint8)  # ring: the place of each, the oldest overwritten
        self.counts = np.zeros((series, rows), dtype=np.intp)  # ever kept
        kinds = CLASSES if series >= CLASSED_MIN else 1
        self._offsets = np.zeros((kinds, rows, len(LEVELS)))  # added to a level before it is read
        self._shared = np.zeros((kinds, rows, len(LEVELS)))  # quantiles of the class
        self._shared_count = np.zeros((kinds, rows))  # misses they come from
        self._volume = np.zeros(series)  # smoothed demand, units per period
        self._share_every = max(slots_per_day // 6, SHARED_PERIODS)
        self._classes: NDArray[np.intp] = np.zeros(series, dtype=np.intp)
        self.table = np.zeros((series, rows, len(LEVELS)))
        self.is_known = np.zeros((series, rows), dtype=np.uint8)
        self.loops = Rings(
            self._ordered, self._ages, self.counts, self._shared, self._shared_count, self._offsets, self._classes,
            self._volume, LEVELS, LOW, HIGH, overlaps, HALVES, self.table, self.is_known,
            1.0 / (VOLUME_DAYS * slots_per_day), CORRECTION / slots_per_day**0.5, kept_every(slots_per_day),
        )  # fmt: skip

    def settle(self, periods: int) -> None:
        """Compute quantiles anew, now that so many periods were learnt; those of the classes less often."""
        series = len(self._volume)
        if series >= SHARED_MIN and (periods % self._share_every == 0 or self.counts.max(initial=0) <= TRUSTED):
            self._share()
        self.loops.look()

    def _share(self) -> None:
        """Take the quantiles of each class from the misses of all its series; those of one alone say it all already."""
        series = len(self._volume)
        if series >= CLASSED_MIN:
            ranks = np.argsort(np.argsort(self._volume, kind="stable"), kind="stable")
            self._classes[...] = ranks * CLASSES // series
        counts = np.minimum(self.counts, RING)
        for one in range(int(self._classes.max(initial=0)) + 1):
            members = self._classes == one
            together = self._ordered[members].transpose(1, 0, 2).reshape(self._ordered.shape[1], -1)
            self._shared_count[one] = counts[members].sum(axis=0)
            levels = np.clip(LEVELS + self._offsets[one], LOW, HIGH)
            self._shared[one] = _read(np.sort(together, axis=-1), self._shared_count[one].astype(np.intp), levels)

    def adopt(self, old: Self, places: Places, same_lead: Places) -> None:
        """Take over what `old` learnt; of the lead's row only where it is of the same length."""
        carry(self._volume, old._volume, places, axis=0)
        carry(self._classes, old._classes, places, axis=0)  # until the next look at them
        for name in ("_ordered", "_ages", "counts"):
            own, before = getattr(self, name), getattr(old, name)
            carry(own[:, :-1], before[:, :-1], places, axis=0)
            carry(own[:, -1:], before[:, -1:], same_lead, axis=0)
        for name in ("_offsets", "_shared", "_shared_count"):
            own, before = getattr(self, name), getattr(old, name)
            own[...] = before if len(own) >= len(before) else before[CLASSES // 2]  # one for all, all from one
        np.minimum(self._classes, len(self._offsets) - 1, out=self._classes)
        self.loops.look()

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return *packed(self, _KEPT), self._classes.tobytes()

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        *arrays, classes = state
        unpack(self, _KEPT, arrays)
        self._classes[...] = np.frombuffer(classes, np.intp)
        self.loops.look()


def kept_every(slots_per_day: int) -> int:
    """Return the periods from one miss that is kept to the next.

    >>> kept_every(1), kept_every(24), kept_every(96)
    (1, 5, 17)
    """
    return slots_per_day // KEPT_A_DAY + 1


def _read(ordered: NDArray[np.int16], counts: NDArray[np.intp], levels: Float64s) -> Float64s:
    """Return the quantiles at `levels` (rows, levels) of the first `counts` (rows,) of `ordered` (rows, places).

    In scales; 0 of none. Rank p (n + 1): n misses cut the line into n + 1 equally likely cells, so that few of them
    give wide tails (Weibull 1939, "The phenomenon of rupture in solids").
    """
    kept = counts[..., None]
    last = np.maximum(kept - 1, 0)
    rank = np.clip(levels * (kept + 1) - 1.0, 0.0, last)
    low = rank.astype(np.intp)
    below = np.take_along_axis(ordered, low, axis=-1).astype(np.float64)
    above = np.take_along_axis(ordered, np.minimum(low + 1, last), axis=-1)
    return np.where(kept > 0, GRAIN * (below + (above - below) * (rank - low)), 0.0)
