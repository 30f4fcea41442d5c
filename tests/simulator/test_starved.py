"""Forecasts that see only what is sold go down with a shop that runs out, and stay with one that does not."""

import numpy as np

from simulator.inventory.starved import SEEN_RATIO_MIN, Starved
from simulator.inventory.world import Setting, Worlds, draw

SETTING = Setting(worlds=6, items=3, periods=40, history_periods=40, forecasts=Starved(hidden_ratio=(1.0, 1.0)))


def believed(order_periods: float) -> np.ndarray:
    """Return (worlds, n) what is believed after a season of equal orders, as a share of what is without loss."""
    scenario = draw(np.random.default_rng(4), SETTING)
    worlds = Worlds(scenario)
    average = scenario.forecasts.average_units[..., 0]
    while worlds.period < SETTING.periods - 1:
        worlds.step(np.rint(order_periods * average))
    truth = scenario.forecasts.inner.start().at(worlds.period).mean_units.sum(axis=-1)
    return worlds.outlook().mean_units.sum(axis=-1) / truth


def test_a_shop_that_sells_nothing_is_believed_to_be_asked_for_nothing():
    """Every series goes down, none below the least that is remembered."""
    ratio = believed(0.0)

    assert (ratio < 0.9).all()
    assert (ratio >= SEEN_RATIO_MIN - 1e-9).all()


def test_a_shop_that_never_runs_out_is_believed_as_it_is():
    """Nothing lost, nothing forgotten; a shop in between lies in between."""
    rich, lean = believed(30.0), believed(0.7)

    assert rich.mean() > 0.97
    assert believed(0.0).mean() < lean.mean() < rich.mean()


def test_the_same_worlds_side_by_side_are_believed_alike():
    """Copies for policies that are compared start from the same forecasts."""
    forecasts = draw(np.random.default_rng(4), SETTING).forecasts
    twice = forecasts.repeated(2)

    one, two = forecasts.start().at(0), twice.start().at(0)
    np.testing.assert_array_equal(two.mean_units, np.tile(one.mean_units, (2, 1, 1)))
    assert twice.rate.shape == (12, 3)
