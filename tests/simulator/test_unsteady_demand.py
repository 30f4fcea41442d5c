"""Generated demand is whole, finite and wide: levels move in every shape, and demand scatters about them."""

import numpy as np
import pytest

from simulator.inventory import unsteady_demand
from simulator.inventory.unsteady_levels import PLAIN, RESTLESS, Shape, autoregressive
from simulator.inventory.unsteady_noise import SCATTERS, Scatter, spread_ratio


def test_demand_is_whole_and_the_same_from_the_same_seed():
    """Nothing below zero, no fraction, nothing that is no number; chance is the argument."""
    one, other = (unsteady_demand.draw(np.random.default_rng(4), 500, 60) for _ in range(2))

    np.testing.assert_array_equal(one, other)
    assert one.shape == (500, 60)
    assert np.isfinite(one).all()
    assert (one >= 0).all()
    np.testing.assert_array_equal(one, np.rint(one))


def test_demand_is_wide():
    """Means over three orders of magnitude, calm and wild items, some correlated, some without demand for a while."""
    demand = unsteady_demand.draw(np.random.default_rng(5), 2000, 60)
    mean = demand.mean(axis=1)
    variation = demand.std(axis=1) / mean

    assert np.quantile(mean, 0.99) / np.quantile(mean, 0.01) > 300
    assert np.quantile(variation, 0.05) < 0.25
    assert np.quantile(variation, 0.95) > 1.0
    assert 0.01 < (demand == 0).mean() < 0.2


@pytest.mark.parametrize("shape", {**PLAIN, **RESTLESS}, ids=lambda shape: shape.__name__)
def test_every_shape_is_a_factor(shape: Shape):
    """Above zero, finite, one row an item, also of no items; but for the steady one, no row is like another."""
    factor = shape(np.random.default_rng(6), 40, 45)

    assert shape(np.random.default_rng(6), 0, 45).shape == (0, 45)
    assert factor.shape == (40, 45)
    assert np.isfinite(factor).all()
    assert (factor > 0).all()
    assert shape.__name__ == "steady" or len(np.unique(factor.round(9), axis=0)) == 40


@pytest.mark.parametrize("scatter", SCATTERS, ids=lambda scatter: scatter.__name__)
def test_every_scatter_keeps_the_mean(scatter: Scatter):
    """Over many periods demand is its mean, whatever its spread."""
    mean = np.full((400, 200), 50.0)
    drawn = scatter(np.random.default_rng(7), mean, np.full_like(mean, 0.3))

    assert drawn.mean() == pytest.approx(50.0, rel=0.02)
    assert drawn.std() > 1.0


def test_spreads_and_correlation_are_as_asked():
    """A quarter of the spreads move; the correlation of neighbours is what was asked for."""
    rng = np.random.default_rng(8)
    spread = spread_ratio(rng, 2000, 50)
    series = autoregressive(rng, np.full(400, 0.8), 200)

    assert 0.2 < (np.ptp(spread, axis=1) > 1e-12).mean() < 0.3
    assert np.corrcoef(series[:, 1:].ravel(), series[:, :-1].ravel())[0, 1] == pytest.approx(0.8, abs=0.02)
