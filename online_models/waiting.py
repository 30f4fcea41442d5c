"""Centres said of a pool's next periods in; once those periods have come, what was said and what came of them out.

What was said of some steps ahead ("knots") and of the sum over the lead periods waits in rings as long as the delay.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.plan import knots_of
from online_models.waiting_loops import Waits

_KEPT = ("_said", "_came", "_is_bound")  # arrays, in the order of the state


class Waiting:
    """A row for each knot, and last the lead's; `said`, `came` and `is_known` are of the last learnt period."""

    def __init__(self, horizon_periods: int, lead_periods: Sequence[int]) -> None:
        self.knots = knots_of(horizon_periods)
        self.leads: NDArray[np.intp] = np.array(lead_periods, dtype=np.intp)
        series, rows, longest = len(lead_periods), len(self.knots) + 1, max(lead_periods)
        delays = np.array([*self.knots, longest], dtype=np.intp)
        self._firsts: NDArray[np.intp] = np.append(0, np.cumsum(delays))[:-1]  # place of each ring
        self.delays: NDArray[np.intp] = np.tile(delays, (series, 1))
        self.delays[:, -1] = self.leads
        self._said = np.full((series, int(delays.sum())), np.nan, dtype=np.float32)  # units; NaN: nothing was said
        self._came = np.full((series, longest), np.nan, dtype=np.float32)  # the last periods' demand; NaN: missing
        self._is_bound = np.zeros((series, longest), dtype=np.uint8)  # that demand is a lower bound
        self.periods = 0
        self.said: Float64s = np.full((series, rows), np.nan)  # what had been said of the period that came
        self.came: Float64s = np.full((series, rows), np.nan)  # NaN where nothing was said, or may be learnt
        self.loops = Waits(
            self.delays, self._firsts, self._said, self._came, self._is_bound, self.said, self.came
        )  # fmt: skip

    def say(self, paths: Float64s) -> None:
        """Remember what is said now of the next periods: (series, length), units; NaN says nothing."""
        self.loops.keep_said(np.ascontiguousarray(paths, dtype=np.float64), self.periods)

    def adopt(self, old: Self, places: Places) -> Places:
        """Take over what `old` remembers of the series that stay; a lead of another length begins anew.

        Returns the places of those whose lead is of the same length.
        """
        knots, lead = int(self._firsts[-1]), min(self._came.shape[1], old._came.shape[1])
        carry(self._said[:, :knots], old._said[:, :knots], places, axis=0)
        same = [before if before is not None and self.leads[place] == old.leads[before] else None
                for place, before in enumerate(places)]  # fmt: skip
        carry(self._said[:, knots : knots + lead], old._said[:, knots : knots + lead], same, axis=0)
        carry(self._came[:, :lead], old._came[:, :lead], same, axis=0)
        carry(self._is_bound[:, :lead], old._is_bound[:, :lead], same, axis=0)
        self.periods = old.periods
        return same

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return *packed(self, _KEPT), self.periods

    def restore(self, state: Sequence[Any]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        *arrays, self.periods = state
        unpack(self, _KEPT, arrays)
