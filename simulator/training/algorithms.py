"""An algorithm's name in, how it learns and what it needs out. A new one is one file and one line here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from policies.inventory.ranges import Ranges
from policies.manifest import Head
from simulator.training.checkpoints import Checkpoint
from simulator.training.course import STEPS_MAX, Course
from simulator.training.improvement import ImprovementLearner
from simulator.training.ppo import ppo
from simulator.training.sac import sac
from simulator.training.start import Start
from simulator.training.watch import Learner, Watch
from simulator.training.worlds_pathwise import PathwiseLearner


class Trainee(Learner, Protocol):
    """A learner that can be set to work."""

    def learn(self, course: Course, watch: Watch) -> None:
        """Learn until the course is over or the watch says so."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same course."""

    def ranges(self) -> Ranges:
        """Return what each feature was while it learnt."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """A way to learn."""

    begin: Callable[[Start], Trainee]
    head: Head
    steps: int  # item-periods that are usually enough
    rows: int  # items learnt from at once


ALGORITHMS: dict[str, Algorithm] = {
    "improvement": Algorithm(ImprovementLearner, "choices", 60_000_000, 128),
    "pathwise": Algorithm(PathwiseLearner, "adjustment", 60_000_000, 512),
    "ppo": Algorithm(ppo, "adjustment", 4_000_000, 512),
    "sac": Algorithm(sac, "adjustment", 500_000, 64),
}


def course_of(name: str, steps: int | None, budget_s: float | None, seed: int, patience: int) -> Course:
    """Return the course of an algorithm; without a length it is the algorithm's usual one."""
    algorithm = ALGORITHMS[name]
    usual = algorithm.steps if budget_s is None else STEPS_MAX
    return Course(name, steps or usual, budget_s, seed, algorithm.rows, patience=patience)
