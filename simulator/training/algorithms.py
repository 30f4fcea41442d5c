"""An algorithm's name in, a learner that has learnt nothing yet out. A new one is one file and one line here."""

from collections.abc import Callable
from typing import Protocol

from policies.inventory.capped_base_stock import CappedBaseStock
from simulator.inventory.vector_env import InventoryVectorEnv
from simulator.inventory.world import Setting
from simulator.training.checkpoints import Checkpoint
from simulator.training.course import Course, Pace
from simulator.training.ppo import ppo
from simulator.training.sac import sac
from simulator.training.vec_env import TrainingWorlds
from simulator.training.watch import Learner, Watch


class Trainee(Learner, Protocol):
    """A learner that can be set to work."""

    def learn(self, course: Course, watch: Watch) -> None:
        """Learn until the course is over or the watch says so."""

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint of the same course."""


def _stable(make: Callable[[Course, Pace, TrainingWorlds], Trainee]) -> Callable[..., Trainee]:
    def start(course: Course, pace: Pace, setting: Setting, rule: CappedBaseStock) -> Trainee:
        worlds = InventoryVectorEnv(setting, rule=rule, relative=True)
        return make(course, pace, TrainingWorlds(worlds, course.seed))

    return start


ALGORITHMS: dict[str, Callable[[Course, Pace, Setting, CappedBaseStock], Trainee]] = {
    "ppo": _stable(ppo),
    "sac": _stable(sac),
}
