"""Every rule of the registry keeps the contract on any observation, and its formula on a worked one."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from policies.inventory.constant_order import ConstantOrder
from policies.inventory.myopic import Myopic, projected_units
from policies.inventory.reorder_point import ReorderPoint
from policies.inventory.rules import RULES
from policies.inventory.service_level import ServiceLevel
from policies.observation import Observation, from_arrays
from tests.policies.observations import observations

# Lead time 2: the quantiles at 0.05 .. 0.99 are of demand over three periods; h = 1, p = 9 ask for the level 0.9.
SEEN = from_arrays(
    resource_ids=("mug",),
    on_hand_units=[11],
    pipeline_units=[[4, 5]],
    demand_mean_units=[[10, 10, 10, 2]],
    demand_quantile_units=np.tile(np.arange(1.0, 10.0) * 3, (1, 4, 1)),
    lead_demand_quantile_units=[[5, 10, 20, 30, 50, 60, 70, 80, 90]],
    lead_time_periods=[2],
    lost_sale_cost=[9],
    holding_cost=[1],
    unit_cost=[1],
    order_cost=[20],
    capacity_units=1e9,
    budget=1e9,
)


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=60, deadline=None)
@given(observation=observations())
def test_orders_are_finite_never_negative_and_one_per_item(name: str, observation: Observation):
    """Whatever is seen, a rule proposes one order an item."""
    orders = RULES[name].of({}).decide(observation)

    assert orders.shape == observation.on_hand_units.shape
    assert orders.dtype == np.float32
    assert np.isfinite(orders).all()
    assert (orders >= 0).all()


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=60, deadline=None)
@given(observation=observations())
def test_proposals_are_on_the_suppliers_terms(name: str, observation: Observation):
    """Packs of five, nothing below twelve, that is fifteen."""
    n = len(observation.resource_ids)
    terms = replace(observation, minimum_order_units=np.full(n, 12, np.float32), pack_units=np.full(n, 5, np.float32))
    orders = RULES[name].of({}).decide(terms)
    small = orders < 1e6  # beyond it single precision has no whole packs

    np.testing.assert_array_equal(orders[small] % 5, 0)
    assert ((orders == 0) | (orders >= 15)).all()


@pytest.mark.parametrize("name", RULES)
def test_each_says_its_name_and_its_parameters(name: str):
    """Values arrive, what is not given is the default, and the version tells two apart."""
    rule = RULES[name]
    low = {one.name: one.low for one in rule.parameters}

    assert rule.of({}).name == name
    assert rule.of(low).version != rule.of({}).version
    assert all(one.low <= one.default <= one.high for one in rule.parameters)


def test_a_constant_order_does_not_look_at_stock():
    """The mean of the horizon is 8: half of it is 4, with full and with empty shelves."""
    full = replace(SEEN, on_hand_units=np.array([900], np.float32))

    assert ConstantOrder(0.5).decide(SEEN).tolist() == ConstantOrder(0.5).decide(full).tolist() == [4.0]


def test_myopic_fills_what_will_be_on_hand_to_the_arrival_periods_quantile():
    """11 - 10 + 4 = 5, sold out, + 5 arriving = 5 in two periods; the quantile at 0.9 of that period is 18."""
    assert projected_units(SEEN).tolist() == [5.0]
    assert Myopic().decide(SEEN).tolist() == [13.0]
    assert Myopic(0.5).decide(SEEN).tolist() == [4.0]


def test_a_service_level_is_a_quantile_for_every_item():
    """The median of lead-time demand is 30, 20 are on hand or on order: 10 are missing, whatever a lost sale costs."""
    assert ServiceLevel(0.5).decide(SEEN).tolist() == [10.0]
    assert ServiceLevel(0.5).decide(replace(SEEN, lost_sale_cost=np.array([1], np.float32))).tolist() == [10.0]


def test_a_reorder_point_waits_and_then_orders_a_lot():
    """With s = 60 x 0.5 = 30 above 20: order to 30 + sqrt(2 x 20 x 10 / 1) = 50; with 31 in all it waits."""
    rule = ReorderPoint(factor=0.5)

    assert rule.decide(SEEN).tolist() == [30.0]
    assert rule.decide(replace(SEEN, on_hand_units=np.array([22], np.float32))).tolist() == [0.0]
    assert ReorderPoint(0.5).decide(replace(SEEN, order_cost=np.zeros(1, np.float32))).tolist() == [10.0]
