"""Steps and a seed in, a trained actor out: Stable-Baselines3 PPO on the vectorised inventory world.

Each row of the batch is one item in a world of its own, so one small network learns to serve every item; what
items share, capacity and budget, is the guard's business. It starts as the tuned rule (an adjustment of zero)
and is told what it saves against that rule on the same demand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback

from policies.inventory.capped_base_stock import CappedBaseStock
from simulator.inventory.vector_env import InventoryVectorEnv
from simulator.inventory.world import Setting
from simulator.training.vec_env import TrainingWorlds

ROWS = 512  # items learnt from at once
ROLLOUT_PERIODS = 48
RATE_FIRST, RATE_LAST = 1e-3, 5e-5


@dataclass(frozen=True, slots=True)
class Course:
    """How long and from which chance to learn."""

    steps: int = 4_000_000  # item-periods
    seed: int = 1
    rows: int = ROWS


def train(course: Course, rule: CappedBaseStock, progress: Callable[[str], None]) -> PPO:
    """Return the trained model; the same for the same course on the same machine and library versions."""
    torch.set_num_threads(1)  # the network is smaller than what threads cost
    setting = Setting(worlds=course.rows, items=1, periods=96)
    worlds = TrainingWorlds(InventoryVectorEnv(setting, rule=rule, relative=True), course.seed)
    model = PPO(
        "MlpPolicy",
        worlds,
        seed=course.seed,
        device="cpu",
        n_steps=ROLLOUT_PERIODS,
        batch_size=min(4096, course.rows * ROLLOUT_PERIODS),
        n_epochs=5,
        gamma=0.96,  # an order's consequences are over within a few weeks
        gae_lambda=0.92,
        # The last rollout may go past the end, where `remaining` is negative.
        learning_rate=lambda remaining: RATE_LAST + (RATE_FIRST - RATE_LAST) * max(remaining, 0.0),
        policy_kwargs={"net_arch": [64, 64], "log_std_init": -1.2},
    )
    with torch.no_grad():
        for weights in model.policy.action_net.parameters():
            weights.mul_(0.1)  # start as the rule itself
    model.learn(course.steps, callback=_Progress(course.steps, progress))
    return model


class _Progress(BaseCallback):
    """Tells at each tenth of the way what is saved against the rule."""

    def __init__(self, steps: int, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._steps = steps
        self._tell = tell
        self._told = 0

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        tenth = 10 * self.num_timesteps // self._steps
        if tenth > self._told:
            self._told = tenth
            saved = float(self.locals["rollout_buffer"].rewards.mean())
            share = min(self.num_timesteps / self._steps, 1.0)
            self._tell(f"{share:4.0%}  {self.num_timesteps:>10,} item-periods  saved per period {saved:+.3f}")
