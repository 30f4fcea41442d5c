"""A rule and its worlds in, a network that chooses among order quantities and does better out.

Approximate policy iteration by simulation, for costs with jumps that no gradient sees: an order's own cost, minimum
orders, packs. A network first copies the rule. Then, generation by generation: in states that the policy of now lives
through a handful of quantities is tried, each followed by the policy of now on the same demand (common random
numbers) for HORIZON_PERIODS; the network learns to put its choices where these costs are least.

Source: Temizoz, Imdahl, Dijkman, Lamghari-Idrissi and van Jaarsveld 2025, "Deep Controlled Learning for inventory
control", European Journal of Operational Research 324(1). Departures: many states with one future each in place of
few with many (the network averages over states); some quantities tried in place of all; and the loss is the mean cost
of a random choice by the network's probabilities, which weighs a mistake by what it costs, in place of imitating the
best choice.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from policies.errors import PolicyFileError
from policies.inventory.choices import CHOICES, NAMES
from policies.inventory.ranges import Ranges
from simulator.inventory import world
from simulator.inventory.world import Setting
from simulator.training.branches import Lessons, branch, imitation, together
from simulator.training.checkpoints import Checkpoint, prefixed
from simulator.training.course import Course
from simulator.training.kept_state import Arrays, module_arrays, restore_chance, restore_module
from simulator.training.seen_ranges import SeenRanges
from simulator.training.start import Start
from simulator.training.unrolled import unroll
from simulator.training.watch import Watch

GENERATIONS = 6
LIVED_PERIODS, HORIZON_PERIODS = 60, 40
COPIED_SEASONS = 4
COPY_EPOCHS, EPOCHS, BATCH = 20, 10, 512
RATE_COPY, RATE = 3e-3, 1e-3
HIDDEN = 64
_COPY_SEED = 999_983  # a season no generation has


class ImprovementLearner:
    """A network that chooses, and the generation that it is in."""

    def __init__(self, start: Start) -> None:
        """Copy the best rule; generations take the kinds of worlds in turn."""
        if not all(kind.deliveries.kept for kind in start.kinds):
            raise PolicyFileError("improvement does not follow orders that are late or lost; take --algorithm pathwise")
        torch.manual_seed(start.course.seed)
        self.steps = 0
        self._generation = 0
        self._start = start
        self._seen = SeenRanges(len(NAMES))
        self._actor = chooser()
        self._copy()

    def actor(self) -> torch.nn.Module:
        """Return the network."""
        return self._actor

    def ranges(self) -> Ranges:
        """Return what each feature was so far."""
        return self._seen.ranges()

    def learn(self, course: Course, watch: Watch) -> None:  # noqa: ARG002  known from the start
        """Improve generation by generation until the course is over or the watch says so."""
        while watch.season(self):
            rng = np.random.default_rng((self._start.course.seed, self._generation))
            loss = self._fit(self._collected(rng), rng)
            self._generation += 1
            watch.logger.record("train/expected_saving", loss)

    def _collected(self, rng: np.random.Generator) -> Lessons:
        """Return lessons of the generation's share of the course."""
        lessons: list[Lessons] = []
        until = 1.0 - (self._generation + 1) / GENERATIONS
        while not lessons or self._start.pace.remaining_ratio(self.steps) > until:
            kind = self._start.kind(len(lessons))
            scenario = world.draw(rng, self._setting(kind, LIVED_PERIODS + HORIZON_PERIODS))
            lessons.append(branch(unroll(scenario), self._actor, HORIZON_PERIODS, rng))
            self._seen.add(lessons[-1].seen.numpy())
            self.steps += lessons[-1].tried.numel() * HORIZON_PERIODS
        return together(lessons)

    def _setting(self, kind: Setting, periods: int) -> Setting:
        return replace(kind, worlds=self._start.course.rows, items=1, periods=periods)

    def _fit(self, lessons: Lessons, rng: np.random.Generator) -> float:
        """Train on the lessons; return the mean cost of the network's choices, below 0 where it saves."""
        optimizer = torch.optim.Adam(self._actor.parameters(), lr=RATE)
        repeated = _repeated(lessons.tried)
        loss = torch.zeros(())
        for epoch in range(EPOCHS):
            optimizer.param_groups[0]["lr"] = RATE * (1.0 - epoch / EPOCHS)
            for rows in _batches(len(lessons.seen), rng):
                scores = torch.gather(self._actor(lessons.seen[rows]), 1, lessons.tried[rows])
                chance = torch.softmax(scores.masked_fill(repeated[rows], -torch.inf), 1)
                loss = (chance * lessons.cost[rows]).sum(1).mean()
                _descend(optimizer, loss)
        return float(loss.detach())

    def _copy(self) -> None:
        """Learn to choose what is nearest to the rule's orders."""
        rng = np.random.default_rng((self._start.course.seed, _COPY_SEED))
        parts = [
            imitation(world.draw(rng, self._setting(kind, LIVED_PERIODS)), self._start.best, rng)
            for kind in self._start.kinds
            for _ in range(COPIED_SEASONS)
        ]
        seen, chosen = (torch.cat(part) for part in zip(*parts, strict=True))
        optimizer = torch.optim.Adam(self._actor.parameters(), lr=RATE_COPY)
        for epoch in range(COPY_EPOCHS):
            optimizer.param_groups[0]["lr"] = RATE_COPY * (1.0 - epoch / COPY_EPOCHS)
            for rows in _batches(len(seen), rng):
                _descend(optimizer, torch.nn.functional.cross_entropy(self._actor(seen[rows]), chosen[rows]))

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return what `restore` needs, at the start of a generation."""
        facts = {"steps": self.steps, "generation": self._generation}
        return facts, prefixed("actor", module_arrays(self._actor)) | prefixed("seen", self._seen.arrays())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint`."""
        self.steps, self._generation = int(checkpoint.facts["steps"]), int(checkpoint.facts["generation"])
        restore_module(self._actor, checkpoint.within("actor"))
        self._seen.restore(checkpoint.within("seen"))
        restore_chance(checkpoint.within("chance"))


def chooser() -> torch.nn.Module:
    """Return a network from what is seen (n, F) to scores (n, CHOICES)."""
    return torch.nn.Sequential(
        torch.nn.Linear(len(NAMES), HIDDEN),
        torch.nn.SiLU(),
        torch.nn.Linear(HIDDEN, HIDDEN),
        torch.nn.SiLU(),
        torch.nn.Linear(HIDDEN, CHOICES),
    )


def _batches(rows: int, rng: np.random.Generator) -> list[torch.Tensor]:
    order = torch.as_tensor(rng.permutation(rows))
    return list(torch.split(order, BATCH))


def _descend(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def _repeated(tried: torch.Tensor) -> torch.Tensor:
    """Return (S, TRIALS) whether a trial was tried before in the same state."""
    same = tried[:, :, None] == tried[:, None, :]
    return torch.tril(same, diagonal=-1).any(2)
