"""A learner at the ends of its seasons in; evaluations, the best network, checkpoints and the word to stop out.

One way for every algorithm: on held-out worlds the learner is compared with the rule it starts from, evenly spread
over the course; the best network so far is kept, and learning stops early when no better one has come for a while.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import torch
from stable_baselines3.common.logger import Logger

from simulator.training.checkpoints import Checkpoint, prefixed
from simulator.training.course import Course, Pace
from simulator.training.kept_state import Arrays, chance_arrays, module_arrays, restore_module


class Learner(Protocol):
    """What is watched: how far it is, what it would serve, and what it would go on from."""

    @property
    def steps(self) -> int:
        """Return the item-periods learnt from so far."""

    def actor(self) -> torch.nn.Module:
        """Return the part that would be served, still the learner's own."""

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return facts and arrays from which it goes on as if nothing had happened, at the start of a season."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the evaluations went so far; a cost is a share of what the rule pays on the same worlds."""

    evaluated: int = 0
    best_cost_ratio: float = float("inf")
    best_steps: int = 0
    worse_in_a_row: int = 0
    last_cost_ratio: float = float("inf")

    def after(self, cost_ratio: float, steps: int, evaluated: int) -> "Standing":
        """Return the standing after one more evaluation.

        >>> Standing(1, 0.95, 100, 0).after(0.97, 200, 2)
        Standing(evaluated=2, best_cost_ratio=0.95, best_steps=100, worse_in_a_row=1, last_cost_ratio=0.97)
        """
        if cost_ratio < self.best_cost_ratio:
            return Standing(evaluated, cost_ratio, steps, 0, cost_ratio)
        return replace(self, evaluated=evaluated, worse_in_a_row=self.worse_in_a_row + 1, last_cost_ratio=cost_ratio)


@dataclass(frozen=True, slots=True)
class Progress:
    """What people are told at an evaluation."""

    done_ratio: float
    steps: int
    cost_ratio: float  # of the rule's cost, on held-out worlds
    best_cost_ratio: float


class Watch:
    """Looks at a learner whenever its worlds start anew."""

    def __init__(
        self,
        course: Course,
        pace: Pace,
        judge: Callable[[torch.nn.Module], float],
        *,
        tell: Callable[[Progress], None],
        keep: Callable[[Checkpoint], None],
        logger: Logger,
    ) -> None:
        """Take how an actor is judged (cost as a share of the rule's), whom to tell and where checkpoints go."""
        self.logger = logger
        self.pace = pace
        self.standing = Standing()
        self._course = course
        self._judge = judge
        self._tell = tell
        self._keep = keep
        self._best: Arrays = {}

    def season(self, learner: Learner) -> bool:
        """Evaluate when it is time to; return whether to go on."""
        done_ratio = 1.0 - self.pace.remaining_ratio(learner.steps)
        due = int(done_ratio * self._course.evaluations + 1e-9)
        if due > self.standing.evaluated:
            self._evaluate(learner, due, done_ratio)
            self._keep(self.checkpoint(learner))
        return done_ratio < 1.0 and not self.tired

    @property
    def tired(self) -> bool:
        """Return whether nothing better has come for as many evaluations as the course has patience."""
        return 0 < self._course.patience <= self.standing.worse_in_a_row

    def end(self, learner: Learner) -> None:
        """Give `learner`'s actor the best weights, after a last look at what it has."""
        if self.standing.evaluated < self._course.evaluations and not self.tired:
            self._evaluate(learner, self._course.evaluations, 1.0)
        restore_module(learner.actor(), self._best)

    def checkpoint(self, learner: Learner) -> Checkpoint:
        """Return everything that `resume` and the learner need to go on."""
        facts, arrays = learner.state()
        return Checkpoint(
            {**facts, "spent_s": self.pace.spent_s, "standing": asdict(self.standing)},
            {**arrays, **prefixed("chance", chance_arrays()), **prefixed("best", self._best)},
        )

    def resume(self, checkpoint: Checkpoint) -> None:
        """Take the standing and the best network of a checkpoint."""
        self.standing = Standing(**checkpoint.facts["standing"])
        self._best = checkpoint.within("best")

    def _evaluate(self, learner: Learner, due: int, done_ratio: float) -> None:
        actor = learner.actor()
        cost_ratio = self._judge(actor)
        self.standing = self.standing.after(cost_ratio, learner.steps, due)
        if self.standing.best_steps == learner.steps:
            self._best = module_arrays(actor)
        self.logger.record("held_out/cost_ratio", cost_ratio)
        self.logger.dump(learner.steps)
        self._tell(Progress(done_ratio, learner.steps, cost_ratio, self.standing.best_cost_ratio))
