"""What every method said of every pool in, one row of scores for each method and number of periods ahead out.

All methods are scored on the same periods: those of which each of them said something.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np

from online_models.base import QUANTILE_LEVELS, Float64s
from ops.backtest import scores
from ops.backtest.configuration import Configuration
from ops.backtest.protocol import Said, lead_sums
from ops.backtest.table import PoolTable, reported
from streams.periods import SLOTS_PER_WEEK

SCORED_LEVELS = (0.1, 0.5, 0.9, 0.95)
_PLACES = [QUANTILE_LEVELS.index(level) for level in SCORED_LEVELS]
_LOW, _MIDDLE, _HIGH = range(3)
BAND_MISSED = 0.2  # of the band from 0.1 to 0.9


class Row(msgspec.Struct, frozen=True):
    """How one method did. Errors are in units, None where nothing could be scored."""

    method: str
    ahead: str  # "+7": periods ahead; "sum of 7": demand over the lead time
    count: int  # values that were scored
    silent: int  # values it said nothing of, though they came
    cost_us: float  # processor time for each period and series
    mae: float | None = None  # of the median, which no other number beats on it
    mase: float | None = None  # the same of each series by its mean seasonal difference before; of sums none is told
    pinball: float | None = None  # mean over 0.1, 0.5, 0.9 and 0.95
    coverage: float | None = None  # of the band from 0.1 to 0.9
    interval_score: float | None = None  # of the same band
    bias: float | None = None  # of the mean, as a share of what came; of sums none is told


def rows(tables: Sequence[PoolTable], said: Mapping[str, Sequence[Said]], configuration: Configuration) -> list[Row]:
    """Return the scores of `said`, by method and in the order of `tables`."""
    spans = [reported(table, configuration) for table in tables]
    values = sum(table.values.size for table in tables)
    costs_us = {method: 1e6 * sum(one.cost_s for one in own) / values for method, own in said.items()}

    def joined(parts: Iterable[Float64s]) -> Float64s:
        return _side_by_side([part[span] for part, span in zip(parts, spans, strict=True)])

    season = SLOTS_PER_WEEK[configuration.period]
    scale = np.concatenate(
        [scores.seasonal_scale(table.values[: span.start], season) for table, span in zip(tables, spans, strict=True)]
    )
    found = []
    for ahead in configuration.horizons:
        came = joined(table.values for table in tables)
        quantiles = {method: joined(one.quantiles[ahead] for one in own) for method, own in said.items()}
        means = {method: joined(one.mean[ahead] for one in own) for method, own in said.items()}
        for row in _scored(f"+{ahead}", came, quantiles, costs_us):
            extra = _of_single_periods(came, quantiles, row.method, means[row.method], scale)
            found.append(msgspec.structs.replace(row, **extra))
    if (lead := configuration.lead_periods) > 1:
        sums = joined(lead_sums(table.demand, lead) for table in tables)
        quantiles = {method: joined(one.lead_quantiles for one in own) for method, own in said.items()}
        found += _scored(f"sum of {lead}", sums, quantiles, costs_us)
    return found


def _side_by_side(parts: Sequence[Float64s]) -> Float64s:
    """Return pools as one array (periods, series, ...); shorter ones end with NaN."""
    length = max(len(part) for part in parts)
    padded = [
        np.pad(part, [(0, length - len(part))] + [(0, 0)] * (part.ndim - 1), constant_values=np.nan) for part in parts
    ]
    return np.concatenate(padded, axis=1)


def _common(came: Float64s, quantiles: Mapping[str, Float64s]) -> Float64s:
    """Return what came where every method had said something, NaN elsewhere; who never speaks is not waited for."""
    spoke = [~np.isnan(own[..., _PLACES]).any(axis=-1) for own in quantiles.values()]
    return np.where(np.logical_and.reduce([one for one in spoke if one.any()] or [np.array(False)]), came, np.nan)


def _scored(
    ahead: str, came: Float64s, quantiles: Mapping[str, Float64s], costs_us: Mapping[str, float]
) -> Iterator[Row]:
    common = _common(came, quantiles)
    count = int((~np.isnan(common)).sum())
    for method, own in quantiles.items():
        silent = int((~np.isnan(came) & np.isnan(own[..., _PLACES]).any(axis=-1)).sum())
        row = Row(method, ahead, count, silent, costs_us[method])
        if count and not np.isnan(own[..., _PLACES]).all():
            chosen = own[..., _PLACES]
            low, middle, high = (chosen[..., place] for place in (_LOW, _MIDDLE, _HIGH))
            row = msgspec.structs.replace(
                row,
                mae=scores.absolute_error(middle, common),
                pinball=scores.pinball(chosen, np.array(SCORED_LEVELS), common),
                coverage=scores.coverage(low, high, common),
                interval_score=scores.interval_score(low, high, common, missed=BAND_MISSED),
            )
        yield row


def _of_single_periods(
    came: Float64s, quantiles: Mapping[str, Float64s], method: str, mean: Float64s, scale: Float64s
) -> dict[str, float | None]:
    """Return what is not told of sums: a mean's bias, and errors by the series' own seasonal differences."""
    common = _common(came, quantiles)
    if np.isnan(quantiles[method][..., _PLACES]).all():
        return {}
    scaled = np.abs(quantiles[method][..., _PLACES[_MIDDLE]] - common) / scale
    bias = scores.bias_ratio(mean, common)
    return {
        "mase": float(np.nanmean(scaled)) if not np.isnan(scaled).all() else None,
        "bias": bias if math.isfinite(bias) else None,
    }
