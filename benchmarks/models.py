"""`python -m benchmarks.models [--quick] [--json FILE]`: what the online models cost and how well they forecast.

Every registered family runs over the same series in the same run: a forecast after every bucket, scored when its
demand comes. Pinball loss is the mean over the 0.1, 0.5 and 0.9 quantiles, as a share of mean demand; ratios are
to `seasonal-naive` in the same run. Development spans only (`benchmarks/series.py`). Cost is processor time, so
that a busy machine does not count; learning and forecasting together, a bucket.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.figures import Figure, options, tell
from benchmarks.series import Series, retail, traffic
from online_models import registry
from online_models.base import QUANTILE_LEVELS, Forecast

SCORED_LEVELS = tuple(QUANTILE_LEVELS.index(level) for level in (0.1, 0.5, 0.9))
COST_US_MUST = 600.0  # learn + forecast(8), a bucket
COST_US_GOAL = 300.0
QUICK_SERIES = 5


def pinball(quantiles: np.ndarray, came: float) -> float:
    """Return the pinball loss of 0.1, 0.5 and 0.9, mean over the three, in units.

    >>> round(pinball(np.array([0, 1, 0, 5, 0, 9, 0, 0, 0.0]), 6.0), 3)
    0.433
    """
    levels = np.array(QUANTILE_LEVELS)[list(SCORED_LEVELS)]
    missed = came - quantiles[list(SCORED_LEVELS)]
    return float(np.maximum(levels * missed, (levels - 1.0) * missed).mean())


def scored(name: str, series: Series) -> tuple[dict[str, float], float]:
    """Return the mean scores of one series, as shares of mean demand, and the processor seconds a bucket."""
    forecaster = registry.create(
        name,
        slots_per_week=series.slots_per_week,
        horizon_periods=series.horizon_periods,
        lead_periods=series.lead_periods,
    )
    slots = [bucket.slot_of_week for bucket in series.buckets]
    values = np.array([np.nan if bucket.value is None else bucket.value for bucket in series.buckets])
    sums: dict[str, list[float]] = defaultdict(list)
    spent_s = 0.0
    last = len(values) - max(series.horizon_periods, series.lead_periods)
    for place in range(last):
        begun_s = time.thread_time()
        forecaster.learn(series.buckets[place])
        forecast = forecaster.forecast(slots[place + 1 : place + 1 + series.horizon_periods])
        spent_s += time.thread_time() - begun_s
        if forecast is not None and place >= series.warm_up:
            _score(forecast, values[place + 1 :], series, sums)
    demand = float(np.mean(sums.pop("demand")))
    lead_demand = float(np.mean(sums["lead demand"])) if sums.pop("lead demand", None) else demand * series.lead_periods
    shares = {key: float(np.mean(one)) / (lead_demand if key == "lead" else demand) for key, one in sums.items()}
    return shares, spent_s / last


def _score(forecast: Forecast, came: np.ndarray, series: Series, sums: dict[str, list[float]]) -> None:
    for label, step in (("next", 1), ("last", series.horizon_periods)):
        if not np.isnan(came[step - 1]):
            sums[label].append(pinball(forecast.quantiles[step - 1], float(came[step - 1])))
    if not np.isnan(came[0]):
        sums["demand"].append(float(came[0]))
        sums["bias"].append(float(forecast.mean[0] - came[0]))
    lead = float(came[: series.lead_periods].sum())
    if not np.isnan(lead):
        sums["lead"].append(pinball(forecast.lead_quantiles, lead))


def measured(label: str, series: Sequence[Series]) -> list[Figure]:
    """Return the figures of every family on one set of series."""
    scores: dict[str, dict[str, float]] = {}
    costs: dict[str, float] = {}
    for name in registry.FORECASTERS:
        results = [scored(name, one) for one in series]
        scores[name] = {key: float(np.mean([shares[key] for shares, _ in results])) for key in results[0][0]}
        costs[name] = float(np.mean([cost_s for _, cost_s in results])) * 1e6
    found = []
    for name, own in scores.items():
        served = name == "river-linear"
        limits = (COST_US_MUST, COST_US_GOAL) if served and series[0].horizon_periods <= 8 else (None, None)
        found.append(
            Figure(f"{label} {name}: learn + forecast({series[0].horizon_periods})", costs[name], "us", *limits)
        )
        for key, title in (("next", "+1"), ("last", f"+{series[0].horizon_periods}"), ("lead", "over the lead")):
            ratio = own[key] / scores["seasonal-naive"][key]
            limit = (0.9, 0.75) if served else (None, None)
            found.append(Figure(f"{label} {name}: pinball {title}", 100 * own[key], "% of mean demand"))
            if name != "seasonal-naive":
                found.append(Figure(f"{label} {name}: pinball {title} / seasonal naive", ratio, "ratio", *limit))
        found.append(Figure(f"{label} {name}: bias +1", 100 * own["bias"], "% of mean demand"))
        if served:
            found.append(Figure(f"{label} {name}: size of the bias +1", 100 * abs(own["bias"]), "%", 10.0, 5.0))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return 1 when a figure misses what it must reach."""
    chosen = options((__doc__ or "").splitlines()[0]).parse_args(arguments)
    shop, road = retail(), traffic()
    if chosen.quick:
        shop = shop[:: len(shop) // QUICK_SERIES][:QUICK_SERIES]
    return tell([*measured("retail, daily:", shop), *measured("traffic, hourly:", road)], chosen.json)


if __name__ == "__main__":
    sys.exit(main())
