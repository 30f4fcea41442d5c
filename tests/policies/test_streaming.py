"""The streaming policy remembers what it should, orders whole units, and is served only from the files it names."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from policies.errors import PolicyFileError
from policies.inventory import demand_memory, streaming_files
from policies.inventory.streaming import AGES, Remembered, Streaming, Terms

AT_ONCE, FOUR_PERIODS = np.eye(AGES + 2)[0], np.eye(AGES + 2)[4]


@pytest.fixture(scope="module")
def policy() -> Streaming:
    """Return the policy that ships."""
    return streaming_files.shipped()


def remembering(policy: Streaming, demand: np.ndarray) -> Remembered:
    """Return the memory of `demand` (n, periods)."""
    remembered = policy.begin(len(demand))
    for period in demand.T:
        remembered = policy.learn(remembered, period)
    return remembered


def terms(law: np.ndarray, items: int, unit_profit: float = 4.0) -> Terms:
    """Return equal terms of so many items."""
    return Terms(np.full(items, unit_profit), np.ones(items), np.tile(law, (items, 1)))


def test_means_of_steady_demand_are_its_mean():
    """A hundred periods of seven: every mean is seven, nothing spreads, nothing surprises."""
    memory = demand_memory.begin(2)
    for _ in range(100):
        memory = demand_memory.learn(memory, np.full(2, 7.0))

    np.testing.assert_allclose(memory.means, 7.0)
    np.testing.assert_allclose(memory.scale, 7.0)
    np.testing.assert_allclose(memory.surprise, 0.0, atol=1e-9)
    assert (memory.spreads < 1e-9).all()


def test_young_means_are_plain_averages():
    """After two periods a slow mean is nearly their average, and does not hang on to the first."""
    memory = demand_memory.learn(demand_memory.learn(demand_memory.begin(1), np.array([2.0])), np.array([6.0]))

    assert memory.means[0, 0] == pytest.approx((0.92 * 2.0 + 6.0) / 1.92)


@pytest.mark.parametrize("demand", [np.zeros((3, 9)), np.full((3, 9), 1e6), np.eye(3, 9) * 1e4])
def test_features_are_finite_whatever_was_asked(demand: np.ndarray):
    """No demand at all, a million a period, one spike: there is always something to see."""
    memory = demand_memory.begin(3)
    assert np.isfinite(demand_memory.features(memory)).all()
    for period in demand.T:
        memory = demand_memory.learn(memory, period)
        seen = demand_memory.features(memory)
        assert seen.shape == (3, len(demand_memory.NAMES))
        assert np.isfinite(seen).all()


def test_features_know_no_units():
    """Ten times the demand is the same picture but for the logarithm of its scale."""
    demand = np.random.default_rng(1).poisson(200.0, (4, 30)).astype(float)
    small, large = (demand_memory.begin(4) for _ in range(2))
    for period in demand.T:
        small, large = demand_memory.learn(small, period), demand_memory.learn(large, 10.0 * period)
    same = [index for index, name in enumerate(demand_memory.NAMES) if name != "log_scale"]

    np.testing.assert_allclose(
        demand_memory.features(small)[:, same], demand_memory.features(large)[:, same], rtol=1e-5, atol=1e-6
    )


def test_orders_are_whole_repeatable_and_sensible(policy: Streaming):
    """Steady demand that arrives at once: full shelves order nothing, empty ones about the demand, dear sales more."""
    remembered = remembering(policy, np.random.default_rng(2).poisson(100.0, (4, 40)).astype(float))
    none = np.zeros((4, AGES))

    empty = policy.decide(remembered, terms(AT_ONCE, 4), np.zeros(4), none)
    np.testing.assert_array_equal(empty, policy.decide(remembered, terms(AT_ONCE, 4), np.zeros(4), none))
    np.testing.assert_array_equal(empty, np.rint(empty))
    assert ((empty > 85) & (empty < 135)).all()
    assert (policy.decide(remembered, terms(AT_ONCE, 4), np.full(4, 500.0), none) == 0).all()
    assert (policy.decide(remembered, terms(AT_ONCE, 4, 19.0), np.zeros(4), none) > empty).all()


def test_what_is_on_order_counts(policy: Streaming):
    """With four periods to wait and enough on its way for all of them and one more, next to nothing is ordered."""
    remembered = remembering(policy, np.random.default_rng(3).poisson(100.0, (4, 40)).astype(float))
    short, full = (
        policy.decide(remembered, terms(FOUR_PERIODS, 4), np.full(4, 100.0), np.full((4, AGES), units))
        for units in (50.0, 150.0)
    )

    assert (short > full + 30).all()
    assert (full < 40).all()


def test_an_items_answer_does_not_depend_on_its_neighbours(policy: Streaming):
    """Alone or among others, an item gets the same order."""
    demand = np.random.default_rng(4).poisson([[5.0], [300.0]], (2, 20)).astype(float)
    together = policy.decide(remembering(policy, demand), terms(FOUR_PERIODS, 2), np.zeros(2), np.zeros((2, AGES)))
    alone = policy.decide(remembering(policy, demand[:1]), terms(FOUR_PERIODS, 1), np.zeros(1), np.zeros((1, AGES)))

    assert together[0] == alone[0]


def test_what_ships_is_small_and_says_how_it_was_made():
    """Under 200 kB, with seed, steps and the digest of either network; no path of the machine that trained it."""
    files = {path.name: path.read_bytes() for path in streaming_files.SHIPPED.iterdir()}

    assert sum(len(content) for content in files.values()) < 200_000
    assert {b"seed" in files["manifest.json"], b"steps" in files["manifest.json"]} == {True}
    assert all(b".py" not in content for content in files.values())


@pytest.mark.parametrize("name", [streaming_files.MANIFEST, streaming_files.REMEMBER, streaming_files.ORDER])
def test_one_changed_byte_is_refused(tmp_path: Path, name: str):
    """Manifest and networks are all pinned."""
    for path in streaming_files.SHIPPED.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes() + (b" " if path.name == name else b""))

    with pytest.raises(PolicyFileError, match=rf"{name} is not the file it should be.*train the policy anew"):
        streaming_files.load(tmp_path, streaming_files.SHIPPED_MANIFEST_SHA256)


def test_other_features_and_missing_files_are_named(tmp_path: Path):
    """A policy of another version's features is refused, and so is a folder without one."""
    text = (streaming_files.SHIPPED / streaming_files.MANIFEST).read_bytes()
    older = text.replace(b'"features_version": 1', b'"features_version": 0')
    (tmp_path / streaming_files.MANIFEST).write_bytes(older)

    with pytest.raises(PolicyFileError, match="trained on features version 0"):
        streaming_files.load(tmp_path, hashlib.sha256(older).hexdigest())
    with pytest.raises(PolicyFileError, match="cannot be read"):
        streaming_files.load(tmp_path / "nowhere", "0" * 64)
