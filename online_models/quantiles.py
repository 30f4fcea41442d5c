"""Forecasts made and actuals that came in, quantiles of the next forecasts out.

The spread of a forecast is what its own past errors say: for some steps ahead ("knots") and for the sum over
the lead periods, the last residuals are kept in a ring of fixed size. A residual is kept in units that grow
with the forecast (see `spread_unit`), so that a quiet night and a rush hour can share one ring.
"""

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.plan import RING, TRUSTED, Plan, levels_among, plan, steps_between

UNFILLED = float(np.finfo(np.float32).max)  # sorts behind every residual; unlike infinity it has a difference
Float32s = NDArray[np.float32]

NORMAL_Z = np.array([-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645, 1.960, 2.326])  # of QUANTILE_LEVELS


def spread_unit(mean: Float64s) -> Float64s:
    """Return the unit of a residual of a forecast `mean`, in units: it grows as demand's own spread does.

    Counts spread as the square root of their mean (Poisson); on the development spans of retail and traffic alike
    this power beat 0.75 and 1 by 0.5 to 6 % of pinball loss. The one unit added keeps quiet series off zero.

    >>> spread_unit(np.array([0.0, 80.0])).tolist()
    [1.0, 9.0]
    """
    unit: Float64s = np.sqrt(mean + 1.0)
    return unit


