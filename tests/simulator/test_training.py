"""A short real training, from the first step to the order that the exported network proposes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("stable_baselines3", reason="needs the extra `train`")

from policies import trained_files
from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.manifest import Manifest, Result
from policies.registry import load_policy
from simulator.inventory.items import Trade
from simulator.inventory.online import Online
from simulator.inventory.replay import Replayed
from simulator.inventory.world import Setting, Worlds, draw
from simulator.training.course import Course
from simulator.training.inventory import Hooks, Judging, judging_in, train_inventory
from simulator.training.kinds import LUMPY_SHOP
from simulator.training.rules import Tuned, restored
from simulator.training.tournament import Score, champion, play, results

KEY = b"k" * 32
SMALL = Judging(
    training=(Setting(items=1, periods=96, history_periods=35),),
    tuning=Setting(worlds=3, items=4, periods=42, history_periods=35),
    held_out=Setting(worlds=3, items=4, periods=42, history_periods=35),
    judging=Setting(worlds=4, items=4, periods=42, history_periods=35),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest, list[str]]:
    """Train for a moment, write it sealed, return where it lies and what was said."""
    said: list[str] = []
    told: list[float] = []
    hooks = Hooks(said.append, lambda progress: told.append(progress.done_ratio), cpu_s=lambda: 0.0)
    manifest, network = train_inventory(Course("ppo", steps=3072, seed=3, rows=64), SMALL, hooks)
    folder = tmp_path_factory.mktemp("data")
    trained_files.write(trained_files.local_folder(folder), manifest, network, KEY)
    assert told[-1] == 1.0
    return folder, manifest, said


def test_what_was_trained_is_served_by_name(trained: tuple[Path, Manifest, list[str]]):
    """Trained, exported, sealed, loaded through the registry without torch's help, and it decides."""
    folder, manifest, _ = trained
    policy = load_policy("learned", data_dir=folder, seal_key=KEY)
    orders = policy.decide(Worlds(draw(np.random.default_rng(0), Setting(items=4))).observation())

    assert policy.version == manifest.version[:12]
    assert orders.shape == (4,)
    assert orders.sum() > 0


def test_the_manifest_tells_how_it_was_made(trained: tuple[Path, Manifest, list[str]]):
    """Seeds, steps, every competitor and the verdict are on record."""
    _, manifest, said = trained

    assert {row.policy for row in manifest.evaluation} == {
        "base-stock",
        "capped-base-stock",
        "projected-level",
        "learned",
    }
    assert manifest.data["item_periods"] == 3072
    assert manifest.seeds["training"] == 3
    assert len(set(manifest.seeds.values())) == len(manifest.seeds) == 4
    assert manifest.champion in {"base-stock", "capped-base-stock", "projected-level", "learned"}
    assert any("tuning" in line for line in said)


def test_policies_meet_the_same_demand():
    """Common random numbers: a policy against itself differs by exactly nothing."""
    scores = play({"one": BaseStock(0.7), "two": BaseStock(0.7)}, SMALL.judging, seed=5)

    np.testing.assert_array_equal(scores["one"].cost_per_period, scores["two"].cost_per_period)
    assert results(scores, "one")[1].difference_high_ratio == 0


def test_only_a_clear_win_is_promoted():
    """Better on average is not enough: the upper bound of the paired difference has to be below zero."""

    def score(*cost: float) -> Score:
        nothing = np.zeros(len(cost))
        return Score(np.array(cost), nothing, nothing, nothing)

    def verdict(learned: Score) -> str:
        return champion(results({"rule": score(10, 20, 30, 40), "learned": learned}, "rule"), "rule")

    assert verdict(score(9, 18, 28, 37)) == "learned"
    assert verdict(score(9, 26, 20, 41)) == "rule"
    assert verdict(score(11, 21, 31, 41)) == "rule"


def test_the_shipped_policy_won_its_promotion():
    """What ships says by how much it beat the best rule, and the champion follows from that."""
    manifest = trained_files.load_shipped().manifest
    learned: Result = next(row for row in manifest.evaluation if row.policy == "learned")

    assert (manifest.champion == "learned") == (learned.difference_high_ratio < 0)
    assert manifest.data["judging_pools"] == 200
    assert manifest.ranges


