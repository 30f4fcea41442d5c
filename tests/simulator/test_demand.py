"""Generated demand has the means it claims, and forecasts of it are wrong in the ways they should be."""

import numpy as np
import pytest

from online_models.base import QUANTILE_LEVELS
from simulator.inventory.demand import RETAIL, Taste, draw
from simulator.inventory.forecasts import Errors, believe

STEADY = Taste(mean_units=(20.0, 20.0), drift=(0.0, 0.0))
EXACT = Errors(profile=0.0, level=(0.0, 0.0), bias=(0.0, 0.0), width=1.0, dispersion=0.0)


def test_the_same_generator_draws_the_same_demand():
    """Common random numbers rest on this."""
    one, two = (draw(np.random.default_rng(5), 3, 4, 50) for _ in range(2))

    np.testing.assert_array_equal(one.units, two.units)
    assert (one.units != draw(np.random.default_rng(6), 3, 4, 50).units).any()


def test_units_have_the_mean_that_is_claimed():
    """Silent days, bulk orders and shapes are all scaled so that the mean stays."""
    demand = draw(np.random.default_rng(1), 50, 20, 700, STEADY)

    assert demand.units.mean() == pytest.approx(demand.mean_units().mean(), rel=0.02)
    assert demand.units.min() >= 0
    np.testing.assert_array_equal(demand.units, np.floor(demand.units))


def test_closed_days_sell_nothing_in_the_whole_pool():
    """A shop is closed for all its items at once."""
    demand = draw(np.random.default_rng(2), 40, 5, 140, RETAIL)
    shut = (demand.profile == 0).all(axis=1)  # (worlds, 7)

    np.testing.assert_array_equal(shut, (demand.profile == 0).any(axis=1))
    assert 0.5 < shut.any(axis=1).mean() < 0.95
    assert demand.units.reshape(40, 5, 20, 7).sum(axis=(1, 2))[shut].sum() == 0


def test_most_series_are_lumpier_than_counting_noise():
    """Retail days vary by more than their square root: that is what the policies must live with."""
    demand = draw(np.random.default_rng(3), 30, 10, 400, RETAIL)
    spread = demand.units.std(axis=-1) / demand.units.mean(axis=-1)

    assert 1.0 < np.median(spread) < 2.5


def test_forecasts_without_errors_cover_as_often_as_they_say():
    """Residual quantiles of lead time + 1 periods are measured on windows of that width."""
    rng = np.random.default_rng(4)
    demand = draw(rng, 40, 10, 400, STEADY)
    leads = rng.integers(2, 8, size=(40, 10))
    forecasts = believe(rng, demand, leads, 300, EXACT)
    covered = np.zeros(len(QUANTILE_LEVELS))
    for origin in range(90):
        quantiles = forecasts.lead_quantiles(forecasts.means(origin, 8))
        asked = demand.units[..., 300 + origin : 308 + origin]
        total = np.where(np.arange(8) <= leads[..., None], asked, 0).sum(axis=-1)
        covered += (total[..., None] <= quantiles).mean(axis=(0, 1)) / 90

    np.testing.assert_allclose(covered, QUANTILE_LEVELS, atol=0.05)


def test_quantiles_rise_and_are_never_negative():
    """With every kind of error a distribution stays a distribution."""
    rng = np.random.default_rng(5)
    forecasts = believe(rng, draw(rng, 20, 5, 150), rng.integers(0, 8, size=(20, 5)), 112)
    means = forecasts.means(10, 8)

    for quantiles in (forecasts.quantiles(means), forecasts.lead_quantiles(means)):
        assert (quantiles >= 0).all()
        assert (np.diff(quantiles, axis=-1) >= 0).all()


def test_forecasts_do_not_know_the_future():
    """Demand after the origin changes nothing that is believed at it."""
    one = draw(np.random.default_rng(6), 2, 3, 150)
    leads = np.full((2, 3), 3)
    later = one.units.copy()
    later[..., 112:] += 1000
    changed = type(one)(one.level_units, one.profile, later)
    two = [
        believe(np.random.default_rng(7), demand, leads, 112).lead_quantiles(np.ones((2, 3, 8)))
        for demand in (one, changed)
    ]

    np.testing.assert_array_equal(*two)
