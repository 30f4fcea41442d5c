"""A pool's table in, what LightGBM is told at each origin of a target period out."""

import numpy as np

from online_models.base import Float64s
from ops.backtest.configuration import Configuration
from ops.backtest.table import PoolTable
from streams.periods import SLOTS_PER_WEEK

OWN_LAGS = 8


def features(table: PoolTable, configuration: Configuration, ahead: int) -> Float64s:
    """Return (periods, series, features) of the period `ahead` periods after each origin; NaN is unknown.

    The last eight values, those of the target's time of day and week of late, means over windows, the pool's mean of
    the last two periods, slot, weekday, day of the year and holiday of the target, the series' number, and covariates
    as observed at the origin: all known there.
    """
    values, week = table.values, SLOTS_PER_WEEK[configuration.period]
    day = max(week // 7, 1)
    periods, series = values.shape
    columns = [_lagged(values, lag) for lag in range(OWN_LAGS)]
    seasonal = sorted({day, 2 * day, week - 1, week, week + 1, 2 * week, 3 * week, 4 * week})
    columns += [_lagged(values, lag - ahead) for lag in seasonal if lag >= ahead]
    columns += [_mean_of_last(values, window) for window in sorted({4, day, week, 4 * week}) if window > 1]
    if series > 1:
        together = np.repeat(_mean(values)[:, None], series, axis=1)
        columns += [together, _lagged(together, 1)]
    targets = [table.slots[min(at + ahead, periods - 1)] for at in range(periods)]
    slots = np.array([slot.of_week for slot in targets])
    of_year = np.array([[slot.day_of_year, slot.holiday] for slot in targets], np.float64)
    numbers = np.arange(series, dtype=np.float64)
    columns += [np.repeat(one[:, None], series, axis=1) for one in (slots % day * 1.0, slots // day * 1.0, *of_year.T)]
    columns.append(np.repeat(numbers[None], periods, axis=0))
    for name in configuration.columns.covariates:
        observed = np.array([dict(at).get(name, np.nan) for at in table.covariates])
        columns.append(np.repeat(observed[:, None], series, axis=1))
    return np.stack(columns, axis=-1)


def _mean(values: Float64s) -> Float64s:
    """Return the mean over the series of each period, what is missing left out."""
    given = ~np.isnan(values)
    count = given.sum(axis=1)
    return np.where(count > 0, np.where(given, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def _lagged(values: Float64s, lag: int) -> Float64s:
    """Return what was known `lag` periods before each origin."""
    found = np.full_like(values, np.nan)
    if lag < len(values):
        found[lag:] = values[: len(values) - lag]
    return found


def _mean_of_last(values: Float64s, window: int) -> Float64s:
    """Return the mean of the last `window` values at each origin, what is missing left out."""
    given = ~np.isnan(values)
    totals, counts = np.cumsum(np.where(given, values, 0.0), axis=0), np.cumsum(given, axis=0)
    totals[window:] -= totals[:-window].copy()
    counts[window:] -= counts[:-window].copy()
    return np.where(counts > 0, totals / np.maximum(counts, 1), np.nan)
