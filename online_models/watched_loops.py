"""Quantiles of a learned and of a simple model held against what came; see `online_models.watched`."""

from online_models.base import Float64s


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
