"""A data set in; every method asked, and the figures of its rows out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.figures import Figure
from benchmarks.forecast import losses
from benchmarks.forecast.datasets import DataSet
from benchmarks.forecast.folded import folded
from benchmarks.forecast.peers import WITHOUT_LIGHTGBM, Asking, asked, autoets, quiet
from benchmarks.forecast.trouble import troubled
from online_models.registry import DEFAULT, SIMPLE
from ops.backtest import protocol
from ops.backtest.protocol import Said
from ops.backtest.scores import bias_ratio, seasonal_scale
from streams.periods import SLOTS_PER_WEEK

TROUBLE_SEED = 11
COST_US_MAX = 200.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a ratio must reach, and what it should."""

    must: float
    goal: float


AGAINST_LIGHTGBM: Mapping[str, Limits] = {
    "scats": Limits(1.03, 0.90),
    "metro": Limits(1.08, 0.95),
    "bikes": Limits(1.08, 0.92),
    "generated": Limits(1.10, 1.00),
}
ITEMS = ("retail", "complete journey")  # judged by pinball
HEALTH = WITHOUT_LIGHTGBM
PINBALL = Limits(1.00, 0.93)
INTERVAL = Limits(1.05, 0.95)
TOTAL = Limits(0.75, 0.62)
MASE = Limits(1.0, 0.85)


def ours(one: DataSet, family: str = DEFAULT) -> Said:
    """Return what a family of the registry says."""
    return protocol.ask(family, one.table, one.configuration, quiet)


def measured(one: DataSet, asking: Asking) -> list[Figure]:
    """Return every figure of a set."""
    said = ours(one)
    figures, peers = _own(one, said), asked(one, asking)
    if one.name in HEALTH:
        return [*figures, *_health(one, said, peers["AutoETS"])]
    boosted = peers["LightGBM"]
    figures += _items(one, said, peers, asking) if one.name in ITEMS else _points(one, said, peers)
    scored = [
        [losses.interval_score(one, own, ahead) for own in (said, boosted)] for ahead in sorted(boosted.quantiles)
    ]
    mine, theirs = zip(*scored, strict=True)
    found = losses.ratio(mine, theirs, losses.periods_per_day(one))
    figures += _ratio(f"{one.name}: interval score of 80 % bands / LightGBM", found, INTERVAL)
    low, high = losses.worst_coverage(one, boosted)
    figures += [Figure(f"{one.name}: LightGBM: worst coverage of 80 % bands, {end}", 100 * value, "%")
                for end, value in (("least", low), ("largest", high))]  # fmt: skip
    return [*figures, Figure(f"{one.name}: LightGBM / ours, processor time", boosted.cost_s / said.cost_s, "ratio")]


def _own(one: DataSet, said: Said) -> list[Figure]:
    """Return what is told without a peer."""
    low, high = losses.worst_coverage(one, said)
    dirty = ours(troubled(one, TROUBLE_SEED))
    lost = [
        np.nansum(losses.absolute(one, dirty, ahead, by_median=True))
        / np.nansum(losses.absolute(one, said, ahead, by_median=True))
        for ahead in one.configuration.horizons
    ]
    live, told = folded(one, sums=one.name in ITEMS), folded(one, sums=one.name in ITEMS, seed=TROUBLE_SEED)
    broken = losses.broken_bounds(one, said) + losses.broken_bounds(troubled(one, TROUBLE_SEED), dirty)
    return [
        Figure(f"{one.name}: worst coverage of 80 % bands, least", 100 * low, "%", 72.0, 75.0, at_least=True),
        Figure(f"{one.name}: worst coverage of 80 % bands, largest", 100 * high, "%", 88.0, 85.0),
        Figure(
            f"{one.name}: MAE lost to outages and spikes, worst horizon", 100 * float(max(lost)) - 100, "%", 15.0, 5.0
        ),
        Figure(
            f"{one.name}: MAE lost to outages, spikes, duplicates and disorder in the fold, worst horizon",
            100 * max(losses.lost_by(one, live.mean[ahead], told.mean[ahead]) for ahead in live.mean),
            "%",
            15.0,
            5.0,
        ),
        Figure(f"{one.name}: events sent twice that counted twice", told.sent_twice - told.dropped, "", 0.0, 0.0),
        Figure(f"{one.name}: forecasts outside their bounds or not finite", broken, "", 0.0, 0.0),
        Figure(f"{one.name}: a closed bucket and series", 1e6 * said.cost_s / one.table.values.size, "us", COST_US_MAX),
    ]