def test_no_network_tells_where_it_was_trained(trained: tuple[Path, Manifest, list[str]]):
    """The exporter notes source paths in every node; neither a new network nor the shipped one keeps them."""
    fresh = (trained_files.local_folder(trained[0]) / trained_files.NETWORK).read_bytes()

    for network in (fresh, trained_files.load_shipped().network):
        assert b"stack_trace" not in network
        assert b".py" not in network


def test_what_ships_says_where_it_was_not_trained():
    """Twelve periods of lead time were never seen: the rule decides, with the reason; next door the network does."""
    setting = Setting(worlds=4, items=5, trade=Trade(lead_time_periods=(12, 12)))
    policy = load_policy("learned", data_dir=None)
    far, near = (Worlds(draw(np.random.default_rng(2), one)).observation() for one in (setting, Setting(items=5)))

    assert all("lead time 12 periods is outside" in why for why in policy.unsure(far))
    np.testing.assert_array_equal(policy.decide(far), policy.rule.decide(far))
    assert policy.unsure(near) == ("",) * 5
    assert (policy.decide(near) != policy.rule.decide(near)).any()


def test_the_shipped_policy_holds_with_the_live_forecaster():
    """In worlds with the real forecaster inside, which it never saw in training, it beats the rule that it adjusts."""
    policy = load_policy("learned", data_dir=None)
    setting = Setting(worlds=6, items=8, periods=63, forecasts=Online("smoothing"))
    scores = play({"rule": policy.rule, "learned": policy}, setting, seed=17)

    assert scores["learned"].cost_per_period.mean() < scores["rule"].cost_per_period.mean()


def test_worlds_of_a_file_are_learnt_and_judged_apart():
    """Seeds differ everywhere; of recorded series the judged span is not among what is learnt from."""
    judging = judging_in(Setting(items=2, periods=50))

    assert judging.training == (judging.tuning,)
    assert judging.judging.worlds > judging.tuning.worlds
    recorded = np.random.default_rng(0).poisson(3.0, size=(2, 100)).astype(np.float64)
    replayed = judging_in(Setting(items=2, periods=28, history_periods=72, demand=Replayed(recorded, 7)))
    assert replayed.training[0].demand.units.shape == (2, 72)
    assert replayed.judging.demand.units.shape == (2, 100)


def test_tuned_rules_are_kept_with_a_checkpoint():
    """What JSON keeps of tuned rules gives them back."""
    tuned = Tuned({"base-stock": BaseStock(0.7), "capped-base-stock": CappedBaseStock(0.8, 1.4)}, "base-stock")
    back = restored(json.loads(json.dumps(tuned.facts())))

    assert back == tuned
    assert back.departed_from == CappedBaseStock(0.8, 1.4)
    assert back.best == BaseStock(0.7)


def test_a_policy_that_chooses_is_exported_and_served(tmp_path: Path):
    """Improvement ends in the same files, with the head that says so, and the rule it began with in the table."""
    lumpy = replace(LUMPY_SHOP, items=3, periods=30, history_periods=35)
    worlds = [replace(lumpy, worlds=number) for number in (2, 3, 4)]
    course = Course("improvement", steps=80_000, rows=8, evaluations=2)
    hooks = Hooks(lambda _: None, lambda _: None, cpu_s=lambda: 0.0)
    manifest, network = train_inventory(course, Judging((lumpy,), *worlds), hooks)
    trained_files.add(tmp_path, manifest, network, KEY)
    policy = load_policy(manifest.short_version, data_dir=tmp_path, seal_key=KEY)
    observation = Worlds(draw(np.random.default_rng(0), replace(lumpy, worlds=2))).observation()

    assert manifest.head == "choices"
    assert manifest.rules["reorder-point"].lot_factor is not None
    assert {row.policy for row in manifest.evaluation} == {*manifest.rules, "learned"}
    orders = policy.decide(observation)
    assert orders.shape == (6,)
    assert ((orders == 0) | (orders >= observation.minimum_order_units)).all()
