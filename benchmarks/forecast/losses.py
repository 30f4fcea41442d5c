"""What was said and what came in; losses by day, ratios with an interval, worst classes and broken bounds out."""

from collections.abc import Sequence

import numpy as np

from benchmarks.forecast.datasets import DataSet
from online_models.base import QUANTILE_LEVELS, Float64s
from ops.backtest.protocol import Said, lead_sums
from ops.backtest.result import SCORED_LEVELS
from ops.backtest.table import reported
from streams.periods import SLOTS_PER_WEEK

PLACES = [QUANTILE_LEVELS.index(level) for level in SCORED_LEVELS]
LOW, MIDDLE, HIGH = (QUANTILE_LEVELS.index(level) for level in (0.1, 0.5, 0.9))
BOUND_TIMES = 3.0
BLOCK_DAYS = 7  # of the bootstrap
DRAWS = 1000
CLASSES = 3


def span_of(one: DataSet) -> slice:
    """Return the reported rows."""
    return reported(one.table, one.configuration)


def absolute(one: DataSet, said: Said, ahead: int, *, by_median: bool) -> Float64s:
    """Return the absolute errors of the reported span, (periods, series): of the mean, or of the median."""
    forecast = said.quantiles[ahead][..., MIDDLE] if by_median else said.mean[ahead]
    errors: Float64s = np.abs(forecast - one.table.values)[span_of(one)]
    return errors


def lost_by(one: DataSet, clean: Float64s, troubled: Float64s) -> float:
    """Return by what share the mean absolute error of the reported span grows, what either says nothing of left out."""
    came, span = one.table.values, span_of(one)
    known = ~np.isnan(came[span]) & ~np.isnan(clean[span]) & ~np.isnan(troubled[span])
    errors = [np.abs(found[span] - came[span])[known].sum() for found in (clean, troubled)]
    return float(errors[1] / errors[0]) - 1.0


def pinball(one: DataSet, said: Said, ahead: int | None) -> Float64s:
    """Return the mean pinball losses of the reported span, (periods, series); ahead None: of the sum over the lead."""
    came = lead_sums(one.table.demand, one.configuration.lead_periods) if ahead is None else one.table.values
    quantiles = (said.lead_quantiles if ahead is None else said.quantiles[ahead])[..., PLACES]
    missed = came[..., None] - quantiles
    levels = np.array(SCORED_LEVELS)
    losses: Float64s = np.maximum(levels * missed, (levels - 1.0) * missed).mean(axis=-1)[span_of(one)]
    return losses


def interval_score(one: DataSet, said: Said, ahead: int) -> Float64s:
    """Return the scores of the bands from 0.1 to 0.9 of the reported span, (periods, series)."""
    low, high = said.quantiles[ahead][..., LOW], said.quantiles[ahead][..., HIGH]
    came = one.table.values
    outside = np.maximum(low - came, 0.0) + np.maximum(came - high, 0.0)
    scores: Float64s = (high - low + 10.0 * outside)[span_of(one)]
    return scores


def ratio(ours: Sequence[Float64s], theirs: Sequence[Float64s], per_day: int) -> tuple[float, float, float]:
    """Return the ratio of summed losses and its 95 % interval, by a bootstrap over weeks; what either lacks counts not.

    Of several horizons the means are added.
    """
    pairs = [
        (np.where(np.isnan(b), np.nan, a), np.where(np.isnan(a), np.nan, b)) for a, b in zip(ours, theirs, strict=True)
    ]
    block = BLOCK_DAYS * per_day
    sums = np.array([[_by_blocks(one, block) for one in pair] for pair in pairs]).sum(axis=0)  # (2, blocks)
    rng = np.random.default_rng(9)
    drawn = rng.integers(0, sums.shape[1], size=(DRAWS, sums.shape[1]))
    resampled = sums[:, drawn].sum(axis=-1)
    low, high = np.quantile(resampled[0] / resampled[1], [0.025, 0.975])
    return float(sums[0].sum() / sums[1].sum()), float(low), float(high)


def _by_blocks(losses: Float64s, block: int) -> Float64s:
    """Return the sum of each whole block of periods, the rest with the last."""
    by_period = np.nansum(losses, axis=1)
    count = max(len(by_period) // block, 1)
    edges = np.arange(count) * block
    found: Float64s = np.add.reduceat(by_period, edges)
    return found


def worst_coverage(one: DataSet, said: Said) -> tuple[float, float]:
    """Return the least and the largest share inside the band from 0.1 to 0.9, of any volume class and horizon.

    Demand that is counted is spread evenly over the unit around it, as a randomised probability integral transform
    does (Czado, Gneiting and Held 2009, "Predictive Model Assessment for Count Data", Biometrics 65, section 2).
    """
    span = span_of(one)
    came = one.table.values[span]
    whole = bool(np.all(came[~np.isnan(came)] % 1.0 == 0.0))
    rng = np.random.default_rng(10)
    spread = np.maximum(came + rng.uniform(-0.5, 0.5, came.shape), 0.0) if whole else came
    series = came.shape[1]
    volume = np.nanmean(one.table.values[: span.start], axis=0)
    classes = np.argsort(np.argsort(volume)) * min(CLASSES, series) // series
    shares = []
    for ahead in said.quantiles:
        low, high = said.quantiles[ahead][span][..., LOW], said.quantiles[ahead][span][..., HIGH]
        known = ~np.isnan(low) & ~np.isnan(spread)
        inside = (low <= spread) & (spread <= high)
        shares += [float(inside[:, classes == own][known[:, classes == own]].mean()) for own in set(classes.tolist())]
    return min(shares), max(shares)


def broken_bounds(one: DataSet, said: Said) -> int:
    """Return how many forecasts are no finite number or lie outside [0, 3 x the largest demand heard before]."""
    values = np.where(np.isnan(one.table.values), 0.0, one.table.values)
    largest = np.maximum.accumulate(values, axis=0)
    broken = 0
    for ahead in one.configuration.horizons:
        known = np.vstack([np.zeros((ahead, values.shape[1])), largest[:-ahead]])  # when it was said
        for found in (said.mean[ahead][..., None], said.quantiles[ahead]):
            is_said = ~np.isnan(said.mean[ahead])[..., None]
            outside = (found < 0.0) | (found > BOUND_TIMES * known[..., None] * (1.0 + 1e-9)) | ~np.isfinite(found)
            broken += int((outside & is_said).sum())
    return broken


def periods_per_day(one: DataSet) -> int:
    """Return how many periods a day has."""
    return max(SLOTS_PER_WEEK[one.configuration.period] // 7, 1)
