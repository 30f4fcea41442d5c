"""Quantiles of a learned and of a simple model held against what came; see `online_models.watched`."""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

Flags = NDArray[np.uint8]

AWAY = 1  # the verdict that the simple model serves from now on
BACK = 2  # and that the learned one does again


def compare(
    came: Float64s, levels: Float64s, said: Float64s, loss: Float64s, count: Float64s, memory_periods: float
) -> None:
    """Move the discounted pinball losses of both models, (2, series), on by one period.

    came: (series,) units, NaN is missing; said: (2, series, levels) units, NaN is nothing
    count: (series,) periods of which both had said something
    """
    for one in range(came.shape[0]):
        lost = [0.0, 0.0]
        for model in range(2):
            total = 0.0
            for level in range(levels.shape[0]):
                missed = came[one] - said[model, one, level]
                total += max(levels[level] * missed, (levels[level] - 1.0) * missed) if missed == missed else missed
            lost[model] = total / levels.shape[0]
        if lost[0] - lost[0] != 0.0 or lost[1] - lost[1] != 0.0:  # not known of both, or not finite
            continue
        count[one] += 1.0
        rate = max(1.0 / memory_periods, 1.0 / count[one])
        for model in range(2):
            loss[model, one] += rate * (lost[model] - loss[model, one])


def judge(
    loss: Float64s, count: Float64s, rolled_back: Flags, is_broken: Flags, limits: Float64s, verdicts: Flags
) -> None:
    """Write into `verdicts`, (series,), which series change their model: AWAY, BACK or 0.

    loss: (2, series) of the learned and of the simple model; rolled_back, is_broken: (series,)
    limits: periods that have to be known, times the simple one's loss, units of loss that are none
    """
    for one in range(count.shape[0]):
        learned, simple, slack = loss[0, one], loss[1, one], limits[2]
        is_judged = count[one] >= limits[0]
        verdicts[one] = 0
        if not rolled_back[one]:
            if is_broken[one] or (is_judged and learned > limits[1] * simple + slack):
                verdicts[one] = AWAY
        elif is_judged and learned <= simple + slack and not is_broken[one]:
            verdicts[one] = BACK
