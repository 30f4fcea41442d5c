"""A course in, a trained, evaluated and exported inventory policy out, with its promotion record."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from stable_baselines3.common.logger import Logger, configure

from policies import features
from policies.code_version import code_version
from policies.errors import PolicyFileError
from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.learned import Learned, session
from policies.manifest import Manifest, Result, Rule
from simulator.inventory.world import Setting
from simulator.training.algorithms import ALGORITHMS
from simulator.training.checkpoints import Checkpoint
from simulator.training.course import Course, Pace
from simulator.training.export import export, weights_digest
from simulator.training.held_out import HeldOut
from simulator.training.tournament import play, results
from simulator.training.tuning import tune
from simulator.training.watch import Progress, Watch

# Rules are tuned, the network is trained, the best one on the way is chosen and everybody is judged on worlds of
# different seeds.
HELD_OUT_SEED, TUNING_SEED, PARITY_SEED, JUDGING_SEED = 60_001, 70_001, 80_001, 90_001


@dataclass(frozen=True, slots=True)
class Judging:
    """How many pools rules are tuned on, learners are watched on, and policies are compared on."""

    training: Setting = field(default_factory=lambda: Setting(items=1, periods=96))  # as many worlds as rows
    tuning: Setting = field(default_factory=lambda: Setting(worlds=40, items=10, periods=98))
    held_out: Setting = field(default_factory=lambda: Setting(worlds=40, items=10, periods=98))
    judging: Setting = field(default_factory=lambda: Setting(worlds=200, items=10, periods=112))


@dataclass(frozen=True, slots=True)
class Hooks:
    """Whom to tell, the clock of the budget, and where checkpoints and figures go."""

    tell: Callable[[str], None]
    progress: Callable[[Progress], None]
    cpu_s: Callable[[], float]
    keep: Callable[[Checkpoint], None] = lambda _: None
    resume: Checkpoint | None = None
    figures: Path | None = None  # folder for TensorBoard


def train_inventory(course: Course, judging: Judging, hooks: Hooks) -> tuple[Manifest, bytes]:
    """Return the manifest and the ONNX network of a policy trained as `course` says."""
    plain, capped = _rules(judging, hooks)
    actor, lived = _taught(course, judging, (plain, capped), hooks)
    network = export(actor, np.random.default_rng(PARITY_SEED))
    digest = weights_digest(actor)
    hooks.tell("comparing on worlds that neither rules nor network have seen")
    table, _ = judge(Learned(session(network, "memory"), capped, digest[:12]), plain, capped, judging.judging)
    return Manifest(
        name="learned",
        version=digest,
        network_sha256=hashlib.sha256(network).hexdigest(),
        algorithm=course.algorithm,
        head="adjustment",
        features_version=features.VERSION,
        features=features.NAMES,
        ranges=(),
        adjusts=Rule(capped.factor, capped.cap_periods),
        rules={"base-stock": Rule(plain.factor), "capped-base-stock": Rule(capped.factor, capped.cap_periods)},
        data={"item_periods": lived["item_periods"], "judging_pools": judging.judging.worlds},
        seeds={
            "training": course.seed,
            "held_out": HELD_OUT_SEED,
            "tuning": TUNING_SEED,
            "judging": JUDGING_SEED,
        },
        training={
            **lived,
            "rows": course.rows,
            "stable_baselines3": version("stable-baselines3"),
            "torch": version("torch"),
        },
        evaluation=table,
        code_version=code_version(),
    ), network


def _rules(judging: Judging, hooks: Hooks) -> tuple[BaseStock, CappedBaseStock]:
    """Return the tuned rules, those of the checkpoint where there is one."""
    if hooks.resume is not None:
        factor, capped_factor, cap_periods = hooks.resume.facts["rules"]
        return BaseStock(factor), CappedBaseStock(capped_factor, cap_periods)
    hooks.tell("tuning the rules")
    plain, capped = tune(judging.tuning, TUNING_SEED)
    hooks.tell(f"base-stock {plain.version}; capped-base-stock {capped.version}")
    return plain, capped


def _taught(
    course: Course, judging: Judging, rules: tuple[BaseStock, CappedBaseStock], hooks: Hooks
) -> tuple[torch.nn.Module, dict[str, int | float]]:
    """Return the best actor of the course, and how long it took."""
    torch.set_num_threads(1)  # the network is smaller than what threads cost
    plain, capped = rules
    asked = {"course": repr(course), "judging": repr(judging)}
    kept = {**asked, "rules": [plain.factor, capped.factor, capped.cap_periods]}
    spent_s = 0.0 if hooks.resume is None else float(hooks.resume.facts["spent_s"])
    watch = Watch(
        course,
        Pace(course, hooks.cpu_s, spent_s),
        HeldOut(judging.held_out, HELD_OUT_SEED, capped).cost_ratio,
        tell=hooks.progress,
        keep=lambda checkpoint: hooks.keep(replace(checkpoint, facts={**checkpoint.facts, **kept})),
        logger=_logger(hooks.figures),
    )
    learner = ALGORITHMS[course.algorithm](course, watch.pace, replace(judging.training, worlds=course.rows), capped)
    if hooks.resume is not None:
        _require_same(asked, hooks.resume)
        watch.resume(hooks.resume)
        learner.restore(hooks.resume)
    learner.learn(course, watch)
    watch.end(learner)
    if watch.tired:
        hooks.tell(f"stopped early: nothing better since {watch.standing.best_steps:,} item-periods")
    watch.logger.close()
    return learner.actor(), {
        "item_periods": learner.steps,
        "best_item_periods": watch.standing.best_steps,
        "cpu_s": round(watch.pace.spent_s, 1),
    }


def _logger(folder: Path | None) -> Logger:
    return Logger(folder=None, output_formats=[]) if folder is None else configure(str(folder), ["tensorboard"])


def _require_same(asked: dict[str, str], checkpoint: Checkpoint) -> None:
    for name, text in asked.items():
        if checkpoint.facts[name] != text:
            raise PolicyFileError(
                f"the checkpoint is of another {name}: {checkpoint.facts[name]}, not {text}; train with the options "
                "it was begun with, or again without --resume"
            )


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
