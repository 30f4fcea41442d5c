"""Paths of demand have the forecast's distribution, period by period and over the lead time."""

from statistics import NormalDist

import numpy as np
import pytest

from online_models.base import QUANTILE_LEVELS
from policies.observation import Observation, from_arrays
from simulator.inventory import demand_paths

NORMAL = np.array([NormalDist().inv_cdf(level) for level in QUANTILE_LEVELS])


def seen(*, together: float = 0.0, mean: float = 100.0, spread: float = 10.0, lead: int = 3) -> Observation:
    """Return two items whose demand is normal, its periods correlated by `together`."""
    width = lead + 1
    lead_spread = spread * np.sqrt(width * (1 + (width - 1) * together))
    one = mean + spread * NORMAL
    return from_arrays(
        resource_ids=("mug", "cup"),
        on_hand_units=[300.0, 300.0],
        pipeline_units=np.zeros((2, lead)),
        demand_mean_units=np.full((2, 8), mean),
        demand_quantile_units=np.broadcast_to(one, (2, 8, len(NORMAL))),
        lead_demand_quantile_units=np.broadcast_to(width * mean + lead_spread * NORMAL, (2, len(NORMAL))),
        lead_time_periods=[lead, lead],
        lost_sale_cost=[4.0, 4.0],
        holding_cost=[1.0, 1.0],
        unit_cost=[1.0, 1.0],
        capacity_units=1e9,
        budget=1e9,
    )


@pytest.mark.parametrize("together", [0.0, 0.3, 0.8])
def test_the_lead_times_demand_is_as_uncertain_as_forecast(together: float) -> None:
    """The correlation of the periods is found again, and with it the spread of their sum."""
    observation = seen(together=together)
    ratio = demand_paths.together_ratio(observation)
    draws = demand_paths.draw(np.random.default_rng(1), paths=4000, periods=20, items=2)
    asked = demand_paths.demand(observation, draws, ratio, season=7)
    found = demand_paths.lead_quantiles(asked, observation.lead_time_periods, 12)

    np.testing.assert_allclose(ratio, together, atol=0.05)
    np.testing.assert_allclose(asked.mean(axis=(0, 1)), 100.0, rtol=0.01)
    np.testing.assert_allclose(asked.std(axis=0).mean(), 10.0, rtol=0.05)
    np.testing.assert_allclose(found[0], observation.lead_demand_quantile_units, rtol=0.02)
    np.testing.assert_allclose(found[11], observation.lead_demand_quantile_units, rtol=0.02)


def test_demand_comes_in_whole_units_with_the_forecasts_mean() -> None:
    """Also where less than one a period is asked for: rounding keeps the mean."""
    observation = seen(mean=0.4, spread=0.1)
    draws = demand_paths.draw(np.random.default_rng(2), paths=2000, periods=20, items=2)
    asked = demand_paths.demand(observation, draws, np.zeros(2), season=7)

    assert (asked == np.floor(asked)).all()
    np.testing.assert_allclose(asked.mean(), 0.4, rtol=0.03)


def test_more_periods_change_nothing_about_the_first() -> None:
    """So a question about a longer lead time meets the same demand as one about a budget."""
    short = demand_paths.draw(np.random.default_rng(3), paths=5, periods=4, items=2)
    long = demand_paths.draw(np.random.default_rng(3), paths=5, periods=9, items=2)

    np.testing.assert_array_equal(short.own, long.own[:, :4])
    np.testing.assert_array_equal(short.rounding, long.rounding[:, :4])
    np.testing.assert_array_equal(short.common, long.common)


def test_a_series_without_demand_stays_so() -> None:
    """All quantiles at zero: nothing is asked for, and nothing divides by it."""
    observation = seen(mean=0.0, spread=0.0)
    ratio = demand_paths.together_ratio(observation)
    draws = demand_paths.draw(np.random.default_rng(4), paths=10, periods=5, items=2)

    assert ratio.tolist() == [0.0, 0.0]
    assert demand_paths.demand(observation, draws, ratio, season=7).sum() == 0
