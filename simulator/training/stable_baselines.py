"""A Stable-Baselines3 model in, a learner that can be watched, stopped and gone on with out.

Between two seasons a model is its weights, what its optimizers remember, how far it is, and the state of the
generators it draws from: that is all that is kept, as plain arrays, and it goes on exactly as if never stopped.
"""

from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm

from policies.inventory.ranges import Ranges
from simulator.training.actor import Actor
from simulator.training.callbacks import Watched
from simulator.training.checkpoints import Checkpoint, prefixed
from simulator.training.course import Course
from simulator.training.kept_state import (
    Arrays,
    module_arrays,
    optimizer_arrays,
    restore_chance,
    restore_module,
    restore_optimizer,
)
from simulator.training.vec_env import TrainingWorlds
from simulator.training.watch import Watch


class StableBaselinesLearner:
    """One model, its worlds, and the parts of it that learn."""

    def __init__(
        self, model: BaseAlgorithm, worlds: TrainingWorlds, actor: Actor, optimizers: dict[str, torch.optim.Optimizer]
    ) -> None:
        """Take a model that has learnt nothing yet; `actor` shares its weights."""
        self.model = model
        self.worlds = worlds
        self._actor = actor
        self._optimizers = optimizers

    @property
    def steps(self) -> int:
        """Return the item-periods learnt from so far."""
        return int(self.model.num_timesteps)

    def actor(self) -> torch.nn.Module:
        """Return the deterministic part."""
        return self._actor

    def ranges(self) -> Ranges:
        """Return what each feature was so far."""
        return self.worlds.seen.ranges()

    def learn(self, course: Course, watch: Watch) -> None:
        """Learn until the course is over or the watch says so."""
        self.model.set_logger(watch.logger)
        left = course.steps - self.steps
        self.model.learn(left, callback=Watched(self, self.worlds, watch), reset_num_timesteps=False)

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return what `restore` needs, at the start of a season."""
        facts = {
            "steps": self.steps,
            "updates": int(getattr(self.model, "_n_updates", 0)),
            "season": self.worlds.season,
        }
        arrays = prefixed("policy", module_arrays(self.model.policy))
        arrays |= prefixed("seen", self.worlds.seen.arrays())
        for name, optimizer in self._optimizers.items():
            arrays |= prefixed(f"optimizer-{name}", optimizer_arrays(optimizer))
        return facts, arrays

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint`; the generators last, since everything before may draw from them."""
        self.model.num_timesteps = int(checkpoint.facts["steps"])
        self.model._n_updates = int(checkpoint.facts["updates"])  # noqa: SLF001  it has no public name
        self.worlds.season = int(checkpoint.facts["season"])
        self.worlds.seen.restore(checkpoint.within("seen"))
        restore_module(self.model.policy, checkpoint.within("policy"))
        for name, optimizer in self._optimizers.items():
            restore_optimizer(optimizer, checkpoint.within(f"optimizer-{name}"))
        restore_chance(checkpoint.within("chance"))
