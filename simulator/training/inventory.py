"""A course in, a trained, evaluated and exported inventory policy out, with its promotion record."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np

from policies import features
from policies.code_version import code_version
from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.learned import Learned, session
from policies.manifest import Manifest, Result, Rule
from simulator.inventory.world import Setting
from simulator.training.export import export, weights_digest
from simulator.training.ppo import Course, train
from simulator.training.tournament import play, results
from simulator.training.tuning import tune

# Rules are tuned, the network is trained and everybody is judged on worlds of different seeds.
TUNING_SEED, PARITY_SEED, JUDGING_SEED = 70_001, 80_001, 90_001


@dataclass(frozen=True, slots=True)
class Judging:
    """How many pools rules are tuned on and policies are compared on."""

    tuning: Setting = field(default_factory=lambda: Setting(worlds=40, items=10, periods=98))
    judging: Setting = field(default_factory=lambda: Setting(worlds=200, items=10, periods=112))


def train_inventory(course: Course, judging: Judging, progress: Callable[[str], None]) -> tuple[Manifest, bytes]:
    """Return the manifest and the ONNX network of a policy trained as `course` says."""
    progress("tuning the rules")
    plain, capped = tune(judging.tuning, TUNING_SEED)
    progress(f"base-stock {plain.version}; capped-base-stock {capped.version}")
    model = train(course, capped, progress)
    network = export(model, np.random.default_rng(PARITY_SEED))
    digest = weights_digest(model)
    progress("comparing on worlds that neither rules nor network have seen")
    table, _ = judge(Learned(session(network, "memory"), capped, digest[:12]), plain, capped, judging.judging)
    return Manifest(
        name="learned",
        version=digest,
        network_sha256=hashlib.sha256(network).hexdigest(),
        algorithm="ppo",
        head="adjustment",
        features_version=features.VERSION,
        features=features.NAMES,
        ranges=(),
        adjusts=Rule(capped.factor, capped.cap_periods),
        rules={"base-stock": Rule(plain.factor), "capped-base-stock": Rule(capped.factor, capped.cap_periods)},
        data={"item_periods": course.steps, "judging_pools": judging.judging.worlds},
        seeds={"training": course.seed, "tuning": TUNING_SEED, "judging": JUDGING_SEED},
        training={
            "rows": course.rows,
            "stable_baselines3": version("stable-baselines3"),
            "torch": version("torch"),
        },
        evaluation=table,
        code_version=code_version(),
    ), network


def judge(
    learned: Learned, plain: BaseStock, capped: CappedBaseStock, setting: Setting
) -> tuple[tuple[Result, ...], str]:
    """Return the table of the three policies and the name of the better rule.

    The rule to beat is the one that is better on the judged worlds themselves, which favours the rules.
    """
    scores = play({"base-stock": plain, "capped-base-stock": capped, "learned": learned}, setting, JUDGING_SEED)
    rules = [name for name in scores if name != "learned"]
    best_rule = min(rules, key=lambda name: float(scores[name].cost_per_period.mean()))
    return results(scores, best_rule), best_rule
