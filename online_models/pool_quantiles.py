"""Centres of what a pool's next periods bring in, and what came of them; the quantiles around the next centres out.

A miss is the difference of the roots of what came and of what was said: counts spread alike in roots, a quantile below
never crosses zero, and quiet and busy periods can share a ring (Anscombe 1948, "The transformation of Poisson, binomial
and negative-binomial data", Biometrika 35). It is divided by the scale expected of it (`online_models.spread_scale`),
and kept by steps ahead and for the sum over the lead (`online_models.residual_rings`).
"""

import functools
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Bools, Float64s, Places64, Slot
from online_models.carry import Places, carry
from online_models.next_slots import next_slots
from online_models.plan import steps_between
from online_models.pool_quantiles_loops import Misses
from online_models.quantiles import NORMAL_Z
from online_models.residual_rings import LEVELS, ResidualRings, kept_every
from online_models.spread_scale import SpreadScale
from online_models.waiting import Waiting


class PoolQuantiles:
    """Quantiles around the centres of a pool's next periods.

    After each period tell it what came (`learn`), then what is said of the next ones (`say`); `around` may be asked at
    any time between.
    """

    def __init__(self, horizon_periods: int, lead_periods: Sequence[int], slots_per_week: int) -> None:
        self._waiting = Waiting(horizon_periods, lead_periods)
        series, rows = len(lead_periods), len(self._waiting.knots) + 1
        slots_per_day = max(slots_per_week // 7, 1)
        overlaps = np.ones((series, rows))
        overlaps[:, -1] = np.maximum(
            self._waiting.leads / kept_every(slots_per_day), 1.0
        )  # sums share all but a period
        self._scale = SpreadScale(self._waiting.delays, overlaps, slots_per_week)
        self._rings = ResidualRings(overlaps, slots_per_day)
        self._roots = np.full((series, rows), np.nan)
        self._error = np.zeros(series)  # mean absolute miss of the next period, units
        self._seen = np.zeros(series)  # misses in it
        self._misses = Misses(
            self._waiting.loops, self._scale.loops, self._rings.loops, self._waiting.leads, self._roots, self._error,
            self._seen, NORMAL_Z,
        )  # fmt: skip

    def learn(self, slot: Slot, values: Float64s, is_bound: Bools) -> None:
        """Learn the next period.

        slot: of that period
        values: (series,) demand, units; NaN is missing, as all of a closed slot has to be
        is_bound: (series,) the value is a lower bound: it counts only where it lies above what was said
        """
        values, periods = np.ascontiguousarray(values, dtype=np.float64), self._waiting.periods
        bounds = np.ascontiguousarray(is_bound).view(np.uint8)
        self._misses.learn(values, bounds, int(slot.closed), slot.of_week, periods)
        self._waiting.periods = periods + 1
        self._rings.settle(periods + 1)

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
        found: Float64s = np.empty((len(paths), len(slots) + 1, len(LEVELS)))
        known = next_slots(slots)
        self._misses.around(
            np.ascontiguousarray(paths, dtype=np.float64), known.of_week,
            *_between(self._waiting.knots, len(slots)), np.ascontiguousarray(ceilings, dtype=np.float64), found,
        )  # fmt: skip
        known.close(found)
        known.close_sums(found[:, -1], self._waiting.leads)
        return found

    def adopt(self, old: Self, places: Places) -> None:
        """Take over, newly made, what `old` learnt of the classes, and of the series that stay.

        The spread of a lead's sum begins anew where the lead is of another length.
        """
        same_lead = self._waiting.adopt(old._waiting, places)
        self._scale.adopt(old._scale, places, same_lead)
        self._rings.adopt(old._rings, places, same_lead)
        carry(self._error, old._error, places, axis=0)
        carry(self._seen, old._seen, places, axis=0)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        errors = self._error.tobytes(), self._seen.tobytes()
        return self._waiting.state(), self._scale.state(), self._rings.state(), *errors

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        waiting, scale, rings, error, seen = state
        self._waiting.restore(waiting)
        self._scale.restore(scale)
        self._rings.restore(rings)
        self._error[...], self._seen[...] = np.frombuffer(error), np.frombuffer(seen)


@functools.lru_cache(maxsize=256)
def _between(knots: tuple[int, ...], periods: int) -> tuple[Places64, Places64, Float64s]:
    near, far, way = steps_between(knots, periods)
    return near, far, way[:, 0].copy()
