"""Rules are tuned on common random numbers, to what an exhaustive look finds, never on what is judged."""

from dataclasses import replace

import numpy as np
import pytest

from policies.inventory.base_stock import BaseStock
from policies.inventory.rules import RULES
from simulator.inventory.forecasts import LIVE_LIKE
from simulator.inventory.known import Known
from simulator.inventory.online import Online
from simulator.inventory.patterns import Pattern
from simulator.inventory.replay import Replayed
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting, Worlds, draw, repeated
from simulator.training.standings import best_rule, standings
from simulator.training.tournament import compete, play
from simulator.training.tuning import earlier, tune_rule, tuned

BED = Setting(
    worlds=12,
    items=2,
    periods=80,
    history_periods=28,
    demand=Pattern(mean_units=5.0),
    trade=Terms(lead_time_periods=3),
    forecasts=Known(),
)


@pytest.mark.parametrize("source", [LIVE_LIKE, Known(), Online("seasonal-naive")])
def test_worlds_side_by_side_are_the_worlds_by_themselves(source: object):
    """Three copies, each with a parameter of its own, cost what three runs cost: nothing leaks from one to another."""
    setting = replace(BED, worlds=3, periods=20, forecasts=source)
    scenario = draw(np.random.default_rng(1), setting)
    factors = (0.6, 0.9, 1.2)
    alone = [compete({"it": BaseStock(factor)}, scenario)["it"].cost_per_period for factor in factors]
    rows = np.repeat(factors, 3 * 2)
    together = compete({"it": RULES["base-stock"].of({"factor": rows})}, repeated(scenario, 3))["it"].cost_per_period

    np.testing.assert_allclose(together.reshape(3, 3), alone, rtol=1e-12)


def test_all_of_a_scenario_is_repeated():
    """Late and lost orders, customers who wait, terms and limits: what chance decided is the same in every copy."""
    late = replace(earlier(BED, 4).deliveries, late_ratio=0.3, lost_ratio=0.1)
    setting = replace(BED, worlds=4, periods=15, waiting_ratio=0.5, deliveries=late)
    scenario = draw(np.random.default_rng(2), setting)
    worlds = Worlds(repeated(scenario, 2))
    while not worlds.done:
        cost = worlds.step(np.tile(np.full((4, 2), 5.0), (2, 1))).cost
        np.testing.assert_array_equal(cost[:4], cost[4:])


def test_tuning_finds_what_an_exhaustive_look_finds():
    """The best of 120 factors on the same worlds is hardly better than the tuned one."""
    scenario = draw(np.random.default_rng(3), BED)
    found = tuned(RULES["base-stock"], scenario)
    tried = compete({f"{f:.3f}": BaseStock(f) for f in np.linspace(0.3, 1.6, 120)}, scenario)
    best = min(float(score.cost_per_period.mean()) for score in tried.values())
    paid = float(compete({"it": found}, scenario)["it"].cost_per_period.mean())

    assert paid <= best * 1.005


@pytest.mark.parametrize("name", RULES)
def test_a_tuned_rule_is_no_worse_than_its_default(name: str):
    """The default is among the candidates; the same seed finds the same parameters."""
    found, again = (tune_rule(name, BED, seed=4) for _ in range(2))
    scores = play({"tuned": found, "default": RULES[name].of({})}, BED, seed=4)

    assert found.version == again.version
    assert scores["tuned"].cost_per_period.mean() <= scores["default"].cost_per_period.mean()


def test_recorded_series_are_tuned_on_before_they_are_judged():
    """What tuning sees ends where the first decided period begins; the slow forecaster is imitated."""
    recorded = np.arange(150.0)[np.newaxis] + 5
    setting = replace(BED, items=1, demand=Replayed(recorded), history_periods=60, periods=80, forecasts=Online())
    past = earlier(setting, 5)
    scenario = draw(np.random.default_rng(5), past)

    assert scenario.demand.units.max() == recorded[0, 59]
    assert past.history_periods + past.periods == 60
    assert past.forecasts == LIVE_LIKE
    with pytest.raises(ValueError, match="14 periods of history are too few"):
        earlier(replace(setting, history_periods=14), 5)


def test_standings_are_paired_and_split_into_parts():
    """The best rule differs from itself by nothing, parts add up, and the interval is that of the paired difference."""
    policies = {"low": BaseStock(0.6), "good": BaseStock(0.9)}
    scores = play(policies, replace(BED, trade=Terms(3, order_cost=2.0)), seed=6)
    rows = standings(scores, {name: policy.version for name, policy in policies.items()}, best_rule(scores, policies))
    gap = scores["low"].cost_per_period - scores["good"].cost_per_period

    assert [row.policy for row in rows] == ["good", "low"]
    assert (rows[0].difference.low, rows[0].difference.high, rows[0].difference_ratio) == (0, 0, 0)
    assert rows[1].difference.mean == pytest.approx(gap.mean())
    assert rows[1].difference.high - gap.mean() == pytest.approx(1.959964 * gap.std(ddof=1) / np.sqrt(12))
    for row in rows:
        assert sum(row.parts.values()) == pytest.approx(row.cost.mean)
        assert row.parts["ordering"] == pytest.approx(2.0 * row.orders_per_period)
        assert 0 < row.service_ratio <= row.fill_ratio < 1
