"""Demand that stock-outs hide is recovered: its mean within a tenth, its upper quantiles about as they are."""

import numpy as np
import pytest

from online_models import registry
from online_models.base import QUANTILE_LEVELS, Bucket, PoolBucket, Slot
from online_models.unconstrained import unconstrained

WEEK = np.array([1.0, 0.9, 0.8, 0.9, 1.4, 1.6, 0.4])
DAYS, SERIES = 500, 4


def demand_of(kind: str, mean: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return rates (days, 1) and demand (days, series)."""
    rates = np.full((DAYS, 1), mean) if kind == "poisson" else mean * np.resize(WEEK / WEEK.mean(), DAYS)[:, None]
    if kind == "bursts by week":
        return rates, rng.negative_binomial(3, 3 / (3 + rates), (DAYS, SERIES)).astype(float)
    return rates, rng.poisson(rates, (DAYS, SERIES)).astype(float)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("mean", [2.0, 12.0, 80.0])
@pytest.mark.parametrize(
    ("family", "kind"),
    [("mixture", "poisson by week"), ("mixture", "bursts by week"), ("river-linear", "poisson")],
)
def test_the_mean_of_hidden_demand_is_recovered(family: str, kind: str, mean: float, share: float) -> None:
    """Stock of a fifth to six fifths of the mean on some days: forecasts are of demand, not of what could be sold."""
    found = [hidden_and_said(family, kind, mean, share, np.random.default_rng(seed)) for seed in (1, 2, 3)]
    hidden, said, covered = np.mean(found, axis=0)
    assert said == pytest.approx(hidden, rel=0.1)
    assert 0.84 < covered < 0.97


def hidden_and_said(
    family: str, kind: str, mean: float, share: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the mean that was hidden, the one that was said, and how often demand lay below the 90 % quantile."""
    rates, demand = demand_of(kind, mean, rng)
    short = rng.random(demand.shape) < share
    stock = np.where(short, np.floor(rates * rng.uniform(0.2, 1.2, demand.shape)), np.inf)
    pool = registry.create_pool(family, slots_per_week=7, horizon_periods=7, lead_periods=[3] * SERIES)
    said, covered = [], []
    for day in range(DAYS - 1):
        sold = np.minimum(demand[day], stock[day])
        pool.learn(PoolBucket(day * 86_400.0, Slot(day % 7), sold, demand[day] >= stock[day]))
        if day >= DAYS // 2:
            found = [one for one in pool.forecast([Slot((day + 1) % 7)]) if one is not None]
            said.append([one.mean[0] for one in found])
            upper = np.array([one.quantiles[0, QUANTILE_LEVELS.index(0.9)] for one in found])
            covered.append(demand[day + 1] <= upper)
    return float(rates[DAYS // 2 + 1 :].mean()), float(np.mean(said)), float(np.mean(covered))


def test_demand_that_is_always_cut_stays_bounded() -> None:
    """Stock of ten every day for two years: nothing can be known beyond that, and nothing runs away."""
    model = registry.create("smoothing", slots_per_week=7, horizon_periods=7, lead_periods=3)
    for day in range(730):
        model.learn(Bucket(day * 86_400.0, day % 7, 10.0, censored=day > 30))
    forecast = model.forecast([730 % 7])
    assert forecast is not None
    assert 10.0 <= forecast.mean[0] <= 30.0


@pytest.mark.parametrize(("sold", "expected"), [(0.0, 0.4), (3.0, 2.0), (2.5, 2.0), (50.0, 60.0), (200.0, 20.0)])
def test_a_draw_is_never_below_what_was_sold(sold: float, expected: float) -> None:
    """And draws of one place are the same."""
    for place in range(200):
        draw = unconstrained(sold, expected, 1.0, place)
        assert draw >= sold
        assert draw == unconstrained(sold, expected, 1.0, place)
