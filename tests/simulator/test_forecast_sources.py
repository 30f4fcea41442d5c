"""Forecasts inside a world: exact where there is a law, honest where it is hidden, imitated as they are live."""

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from online_models.base import QUANTILE_LEVELS
from policies.inventory.base_stock import BaseStock
from simulator.inventory.forecasts import LIVE_LIKE
from simulator.inventory.known import Known
from simulator.inventory.online import Online
from simulator.inventory.outlook import Source
from simulator.inventory.patterns import Pattern
from simulator.inventory.replay import Replayed
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting, Worlds, draw

HORIZON, HISTORY = 8, 112


def test_known_forecasts_are_the_laws_quantiles():
    """Poisson sums are Poisson, sums of geometric counts negative binomial: three periods of mean 5."""
    levels = np.array(QUANTILE_LEVELS)
    for noise, law in (("poisson", poisson(15)), ("geometric", nbinom(3, 1 / 6))):
        setting = Setting(items=1, periods=5, demand=Pattern(noise), trade=Terms(2), forecasts=Known())
        outlook = draw(np.random.default_rng(1), setting).forecasts.start().at(0)

        np.testing.assert_array_equal(outlook.lead_quantile_units[0, 0], law.ppf(levels))
        np.testing.assert_array_equal(outlook.mean_units, np.full((1, 1, 8), 5.0))


def test_hidden_states_have_no_exact_forecast():
    """Knowing the state would be foresight."""
    hidden = Pattern(regime_factors=(0.5, 1.5))
    with pytest.raises(ValueError, match="no exact forecast"):
        draw(np.random.default_rng(1), Setting(demand=hidden, forecasts=Known()))


@pytest.mark.parametrize("source", [LIVE_LIKE, Online("seasonal-naive")])
def test_no_forecast_knows_what_is_still_to_come(source: Source):
    """Two futures after the same past are expected alike, with hidden levels too."""
    recorded = np.random.default_rng(2).poisson(9, (3, 150)).astype(float)
    changed = recorded.copy()
    changed[:, HISTORY + 10 :] += 50

    def said(series: np.ndarray) -> np.ndarray:
        setting = Setting(items=3, periods=30, demand=Replayed(series), trade=Terms(3), forecasts=source)
        scenario = draw(np.random.default_rng(3), setting)
        run = scenario.forecasts.start()
        for period in range(10):
            run.at(period)
            run.learn(scenario.demand.units[..., HISTORY + period], censored=np.zeros((1, 3)))
        outlook = run.at(10)
        return np.concatenate([outlook.mean_units.ravel(), outlook.lead_quantile_units.ravel()])

    np.testing.assert_array_equal(said(recorded), said(changed))


def test_forecasts_after_a_jump_of_the_hidden_level_follow_late():
    """The imitation smooths what was asked: in the first period of a new state it still believes the old one."""
    series = np.repeat([[3.0, 30.0]], [HISTORY + 1, 60], axis=1)
    setting = Setting(items=1, periods=30, demand=Replayed(series), trade=Terms(2))
    run = draw(np.random.default_rng(4), setting).forecasts.start()
    means = np.array([run.at(period).mean_units[0, 0, 0] for period in range(30)])

    assert means[1] < 5
    assert means[-1] > 15


def test_runs_learn_from_what_they_sold_themselves():
    """After a common past an empty shop, whose sales say nothing, expects other things than a full one, as live."""
    setting = Setting(worlds=1, items=4, periods=40, trade=Terms(2), forecasts=Online("smoothing"))
    scenario = draw(np.random.default_rng(5), setting)
    expected = []
    for factor in (0.0, 1.0):
        worlds = Worlds(scenario)
        first = worlds.outlook().mean_units
        while not worlds.done:
            orders = BaseStock(factor).decide(worlds.observation()).reshape(1, 4)
            worlds.step(orders.astype(float))
        expected.append((first, worlds.outlook().mean_units.sum()))

    np.testing.assert_array_equal(expected[0][0], expected[1][0])
    assert abs(expected[0][1] / expected[1][1] - 1) > 0.05


def judged(source: Source, seed: int, worlds: int) -> tuple[float, np.ndarray]:
    """Return the error of the next period's mean, in mean periods, and the coverage of lead-time quantiles."""
    setting = Setting(worlds=worlds, items=8, periods=48, history_periods=HISTORY, forecasts=source)
    scenario = draw(np.random.default_rng(seed), setting)
    run, lead = scenario.forecasts.start(), scenario.items.lead_time_periods
    average = scenario.forecasts.average_units[..., 0]
    errors, covered = [], []
    for origin in range(48 - HORIZON):
        outlook, now = run.at(origin), HISTORY + origin
        asked = scenario.demand.units[..., now : now + HORIZON]
        total = np.where(np.arange(HORIZON) <= lead[..., np.newaxis], asked, 0.0).sum(axis=-1)
        errors.append(np.abs(outlook.mean_units[..., 0] - scenario.demand.mean_units()[..., now]) / average)
        covered.append(total[..., np.newaxis] <= outlook.lead_quantile_units)
        run.learn(asked[..., 0], censored=np.zeros(average.shape))
    return float(np.mean(errors)), np.mean(covered, axis=(0, 1, 2))


def test_the_imitation_is_wrong_as_much_as_the_live_models_are():
    """On generated demand: error of the mean within a fifth, coverage within a few points of the live models'."""
    real_error, real_covered = judged(Online("mixture"), seed=31, worlds=10)
    error, covered = judged(LIVE_LIKE, seed=31, worlds=60)

    assert error == pytest.approx(real_error, rel=0.2)
    np.testing.assert_allclose(covered, real_covered, atol=0.07)