def _points(one: DataSet, said: Said, peers: Mapping[str, Said]) -> list[Figure]:
    figures = []
    naive = ours(one, SIMPLE)
    for ahead in one.configuration.horizons:
        mine = losses.absolute(one, said, ahead, by_median=True)
        theirs = losses.absolute(one, peers["LightGBM"], ahead, by_median=True)
        smooth = losses.absolute(one, peers["AutoETS"], ahead, by_median=True)
        plain = losses.absolute(one, naive, ahead, by_median=False)
        name = f"{one.name}: MAE +{ahead}"
        figures += _ratio(
            f"{name} / LightGBM",
            losses.ratio([mine], [theirs], losses.periods_per_day(one)),
            AGAINST_LIGHTGBM[one.name],
        )
        figures += [Figure(f"{name}: {who}", float(np.nanmean(own)), "units")
                    for who, own in (("ours", mine), ("LightGBM", theirs), ("AutoETS", smooth),
                                     ("seasonal naive", plain))]  # fmt: skip
    return figures


def _items(one: DataSet, said: Said, peers: Mapping[str, Said], asking: Asking) -> list[Figure]:
    span, figures = losses.span_of(one), []
    mean = np.nanmean(one.table.values[span])
    for ahead, name in ((1, "+1"), (None, f"sum of {one.configuration.lead_periods}")):
        mine, theirs, smooth = (losses.pinball(one, own, ahead) for own in (said, peers["LightGBM"], peers["AutoETS"]))
        figures += _ratio(f"{one.name}: pinball {name} / LightGBM", losses.ratio([mine], [theirs], 1), PINBALL)
        figures += [Figure(f"{one.name}: pinball {name}: {who}", 100 * float(np.nanmean(own) / mean), "% of mean")
                    for who, own in (("ours", mine), ("LightGBM", theirs), ("AutoETS", smooth))]  # fmt: skip
    bias = 100 * abs(bias_ratio(said.mean[1][span], one.table.values[span]))
    figures.append(Figure(f"{one.name}: size of the bias of the mean +1", bias, "%", 5.0, 5.0))
    return [*figures, *_total(one.total(), one.name, asking)]


def _total(whole: DataSet, name: str, asking: Asking) -> list[Figure]:
    """Return how the sum of a set's items is forecast as one series, and how AutoETS does it.

    Every day of the span counts. The seasonal naive is the value of a week before, which knows no calendar; where a set
    has closed days, what is left of the ratio on open days, beside one that knows them, is told as well.
    """
    plain = whole.uncalendared()
    said, smooth, naive = ours(whole), autoets(whole, asking), ours(plain, SIMPLE)
    head = f"{name}: MAE of the pool's total +1 to +{max(whole.configuration.horizons)}"
    figures = [
        *_ratio(f"{head} / seasonal naive", _over(plain, said, naive), TOTAL),
        Figure(f"{head}: AutoETS / seasonal naive", _over(plain, smooth, naive, by_median=False)[0], "ratio"),
    ]
    if whole.table.closed.any():
        knowing = ours(whole, SIMPLE)
        figures.append(
            Figure(f"{head}, open days / seasonal naive that knows them", _over(whole, said, knowing)[0], "ratio")
        )
    return figures


def _over(one: DataSet, said: Said, naive: Said, *, by_median: bool = True) -> tuple[float, float, float]:
    """Return the ratio of absolute errors of all horizons, of a method's medians or means, and its interval."""
    mine, theirs = (
        [losses.absolute(one, own, ahead, by_median=of_median) for ahead in one.configuration.horizons]
        for own, of_median in ((said, by_median), (naive, False))
    )
    return losses.ratio(mine, theirs, 1)


def _health(one: DataSet, said: Said, smooth: Said) -> list[Figure]:
    figures, peers = [], {"AutoETS": smooth, "seasonal naive": ours(one, SIMPLE)}
    scale = seasonal_scale(one.table.values[: losses.span_of(one).start], SLOTS_PER_WEEK[one.configuration.period])
    for ahead in one.configuration.horizons:
        mine = losses.absolute(one, said, ahead, by_median=True) / scale
        theirs = {name: losses.absolute(one, own, ahead, by_median=False) / scale for name, own in peers.items()}
        best = min(theirs, key=lambda name: float(np.nanmean(theirs[name])))
        found = losses.ratio([mine], [theirs[best]], 1)
        figures += _ratio(f"{one.name}: MASE +{ahead} / {best}, the best of AutoETS and seasonal naive", found, MASE)
        figures += [Figure(f"{one.name}: MASE +{ahead}: {name}", float(np.nanmean(own)), "")
                    for name, own in (("ours", mine), *theirs.items())]  # fmt: skip
    return figures


def _ratio(name: str, found: tuple[float, float, float], limits: Limits) -> list[Figure]:
    value, low, high = found
    return [
        Figure(name, value, "ratio", limits.must, limits.goal),
        Figure(f"{name}, 95 % from", low, "ratio"),
        Figure(f"{name}, 95 % to", high, "ratio"),
    ]
