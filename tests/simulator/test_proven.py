"""A world's file meets the exact solver that knows it, and what none knows is said."""

from dataclasses import replace

import pytest

from policies.inventory.rules import RULES
from simulator.inventory.chance import Each, Range
from simulator.inventory.deliveries import Deliveries
from simulator.inventory.demand import RETAIL
from simulator.inventory.known import Known
from simulator.inventory.patterns import Pattern
from simulator.inventory.proven import UnsolvedError, solve
from simulator.inventory.terms import Terms
from simulator.inventory.world import Setting
from simulator.training.tournament import play
from simulator.training.tuning import tune_rule

BED = Setting(
    worlds=200,
    items=1,
    periods=300,
    history_periods=14,
    demand=Pattern(mean_units=5.0),
    trade=Terms(1, lost_sale_cost=9.0),
    forecasts=Known(),
)


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({}, 5.43822),
        ({"demand": Pattern("geometric", 5.0), "trade": Terms(1, lost_sale_cost=4.0)}, 9.81749),
        ({"items": 2, "trade": Terms(Each((1, 2)))}, 5.43822 + 6.09364),
        ({"demand": Pattern(mean_units=5.0, regime_factors=(1.0, 1.0))}, 5.43822),
        ({"items": 2, "trade": Terms(1, capacity_units=99.0)}, 2 * 5.43822),
    ],
)
def test_published_costs_are_met_whatever_the_file_calls_them(changes: dict, cost: float):
    """Zipkin's optima, alone, for two items, with regimes that are one and with a capacity that never binds."""
    assert solve(replace(BED, **changes)).cost == pytest.approx(cost, abs=2e-5)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("reorder-point", {"waiting_ratio": 1.0, "trade": Terms(2, order_cost=25.0, pack_units=4.0)}),
        ("base-stock", {"waiting_ratio": 1.0, "trade": Terms(2)}),
        (
            "capped-base-stock",
            {"items": 2, "demand": Pattern(mean_units=Each((3, 5))), "trade": Terms(1, capacity_units=9)},
        ),
    ],
)
def test_rules_that_are_nearly_optimal_cost_what_is_proven(name: str, changes: dict):
    """World and solver agree: (s, S) and base-stock under backlog, shared scarce supply: never below, and near it."""
    setting = replace(BED, **changes)
    policy = tune_rule(name, replace(setting, worlds=24), seed=1)
    costs = play({name: policy}, setting, seed=2)[name].cost_per_period
    error = costs.std() / costs.size**0.5
    proven = solve(setting).cost

    assert costs.mean() > proven - 3 * error
    assert costs.mean() < 1.03 * proven + 3 * error


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"demand": RETAIL}, "no law"),
        ({"demand": Pattern(drift=0.1)}, "demand drifts"),
        ({"demand": Pattern(profile=(1.0, 2.0))}, "demand has a season"),
        ({"demand": Pattern(mean_units=Range(1, 9))}, "draw a number from 1 to 9"),
        ({"deliveries": Deliveries(lost_ratio=0.1)}, "late or lost"),
        ({"waiting_ratio": 0.5}, "some customers wait"),
        ({"trade": Terms(1, budget=9.0)}, "has a budget"),
        ({"trade": Terms((1, 3))}, "lead times are drawn"),
        ({"trade": Terms(2, capacity_units=9.0), "items": 2}, "solved for two items, lost sales and lead time 1"),
        ({"demand": Pattern(regime_factors=(1, 2)), "trade": Terms(2)}, "solved for two states"),
        ({"demand": Pattern(mean_units=40.0), "trade": Terms(9)}, "state"),
    ],
)
def test_what_no_solver_knows_is_said(changes: dict, why: str):
    """Drawn numbers, seasons, budgets: the message names what is in the way."""
    with pytest.raises(UnsolvedError, match=why):
        solve(replace(BED, **changes))


def test_every_rule_keeps_above_what_is_proven():
    """A policy below the bound would be a fault of the world: none is, by more than chance."""
    policies = {name: tune_rule(name, replace(BED, worlds=16), seed=3) for name in RULES}
    proven = solve(BED).cost
    for score in play(policies, BED, seed=4).values():
        costs = score.cost_per_period
        assert costs.mean() > proven - 3 * costs.std() / costs.size**0.5
