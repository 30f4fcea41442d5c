"""`python -m benchmarks.models [--quick] [--json FILE]`: what the online models cost and how well they forecast.

Every registered family runs over the same series in the same run: a forecast after every bucket, scored when its
demand comes. Pinball loss is the mean over the 0.1, 0.5 and 0.9 quantiles, as a share of mean demand; ratios are
to `seasonal-naive` in the same run. Development spans only (`benchmarks/series.py`). Cost is processor time, so
that a busy machine does not count; learning and forecasting together, a bucket.
"""

import gc
import sys
import time
import tracemalloc
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from benchmarks.figures import Figure, options, tell
from benchmarks.series import Series, retail, traffic
from online_models import registry
from online_models.base import QUANTILE_LEVELS, Bucket, Forecast
from online_models.forecaster import SeriesForecaster, forecasts

SCORED_LEVELS = tuple(QUANTILE_LEVELS.index(level) for level in (0.1, 0.5, 0.9))
COST_US_MUST = 600.0  # learn + forecast(8), a bucket
COST_US_GOAL = 300.0
QUICK_SERIES = 5

# What the stream benchmark asks of a series: hourly, a day ahead with quantiles.
SERVED = "river-linear"
SLOTS_PER_WEEK, HORIZON_PERIODS, LEAD_PERIODS = 168, 24, 3
HELD_BUCKETS = 200  # taught to each of the series whose memory is measured
BURST = 8  # calls that one timing is the mean of; the least of many is least disturbed by others on the machine
STREAM_US = (120.0, 80.0)  # must and goal: learn + forecast(24)
STATE_US = (25.0, 5.0)
RESTORE_US = (60.0, 25.0)
HELD_BYTES = (15_000.0, 8_000.0)
STATE_BYTES = (6_000.0, 4_000.0)


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


def hourly(periods: int, seed: int = 0) -> list[Bucket]:
    """Return hourly buckets of Poisson demand with a daily and a weekly shape."""
    hours = np.arange(periods)
    rates = 20.0 + 15.0 * np.sin(hours * 2 * np.pi / 24) + 5.0 * np.sin(hours * 2 * np.pi / SLOTS_PER_WEEK)
    counts = np.random.default_rng(seed).poisson(np.maximum(rates, 0.0))
    return [Bucket(3600.0 * hour, hour % SLOTS_PER_WEEK, float(count)) for hour, count in enumerate(counts)]


def _served() -> SeriesForecaster:
    made = registry.create(
        SERVED, slots_per_week=SLOTS_PER_WEEK, horizon_periods=HORIZON_PERIODS, lead_periods=LEAD_PERIODS
    )
    assert isinstance(made, SeriesForecaster)
    return made


def stream_costs(bursts: int) -> list[Figure]:
    """Return what one series costs a stream worker, each the least of `bursts` bursts, and ten series of a pool."""
    buckets, forecaster, pool = hourly(500 + BURST * bursts), _served(), [_served() for _ in range(10)]
    for one in (forecaster, *pool):
        for bucket in buckets[:500]:
            one.learn(bucket)
    pool_slots = [(500 + step) % SLOTS_PER_WEEK for step in range(HORIZON_PERIODS)]
    state = b""
    found: dict[str, list[float]] = defaultdict(list)
    for first in range(500, len(buckets), BURST):
        slots = [(first + BURST + step) % SLOTS_PER_WEEK for step in range(HORIZON_PERIODS)]
        marks = [time.perf_counter()]
        for bucket in buckets[first : first + BURST]:
            forecaster.learn(bucket)
        marks.append(time.perf_counter())
        for _ in range(BURST):
            forecaster.forecast(slots)
        marks.append(time.perf_counter())
        for _ in range(BURST):
            state = forecaster.state()
        marks.append(time.perf_counter())
        for _ in range(BURST):
            registry.restore(SERVED, state)
        marks.append(time.perf_counter())
        forecasts(pool, pool_slots)
        marks.append(time.perf_counter())
        for name, spent_s in zip(("learn", "forecast", "state", "restore", "pool"), np.diff(marks), strict=True):
            found[name].append(1e6 * float(spent_s) / (10 if name == "pool" else BURST))
    least = {name: min(values) for name, values in found.items()}
    return [
        Figure(f"{SERVED}: learn", least["learn"], "us"),
        Figure(f"{SERVED}: forecast(24)", least["forecast"], "us"),
        Figure(f"{SERVED}: learn + forecast(24)", least["learn"] + least["forecast"], "us", *STREAM_US),
        Figure(f"{SERVED}: forecast(24), ten series together, each", least["pool"], "us"),
        Figure(f"{SERVED}: learn + forecast(24), ten together, each", least["learn"] + least["pool"], "us", *STREAM_US),
        Figure(f"{SERVED}: state()", least["state"], "us", *STATE_US),
        Figure(f"{SERVED}: restore", least["restore"], "us", *RESTORE_US),
        Figure(f"{SERVED}: size of a state", float(len(state)), "bytes", *STATE_BYTES),
    ]


def held_bytes(series: int) -> Figure:
    """Return what one series takes in memory, mean over many of them."""
    buckets = hourly(HELD_BUCKETS)
    slots = [(HELD_BUCKETS + step) % SLOTS_PER_WEEK for step in range(HORIZON_PERIODS)]
    for bucket in buckets:
        _served().learn(bucket)  # what is made once for all is no series' own
    gc.collect()
    tracemalloc.start()
    held = [_served() for _ in range(series)]
    for forecaster in held:
        for bucket in buckets:
            forecaster.learn(bucket)
        forecaster.forecast(slots)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Figure(f"{SERVED}: memory, hourly, 24 periods ahead", taken / len(held), "bytes", *HELD_BYTES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return 1 when a figure misses what it must reach."""
    chosen = options((__doc__ or "").splitlines()[0]).parse_args(arguments)
    shop, road = retail(), traffic()
    if chosen.quick:
        shop = shop[:: len(shop) // QUICK_SERIES][:QUICK_SERIES]
    costs = [*stream_costs(100 if chosen.quick else 400), held_bytes(50 if chosen.quick else 500)]
    return tell([*measured("retail, daily:", shop), *measured("traffic, hourly:", road), *costs], chosen.json)


if __name__ == "__main__":
    sys.exit(main())
