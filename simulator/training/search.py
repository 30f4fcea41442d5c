"""A rule, worlds and a number of trials in, the best parameters a tree-structured Parzen search finds out.

Optuna asks, and a handful of its trials are played side by side on the same worlds; a study kept in a file goes on
where it stopped. Source: Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", NeurIPS 24.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from policies.inventory.rules import RULES, Rule
from simulator.inventory import world
from simulator.inventory.world import Scenario, Setting
from simulator.training.tuning import costs_of

BATCH = 8  # trials asked before any of them is told: they are played side by side


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and for how long."""

    policy: str  # a name in `policies.inventory.rules`
    setting: Setting
    seed: int  # of the worlds and of the search
    trials: int  # in all, those of an earlier start included
    storage: Path | None = None  # an SQLite file that keeps the study


@dataclass(frozen=True, slots=True)
class Found:
    """The best trial."""

    values: dict[str, float]
    cost: float  # currency per pool and period on the worlds searched on
    trials: int
    resumed: int  # of them were done before


def search(what: Search, tell: Callable[[int, float], None]) -> Found:
    """Return the best parameters; `tell` hears after each batch how many trials are done and the lowest cost."""
    rule, scenario = RULES[what.policy], world.draw(np.random.default_rng(what.seed), what.setting)
    study = _study(what)
    resumed = _finished(study)
    if not resumed:
        study.enqueue_trial({one.name: one.default for one in rule.parameters})
    done = _finished(study)
    while done < what.trials:
        _batch(study, rule, scenario, min(BATCH, what.trials - done))
        done = _finished(study)
        tell(done, float(study.best_value))
    return Found(dict(study.best_params), float(study.best_value), done, resumed)


def _finished(study: Any) -> int:
    """Return how many trials are done: what was waiting or running when a search was stopped is not."""
    return sum(trial.state.is_finished() for trial in study.trials)


def _batch(study: Any, rule: Rule, scenario: Scenario, size: int) -> None:
    asked = [study.ask() for _ in range(size)]
    values: list[Mapping[str, float]] = [
        {one.name: trial.suggest_float(one.name, one.low, one.high, log=True) for one in rule.parameters}
        for trial in asked
    ]
    for trial, cost in zip(asked, costs_of(rule, values, scenario).tolist(), strict=True):
        study.tell(trial, cost)


def _study(what: Search) -> Any:
    """Return a new study, or the one that is kept for the same rule, worlds and seed."""
    import optuna  # noqa: PLC0415  an extra; only who searches needs it

    optuna.logging.set_verbosity(logging.WARNING)
    digest = blake2b(f"{what.setting!r} {what.seed}".encode(), digest_size=6).hexdigest()
    storage = None if what.storage is None else f"sqlite:///{what.storage}"
    name = f"{what.policy} {digest}"
    study = optuna.create_study(study_name=name, storage=storage, load_if_exists=True)
    # A resumed study must not draw again what it drew at first.
    study.sampler = optuna.samplers.TPESampler(seed=what.seed + len(study.trials), constant_liar=True)
    return study
