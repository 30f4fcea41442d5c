"""A pool's table in, what a method said from every period out: one pass in the order of time.

A method is asked after each period and learns the next one only then, so that what it says of a period `h` ahead was
said `h` periods before that was known. Nothing is fitted again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import process_time

import numpy as np

from online_models import registry
from online_models.base import QUANTILE_LEVELS, Float64s, Forecast, PoolBucket
from ops.backtest.configuration import Configuration
from ops.backtest.table import PoolTable
from streams.periods import SLOTS_PER_WEEK


@dataclass(frozen=True, slots=True)
class Said:
    """What one method said of one pool, in the row of the period that it was said of; NaN where it said nothing.

    `mean` and `quantiles` are by number of periods ahead, units per period; `lead_quantiles` are of the sum of
    `lead_periods` periods and stand in the row of the first of them.
    """

    mean: dict[int, Float64s]  # (periods, series)
    quantiles: dict[int, Float64s]  # (periods, series, levels)
    lead_quantiles: Float64s  # (periods, series, levels)
    cost_s: float = 0.0  # processor time of learning and forecasting


def ask(family: str, table: PoolTable, configuration: Configuration, done: Callable[[int], None]) -> Said:
    """Return what the family of that name says of a pool; `done` is told of each period."""
    periods, series = table.values.shape
    per_week, horizon = SLOTS_PER_WEEK[configuration.period], configuration.horizon_periods
    beyond = configuration.grid.slots(float(table.starts_s[-1]), horizon + 1)[1:]
    slots = (*table.slots, *beyond)  # when a place is open is known before, what it sells is not
    forecaster = registry.create_pool(
        family, slots_per_week=per_week, horizon_periods=horizon, lead_periods=[configuration.lead_periods] * series
    )
    said = nothing(table, configuration.horizons)
    censored, began_s = np.zeros(series, bool), process_time()
    for at in range(periods - 1):
        start_s, ahead = float(table.starts_s[at]), slots[at + 1 : at + 1 + horizon]
        bucket = PoolBucket(start_s, table.slots[at], table.values[at], censored, table.covariates[at], ahead)
        forecaster.learn(bucket)
        for one, forecast in enumerate(forecaster.forecast(ahead)):
            if forecast is not None:
                _keep(said, forecast, at, one)
        done(1)
    return replace(said, cost_s=process_time() - began_s)


def nothing(table: PoolTable, horizons: Sequence[int]) -> Said:
    """Return arrays for a pool, in which nothing is said yet."""
    (periods, series), levels = table.values.shape, len(QUANTILE_LEVELS)
    return Said(
        {ahead: np.full((periods, series), np.nan) for ahead in horizons},
        {ahead: np.full((periods, series, levels), np.nan) for ahead in horizons},
        np.full((periods, series, levels), np.nan),
    )


def joined(parts: Sequence[Said]) -> Said:
    """Return as one what was said of different horizons of a pool, or of the sum; the costs add up."""
    lead = parts[0].lead_quantiles
    for one in parts[1:]:
        lead = np.where(np.isnan(lead), one.lead_quantiles, lead)
    return Said(
        {ahead: found for one in parts for ahead, found in one.mean.items()},
        {ahead: found for one in parts for ahead, found in one.quantiles.items()},
        lead,
        sum(one.cost_s for one in parts),
    )


def _keep(said: Said, forecast: Forecast, at: int, one: int) -> None:
    """Put what was said of a series after the period `at` where it belongs."""
    said.lead_quantiles[at + 1, one] = forecast.lead_quantiles
    for ahead, mean in said.mean.items():
        if at + ahead < len(mean):
            mean[at + ahead, one] = forecast.mean[ahead - 1]
            said.quantiles[ahead][at + ahead, one] = forecast.quantiles[ahead - 1]


def lead_sums(values: Float64s, lead_periods: int) -> Float64s:
    """Return of each period and series (periods, series) the sum from it on; NaN where it is not whole.

    >>> lead_sums(np.array([[1.0], [2.0], [4.0]]), 2)[:, 0].tolist()
    [3.0, 6.0, nan]
    """
    sums = np.full(values.shape, np.nan)
    whole = len(values) - lead_periods + 1
    if whole > 0:
        sums[:whole] = np.lib.stride_tricks.sliding_window_view(values, lead_periods, axis=0).sum(axis=-1)
    return sums
