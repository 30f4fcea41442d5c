"""The solver finds what trying every policy finds, and what was published."""

from itertools import product

import numpy as np
import pytest

from simulator.inventory.lost_sales import LostSales, negative_binomial, poisson
from simulator.inventory.optimum import Optimum, first_limits, solve
from simulator.inventory.state_rules import best_rules
from simulator.inventory.stationary import StateSpaceError, evaluate_exactly
from simulator.inventory.zipkin_bed import BedInstance, zipkin_bed

TINY = np.array([0.3, 0.4, 0.3])
CHEAP = [one for one in zipkin_bed() if one.world.lead_time_periods <= 3 and one.world.lost_sale_cost < 39]


@pytest.mark.parametrize("order_cost", [0.0, 1.5])
def test_no_policy_of_a_tiny_world_is_better_lead_time_one(order_cost: float):
    """All 256 tables of orders up to 3 by 0 .. 3 units on hand, nothing above, each evaluated exactly."""
    world = LostSales(TINY, 1, 4.0, order_cost=order_cost)
    costs = [
        evaluate_exactly(world, lambda s, t=table: t[np.minimum(s[:, 0], 4)]).cost
        for table in (np.array([*words, 0], dtype=np.int32) for words in product(range(4), repeat=4))
    ]
    found = solve(world)

    assert found.cost == pytest.approx(min(costs), abs=1e-6)
    assert found.lower_bound <= min(costs) + 1e-9


def test_no_policy_of_a_tiny_world_is_better_lead_time_two():
    """All 256 tables of orders 0 or 1 by 0 .. 3 on hand and 0 or 1 to come, nothing above, each evaluated exactly."""
    world = LostSales(np.array([0.4, 0.6]), 2, 3.0)
    costs = []
    for words in product(range(2), repeat=8):
        table = np.vstack([np.array(words, dtype=np.int32).reshape(4, 2), [[0, 0]]])
        costs.append(evaluate_exactly(world, lambda s, t=table: t[np.minimum(s[:, 0], 4), s[:, 1]]).cost)
    found = solve(world)

    assert found.cost == pytest.approx(min(costs), abs=1e-6)


@pytest.mark.parametrize("one", CHEAP, ids=lambda one: one.name)
def test_the_published_costs_are_met(one: BedInstance):
    """To the digits printed; the costly ones are in `python -m benchmarks.inventory optimum`."""
    found = solve(one.world)

    assert found.cost == pytest.approx(one.published_cost, abs=1e-5)
    assert found.lower_bound - 1e-9 <= found.cost <= found.upper_bound + 1e-6


@pytest.mark.parametrize(
    "world",
    [
        LostSales(poisson(5.0), 2, 19.0),
        LostSales(negative_binomial(4.0, 2.0), 2, 9.0, order_cost=12.0),
        LostSales(poisson(5.0), 1, 9.0, minimum_order_units=8, pack_size_units=3),
    ],
)
def test_wider_limits_change_nothing(world: LostSales):
    """The limits on stock and orders are no part of the answer."""
    narrow = solve(world)
    wide = solve(world, narrow.limits.wider())

    assert wide.cost == pytest.approx(narrow.cost, abs=1e-6)


def test_the_optimum_keeps_within_what_may_be_ordered_and_beats_every_rule():
    """Packs of 3, at least 5, a fixed cost of 8."""
    world = LostSales(poisson(5.0), 2, 9.0, order_cost=8.0, minimum_order_units=5, pack_size_units=3)
    found = solve(world)

    assert set(np.unique(found.orders)) <= set(world.allowed_orders(found.limits.order_units).tolist())
    assert all(one.cost >= found.cost - 1e-6 for one in best_rules(world))


def test_orders_fall_as_stock_rises_by_at_most_as_much():
    """Zipkin 2008, "On the structure of lost-sales inventory models": between 0 and -1 for each unit, less if later."""
    found: Optimum = solve(LostSales(poisson(5.0), 3, 9.0))
    likely = found.orders[:20, :8, :8].astype(int)
    for axis in range(3):
        step = np.diff(likely, axis=axis)
        assert step.max() <= 0
        assert step.min() >= -1


def test_a_world_too_large_is_refused_by_name():
    """The message gives the lead time and the limit it broke."""
    with pytest.raises(StateSpaceError, match=r"a lead time of 9 periods .* more than"):
        solve(LostSales(poisson(20.0), 9, 39.0))


def test_limits_begin_above_what_a_fixed_cost_asks_for():
    """An economic order quantity of 14 units for K = 20: orders of that size are within the limits."""
    assert first_limits(LostSales(poisson(5.0), 1, 9.0, order_cost=20.0)).order_units > 14
