"""The policy contract, held by everything in the registry on any observation."""

import numpy as np
import pytest
from hypothesis import given, settings

from policies import trained_files
from policies.errors import PolicyFileError
from policies.observation import Observation
from policies.registry import POLICIES, load_policy
from tests.policies.observations import observations

SHIPPED = {name: load_policy(name, data_dir=None) for name in POLICIES}


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=100, deadline=None)
@given(observation=observations())
def test_orders_are_finite_never_negative_and_one_per_item(name: str, observation: Observation):
    """Every registered policy keeps the contract on any observation."""
    orders = SHIPPED[name].decide(observation)

    assert orders.shape == observation.on_hand_units.shape
    assert orders.dtype == np.float32
    assert np.isfinite(orders).all()
    assert (orders >= 0).all()


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=30, deadline=None)
@given(observation=observations())
def test_the_same_observation_gets_the_same_answer(name: str, observation: Observation):
    """Policies have no memory and no chance, also across instances."""
    first = SHIPPED[name].decide(observation)
    again = SHIPPED[name].decide(observation)
    other = load_policy(name, data_dir=None).decide(observation) if name != "learned" else first

    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, other)


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=30, deadline=None)
@given(observation=observations())
def test_items_are_decided_each_by_itself(name: str, observation: Observation):
    """An item's proposal does not depend on its place in the pool: what is shared is the guard's business."""
    turned = _reversed(observation)

    np.testing.assert_allclose(
        SHIPPED[name].decide(turned)[::-1], SHIPPED[name].decide(observation), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("name", POLICIES)
def test_each_says_who_it_is(name: str):
    """Name and version are what an action is signed with."""
    policy = SHIPPED[name]

    assert policy.version
    assert policy.name == (trained_files.load(None, None).manifest.champion if name == "champion" else name)


def test_an_unknown_name_lists_the_known_ones():
    """The message is enough to mend the catalog."""
    with pytest.raises(PolicyFileError, match=r"'oracle' is unknown; known are base-stock, .*learned"):
        load_policy("oracle", data_dir=None)


def _reversed(observation: Observation) -> Observation:
    arrays = {
        name: getattr(observation, name)[::-1]
        for name in Observation.__slots__
        if name not in {"capacity_units", "budget"}
    }
    return Observation(**arrays, capacity_units=observation.capacity_units, budget=observation.budget)
