"""The rules order what their formulas say, and the learned policy stays within reach of its rule."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.inventory.adjustment import REACH_PERIODS, adjusted_orders
from policies.inventory.base_stock import BaseStock, mean_period_units, quantile_at
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.observation import Observation, from_arrays
from tests.policies.observations import observations

# Quantiles at the levels 0.05 .. 0.99; the critical ratio 9 / (9 + 1) asks for the level 0.9, that is 60 units.
SEEN = from_arrays(
    resource_ids=("mug",),
    on_hand_units=[11],
    pipeline_units=[[4, 5]],
    demand_mean_units=[[10, 10, 10, 2]],
    demand_quantile_units=np.ones((1, 4, 9)),
    lead_demand_quantile_units=[[5, 10, 20, 30, 50, 60, 70, 80, 90]],
    lead_time_periods=[2],
    lost_sale_cost=[9],
    holding_cost=[1],
    unit_cost=[1],
    capacity_units=1e9,
    budget=1e9,
)


def test_base_stock_fills_up_to_the_quantile_at_the_critical_ratio():
    """60 to be covered, 11 on hand and 9 on order: 40 are missing; half of 60 is 30: 10 are missing."""
    assert BaseStock().decide(SEEN).tolist() == [40.0]
    assert BaseStock(factor=0.5).decide(SEEN).tolist() == [10.0]


def test_enough_stock_orders_nothing():
    """Stock above the target is waited out."""
    assert BaseStock().decide(replace(SEEN, on_hand_units=np.array([99], dtype=np.float32))).tolist() == [0.0]


def test_the_cap_bounds_one_order_in_mean_periods():
    """The mean over the horizon is 8 a period: at most 16 at once."""
    assert CappedBaseStock(cap_periods=2).decide(SEEN).tolist() == [16.0]
    assert CappedBaseStock(cap_periods=20).decide(SEEN).tolist() == [40.0]


def test_costs_of_zero_ask_for_the_lowest_quantile_only():
    """Nothing lost, nothing held: no division by zero, no stock."""
    free = replace(SEEN, lost_sale_cost=np.zeros(1, np.float32), holding_cost=np.zeros(1, np.float32))

    assert BaseStock().decide(free).tolist() == [0.0]


@given(st.floats(0, 1), st.floats(0, 1))
def test_higher_levels_have_higher_quantiles(one: float, other: float):
    """Interpolation keeps the order of the levels, also outside of them."""
    quantiles = np.array([[0, 1, 1, 3, 4, 8, 16, 16, 40.0]])
    low, high = (quantile_at(np.array([level]), quantiles)[0] for level in sorted([one, other]))

    assert low <= high


@settings(max_examples=200, deadline=None)
@given(observation=observations(), seed=st.integers(0, 2**32 - 1))
def test_an_adjustment_never_leaves_the_reach_of_the_rule(observation: Observation, seed: int):
    """Whatever a network says, orders stay within REACH_PERIODS mean periods of the rule's; zero is the rule."""
    rule = CappedBaseStock(factor=0.7, cap_periods=1.2)
    wild = np.random.default_rng(seed).normal(size=len(observation.resource_ids)).astype(np.float32) * 5
    expected = rule.decide(observation).astype(np.float64)
    reach = REACH_PERIODS * mean_period_units(observation)

    np.testing.assert_array_equal(adjusted_orders(observation, wild * 0, rule), rule.decide(observation))
    moved = adjusted_orders(observation, wild, rule)
    assert (moved <= (expected + reach) * 1.0001 + 1e-3).all()
    assert (moved >= (expected - reach) * 1.0001 - 1e-3 - expected * 2e-4).all()
