"""Stable-Baselines3 at work in; what our watch does at the start of each season out."""

from stable_baselines3.common.callbacks import BaseCallback

from simulator.training.vec_env import TrainingWorlds
from simulator.training.watch import Learner, Watch


class Watched(BaseCallback):
    """Shows the learner to a watch whenever its worlds have just been drawn and its last lesson is over."""

    def __init__(self, learner: Learner, worlds: TrainingWorlds, watch: Watch) -> None:
        """Take who learns, in which worlds, and who watches."""
        super().__init__()
        self._learner = learner
        self._worlds = worlds
        self._watch = watch
        self._go_on = True

    def _on_rollout_start(self) -> None:
        if self._worlds.fresh:
            self._go_on = self._watch.season(self._learner)

    def _on_step(self) -> bool:
        return self._go_on
