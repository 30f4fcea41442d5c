"""A course in, a trained, evaluated and exported inventory policy out, with its promotion record."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from stable_baselines3.common.logger import Logger, configure

from policies import features, manifest
from policies.code_version import code_version
from policies.errors import PolicyFileError
from policies.inventory.learned import session
from policies.manifest import LEARNED, Manifest, Result
from policies.registry import InventoryPolicy
from simulator.inventory.starved import LIVE_SALES
from simulator.inventory.world import Setting
from simulator.training import rules
from simulator.training.algorithms import ALGORITHMS, Trainee
from simulator.training.checkpoints import Checkpoint
from simulator.training.course import Course, Pace
from simulator.training.export import export, weights_digest
from simulator.training.heads import FEATURES, policy_of
from simulator.training.held_out import HeldOut
from simulator.training.kinds import BROAD, LUMPY_SHOP
from simulator.training.rules import Tuned
from simulator.training.start import Start
from simulator.training.tournament import play, results
from simulator.training.tuning import earlier
from simulator.training.watch import Progress, Watch

# Rules are tuned, the network is trained, the best one on the way is chosen and everybody is judged on worlds of
# different seeds.
HELD_OUT_SEED, TUNING_SEED, PARITY_SEED, JUDGING_SEED = 60_001, 70_001, 80_001, 90_001


SHOP = Setting(items=10, forecasts=LIVE_SALES)  # retail, whose forecasts see what is sold


@dataclass(frozen=True, slots=True)
class Judging:
    """Where learners learn, rules are tuned, learners are watched, and policies are compared."""

    training: tuple[Setting, ...] = BROAD
    tuning: Setting = field(default_factory=lambda: replace(SHOP, worlds=40, periods=98))
    held_out: Setting = field(default_factory=lambda: replace(SHOP, worlds=40, periods=98))
    judging: Setting = field(default_factory=lambda: replace(SHOP, worlds=200, periods=112))


def judging_for(algorithm: str, world: Setting | None) -> Judging:
    """Return where an algorithm learns and is judged: in `world`, else in what it is for."""
    if world is not None:
        return judging_in(world)
    return judging_in(LUMPY_SHOP) if ALGORITHMS[algorithm].head == "choices" else Judging()


def judging_in(world: Setting) -> Judging:
    """Return all of it in worlds of one kind, of other seeds each time; recorded series are learnt from earlier."""
    past = earlier(world, 40)
    return Judging((past,), past, past, replace(world, worlds=200))


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
    algorithm = ALGORITHMS[course.algorithm]
    tuned = _rules(algorithm.head, judging, hooks)
    learner, watch = taught(course, judging, tuned, hooks)
    names = FEATURES[algorithm.head]
    network = export(learner.actor(), np.random.default_rng(PARITY_SEED), len(names))
    digest = weights_digest(learner.actor())
    served = policy_of(algorithm.head, session(network, "memory"), tuned.departed_from, digest[:12], learner.ranges())
    hooks.tell("comparing on worlds that neither rules nor network have seen")
    table, _ = judge(served, tuned, judging.judging)
    return Manifest(
        name=LEARNED,
        version=digest,
        network_sha256=hashlib.sha256(network).hexdigest(),
        algorithm=course.algorithm,
        head=algorithm.head,
        features_version=features.VERSION,
        features=names,
        ranges=learner.ranges(),
        adjusts=tuned.for_manifest()[rules.DEPARTED_FROM],
        rules=tuned.for_manifest(),
        data={
            "item_periods": learner.steps,
            "kinds_of_worlds": len(judging.training),
            "judging_pools": judging.judging.worlds,
        },
        seeds={
            "training": course.seed,
            "held_out": HELD_OUT_SEED,
            "tuning": TUNING_SEED,
            "judging": JUDGING_SEED,
        },
        training={
            "rows": course.rows,
            "best_item_periods": watch.standing.best_steps,
            "cpu_s": round(watch.pace.spent_s, 1),
            "stable_baselines3": version("stable-baselines3"),
            "torch": version("torch"),
        },
        evaluation=table,
        code_version=code_version(),
    ), network


def _rules(head: manifest.Head, judging: Judging, hooks: Hooks) -> Tuned:
    """Return the tuned rules, those of the checkpoint where there is one."""
    if hooks.resume is not None:
        return rules.restored(hooks.resume.facts["rules"])
    hooks.tell("tuning the rules")
    tuned = rules.tuned(rules.LUMPY if head == "choices" else rules.SMOOTH, judging.tuning, TUNING_SEED)
    hooks.tell("; ".join(f"{name} {rule.version}" for name, rule in tuned.rules.items()))
    return tuned


def taught(course: Course, judging: Judging, tuned: Tuned, hooks: Hooks) -> tuple[Trainee, Watch]:
    """Return a learner with the best network of the course, and what watched it."""
    torch.set_num_threads(1)  # the network is smaller than what threads cost
    asked = {"course": repr(course), "judging": repr(judging)}
    kept = {**asked, "rules": tuned.facts()}
    algorithm = ALGORITHMS[course.algorithm]
    spent_s = 0.0 if hooks.resume is None else float(hooks.resume.facts["spent_s"])
    watch = Watch(
        course,
        Pace(course, hooks.cpu_s, spent_s),
        HeldOut(judging.held_out, HELD_OUT_SEED, tuned.departed_from, tuned.best, algorithm.head).cost_ratio,
        tell=hooks.progress,
        keep=lambda checkpoint: hooks.keep(replace(checkpoint, facts={**checkpoint.facts, **kept})),
        logger=_logger(hooks.figures),
    )
    learner = algorithm.begin(Start(course, watch.pace, judging.training, tuned.departed_from, tuned.best))
    if hooks.resume is not None:
        _require_same(asked, hooks.resume)
        watch.resume(hooks.resume)
        learner.restore(hooks.resume)
    learner.learn(course, watch)
    watch.end(learner)
    if watch.tired:
        hooks.tell(f"stopped early: nothing better since {watch.standing.best_steps:,} item-periods")
    watch.logger.close()
    return learner, watch


def _logger(folder: Path | None) -> Logger:
    return Logger(folder=None, output_formats=[]) if folder is None else configure(str(folder), ["tensorboard"])


def _require_same(asked: dict[str, str], checkpoint: Checkpoint) -> None:
    for name, text in asked.items():
        if checkpoint.facts[name] != text:
            raise PolicyFileError(
                f"the checkpoint is of another {name}: {checkpoint.facts[name]}, not {text}; train with the options "
                "it was begun with, or again without --resume"
            )


def judge(learned: InventoryPolicy, tuned: Tuned, setting: Setting) -> tuple[tuple[Result, ...], str]:
    """Return the table of the policies and the name of the best rule.

    The rule to beat is the one that is better on the judged worlds themselves, which favours the rules.
    """
    scores = play({**tuned.rules, LEARNED: learned}, setting, JUDGING_SEED)
    best_rule = min(tuned.rules, key=lambda name: float(scores[name].cost_per_period.mean()))
    return results(scores, best_rule), best_rule
