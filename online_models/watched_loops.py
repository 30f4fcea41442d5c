"""Quantiles of a learned and of a simple model held against what came; see `online_models.watched`."""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s
from online_models.watched_layout import AWAY, BACK

Flags = NDArray[np.uint8]


class Verdicts:
    """The arrays of a pool, held as C sees them.

    levels: of the quantiles; said: (2, series, levels) units, of the next period, by the learned and the simple model,
    NaN is nothing; loss: (2, series) discounted pinball, units; count: (series,) periods of which both had said
    something; rolled_back, is_broken: (series,); found: (series,) AWAY, BACK or 0
    limits: periods that have to be known, times the simple one's loss, units of loss that are none
    """

    def __init__(
        self,
        levels: Float64s,
        said: Float64s,
        loss: Float64s,
        count: Float64s,
        rolled_back: Flags,
        is_broken: Flags,
        limits: Float64s,
        found: Flags,
    ) -> None:
        self.levels, self.said, self.loss, self.count = levels, said, loss, count
        self.rolled_back, self.is_broken, self.limits, self.found = rolled_back, is_broken, limits, found

    def hear(self, place: int, quantiles: Float64s) -> None:
        """Remember the next period's of what the learned model said of a series, (periods, levels) units."""
        total = 0.0
        for level in range(self.levels.shape[0]):
            self.said[0, place, level] = quantiles[0, level]
            total += quantiles[0, level]
        self.is_broken[place] = total - total != 0.0  # no finite number

    def hear_nothing(self, place: int) -> None:
        """Remember that the learned model said nothing of a series."""
        for level in range(self.levels.shape[0]):
            self.said[0, place, level] = float("nan")
        self.is_broken[place] = 0

    def judge(self, came: Float64s) -> bool:
        """Learn what came, (series,) units, NaN is missing; return whether a series changes its model."""
        is_any = False
        for one in range(came.shape[0]):
            self.compare(one, came[one])
            self.found[one] = self.verdict(one)
            is_any = is_any or self.found[one] != 0
        return is_any

    def compare(self, one: int, came: float) -> None:
        """Move the losses of both models on by one period."""
        learned, simple = self.lost(0, one, came), self.lost(1, one, came)
        if learned - learned != 0.0 or simple - simple != 0.0:  # not known of both, or not finite
            return
        self.count[one] += 1.0
        rate = max(1.0 / self.limits[0], 1.0 / self.count[one])
        self.loss[0, one] += rate * (learned - self.loss[0, one])
        self.loss[1, one] += rate * (simple - self.loss[1, one])

    def lost(self, model: int, one: int, came: float) -> float:
        """Return the pinball loss of what a model had said of a series; NaN where something is missing."""
        total = 0.0
        for level in range(self.levels.shape[0]):
            missed = came - self.said[model, one, level]
            over = max(self.levels[level] * missed, (self.levels[level] - 1.0) * missed)
            total += over if missed == missed else missed
        lost: float = total / self.levels.shape[0]
        return lost

    def verdict(self, one: int) -> int:
        """Return whether the simple model serves from now on (AWAY), or the learned one again (BACK), or 0."""
        learned, simple, slack = self.loss[0, one], self.loss[1, one], self.limits[2]
        is_judged = self.count[one] >= self.limits[0]
        if not self.rolled_back[one]:
            is_worse = is_judged and learned > self.limits[1] * simple + slack
            return AWAY if self.is_broken[one] or is_worse else 0
        return BACK if is_judged and learned <= simple + slack and not self.is_broken[one] else 0
