"""The policy contract, held by everything in the registry on any observation."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings

from policies import aliases, trained_files
from policies.errors import PolicyFileError
from policies.manifest import Rule
from policies.observation import Observation
from policies.registry import POLICIES, load_policy
from tests.policies.observations import observations

KEY = b"k" * 32
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
    assert policy.name == (trained_files.load_shipped().manifest.champion if name == "champion" else name)


def test_an_unknown_name_lists_the_known_ones():
    """The message is enough to mend the catalog."""
    with pytest.raises(PolicyFileError, match=r"'oracle' is unknown; known are base-stock, .*learned"):
        load_policy("oracle", data_dir=None)
    known = f"oracle@{trained_files.load_shipped().manifest.short_version}"
    with pytest.raises(PolicyFileError, match=f"'{known}' is unknown"):
        load_policy(known, data_dir=None)


def test_a_reference_names_training_and_rule(tmp_path: Path):
    """A rule's parameters are those of the training behind the at sign, a bare version is its network."""
    shipped = trained_files.load_shipped()
    rules = shipped.manifest.rules | {"base-stock": Rule(0.5)}
    manifest = msgspec.structs.replace(shipped.manifest, version="c" * 64, rules=rules)
    trained_files.add(tmp_path, manifest, shipped.network, KEY)

    assert load_policy(f"base-stock@{'c' * 12}", data_dir=tmp_path, seal_key=KEY).version == "factor=0.5"
    assert load_policy("base-stock", data_dir=tmp_path, seal_key=KEY).version != "factor=0.5"
    assert load_policy("c" * 12, data_dir=tmp_path, seal_key=KEY).version == "c" * 12
    with pytest.raises(PolicyFileError, match="there is no challenger"):
        load_policy("challenger", data_dir=tmp_path, seal_key=KEY)


def test_aliases_say_who_is_served(tmp_path: Path):
    """What was promoted is the champion, also for the names that mean its parts; a challenger has its own."""
    shipped = trained_files.load_shipped()
    trained_files.add(
        tmp_path, msgspec.structs.replace(shipped.manifest, version="c" * 64), shipped.network, KEY
    )  # fmt: skip
    version = shipped.manifest.short_version
    aliases.write(
        trained_files.local_folder(tmp_path),
        aliases.Aliases(champion="c" * 12, challenger=f"base-stock@{version}"),
        KEY,
    )

    assert load_policy("champion", data_dir=tmp_path, seal_key=KEY).version == "c" * 12
    assert load_policy("learned", data_dir=tmp_path, seal_key=KEY).version == "c" * 12
    assert load_policy("challenger", data_dir=tmp_path, seal_key=KEY).name == "base-stock"


def test_rules_without_parameters_are_refused(tmp_path: Path):
    """A manifest that lacks a registered rule is another headgate's."""
    shipped = trained_files.load_shipped()
    manifest = msgspec.structs.replace(shipped.manifest, version="c" * 64, rules={"base-stock": Rule(0.5)})
    trained_files.add(tmp_path, manifest, shipped.network, KEY)

    with pytest.raises(PolicyFileError, match="no parameters of capped-base-stock"):
        load_policy("c" * 12, data_dir=tmp_path, seal_key=KEY)


def _reversed(observation: Observation) -> Observation:
    arrays = {
        name: getattr(observation, name)[::-1]
        for name in Observation.__slots__
        if name not in {"capacity_units", "budget"}
    }
    return Observation(**arrays, capacity_units=observation.capacity_units, budget=observation.budget)