class ResidualQuantiles:
    """The residuals of one series; bounded: `RING` per knot, and the forecasts that still wait for their actual."""

    __slots__ = ("_actuals", "_bounds_only", "_counts", "_periods", "_waiting", "plan", "rings")

    def __init__(self, horizon_periods: int, lead_periods: int) -> None:
        self.plan: Plan = plan(horizon_periods, lead_periods)
        rows = len(self.plan.waits)
        self._waiting = array("f", [math.nan]) * self.plan.waiting  # forecasts made, a ring a row; NaN: none
        self.rings = array("f", [UNFILLED]) * (rows * RING)  # residuals in spread units, row by row
        self._counts = array("I", bytes(4 * rows))  # residuals ever kept
        self._actuals = array("f", [math.nan]) * lead_periods  # the last periods' demand; NaN: missing
        self._bounds_only = bytearray(lead_periods)  # whether that demand is a lower bound
        self._periods = 0

    @property
    def counts(self) -> list[int]:
        """Return how many residuals were ever kept of each knot, and last of the lead periods."""
        return self._counts.tolist()

    def learn(self, actual: float | None, *, censored: bool) -> None:
        """Hold the next period's demand against what was said of it; a missing one (None) says nothing.

        Demand is not negative. A censored one is a lower bound: it counts only where it lies above what was said.
        """
        came = math.nan if actual is None else actual
        periods, place = self._periods, self._periods % len(self._actuals)
        self._actuals[place] = came
        self._bounds_only[place] = censored
        self._periods = periods + 1
        rings, counts, waiting, last = self.rings, self._counts, self._waiting, len(self._counts) - 1
        for row, (first, delay) in enumerate(self.plan.waits):
            if row == last:
                came, censored = sum(self._actuals), 1 in self._bounds_only
            said = waiting[first + periods % delay]
            if said >= 0.0 and came >= 0.0:  # not a number: nothing was said, or a period is missing
                residual = (came - said) / math.sqrt(said + 1.0)
                if residual > 0.0 or not censored:
                    rings[row * RING + counts[row] % RING] = residual
                    counts[row] += 1

    def say(self, path: Sequence[float] | None) -> None:
        """Remember what is said now of the next periods; `path` reaches the last knot and the lead periods.

        Call it once after each `learn`; None says nothing (not ready).
        """
        waiting, last = self._waiting, self._periods - 1  # its place is free: `last + delay` comes by there again
        lead_periods = len(self._actuals)
        said = [math.nan] * self.plan.length if path is None else path
        for first, delay in self.plan.waits:
            waiting[first + last % delay] = said[delay - 1]
        first, _ = self.plan.waits[-1]
        waiting[first + last % lead_periods] = sum(said[:lead_periods])

    def quantiles(self, path: Sequence[float], periods: int, error: float, largest: float) -> Float64s:
        """Return what `quantiles_together` does, of one series: (periods + 1, levels)."""
        centres = np.empty((periods + 1, 1))
        centres[:-1, 0] = path[:periods]
        centres[-1, 0] = sum(path[: len(self._actuals)])
        rings = np.frombuffer(bytearray(self.rings), dtype=np.float32)
        return _bands(rings, centres, (self.plan, self.kept), error, largest)

    @property
    def kept(self) -> tuple[int, ...]:
        """Return how many residuals are kept of each knot, and last of the lead periods."""
        counts = self._counts
        if min(counts) >= RING:
            return self.plan.full
        return tuple(counts) if max(counts) <= RING else tuple([min(count, RING) for count in counts])

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return (
            self._waiting.tobytes(),
            self.rings.tobytes(),
            self._counts.tolist(),
            self._actuals.tobytes(),
            self._bounds_only,
            self._periods,
        )

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same horizon and lead periods returned."""
        waiting, rings, counts, actuals, bounds_only, self._periods = state
        self._waiting = array("f", waiting)
        self.rings = array("f", rings)
        self._counts = array("I", counts)
        self._actuals = array("f", actuals)
        self._bounds_only = bytearray(bounds_only)


def quantiles_together(
    group: Sequence[ResidualQuantiles], paths: Float64s, periods: int, errors: Float64s, largest: Float64s
) -> Float64s:
    """Return the quantiles of the first `periods` of each path, and last those of its first lead periods together.

    Shape (series, periods + 1, levels); within [0, `largest` a period], non-decreasing along the levels. All series
    of the group share one plan and keep equally many residuals; `paths` is (series, at least `periods` and lead).
    Together, because NumPy takes a microsecond a call, however little there is to do.
    """
    plan, kept = group[0].plan, group[0].kept
    centres = np.empty((len(group), periods + 1, 1))
    centres[:, :-1, 0] = paths[:, :periods]
    centres[:, -1, 0] = [sum(path) for path in paths[:, : plan.waits[-1][1]].tolist()]
    rings = np.frombuffer(bytearray().join([one.rings for one in group]), dtype=np.float32)
    rings = rings.reshape(len(group), -1)
    return _bands(rings, centres, (plan, kept), errors[:, None, None], largest[:, None, None])


Bound = float | Float64s  # of one series, or (series, 1, 1)


def _bands(
    rings: Float32s, centres: Float64s, shape: tuple[Plan, tuple[int, ...]], errors: Bound, largest: Bound
) -> Float64s:
    """Return the quantiles around `centres`, (..., periods + 1, 1), by what is kept in `rings`, (..., rows x RING).

    Sorts the rings in place.
    """
    plan, kept = shape
    if max(kept) < TRUSTED:  # a young series: nothing of the rings would be left
        out = np.empty((*centres.shape[:-1], len(NORMAL_Z)))
    else:
        out = _by_residuals(rings, centres, shape)
    if min(kept) < TRUSTED:
        _guess_untrusted(out, centres, shape, errors)
    np.maximum(out, 0.0, out=out)
    steps, lead = out[..., :-1, :], out[..., -1:, :]
    np.minimum(steps, largest, out=steps)
    np.minimum(lead, largest * plan.waits[-1][1], out=lead)
    return out


def _by_residuals(rings: Float32s, centres: Float64s, shape: tuple[Plan, tuple[int, ...]]) -> Float64s:
    plan, kept = shape
    rings.reshape(-1, RING).sort(axis=1)
    low, high, share = levels_among(kept)
    below = rings.take(low, axis=-1)
    at_knots = below + (rings.take(high, axis=-1) - below) * share
    near, far, way = steps_between(plan.knots, centres.shape[-2] - 1)
    before = at_knots.take(near, axis=-2)
    out: Float64s = at_knots.take(far, axis=-2)
    out -= before
    out *= way
    out += before
    out *= spread_unit(centres)
    out += centres
    return out


def _guess_untrusted(out: Float64s, centres: Float64s, shape: tuple[Plan, tuple[int, ...]], errors: Bound) -> None:
    """Overwrite what too few residuals were kept of: the longer steps, or the lead."""
    plan, kept = shape
    trusted = sum(count >= TRUSTED for count in kept[:-1])  # the shortest steps get there first
    if trusted < len(plan.knots):
        first = plan.knots[trusted] - 1
        if trusted and not kept[trusted]:  # nothing to go towards
            first = plan.knots[trusted - 1]
        out[..., first:-1, :] = guess(centres[..., first:-1, :], errors)  # none when a shorter horizon is asked for
    if kept[-1] < TRUSTED:
        out[..., -1:, :] = guess(centres[..., -1:, :], errors * plan.waits[-1][1] ** 0.5)


def guess(means: Float64s, errors: Bound) -> Float64s:
    """Return wide quantiles around a column of means: no tighter than a Poisson's, and than what was missed so far."""
    spread = np.maximum(np.maximum(np.sqrt(means), 0.5 * means), np.maximum(1.5 * errors, 1.0))
    return np.asarray(means + spread * NORMAL_Z)
