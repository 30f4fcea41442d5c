"""A start in, a learner by Stable-Baselines3's SAC out: it learns from a buffer of what it has lived.

The same worlds, features, start and reward as PPO's. It takes more time for each item-period and fewer of them.

Source: Haarnoja et al. 2018, "Soft Actor-Critic Algorithms and Applications", arXiv:1812.05905, as
Stable-Baselines3 implements it. Its uniformly random first steps are left out: the rule is a better start.
"""

from typing import Any

import torch
from stable_baselines3 import SAC

from simulator.training.actor import sac_actor
from simulator.training.checkpoints import Checkpoint, prefixed
from simulator.training.kept_state import Arrays
from simulator.training.stable_baselines import StableBaselinesLearner
from simulator.training.start import Start
from simulator.training.vec_env import TrainingWorlds

BUFFER_ROWS = 200_000  # item-periods remembered
BATCH = 512
LESSON_PERIODS = 4  # lived between two lessons
RATE_FIRST, RATE_LAST = 1e-3, 1e-4
REMEMBERED = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


class SacLearner(StableBaselinesLearner):
    """SAC goes on from its buffer and its temperature too."""

    model: SAC

    def state(self) -> tuple[dict[str, Any], Arrays]:
        """Return what `restore` needs, at the start of a season."""
        facts, arrays = super().state()
        buffer, temperature = self.model.replay_buffer, self.model.log_ent_coef
        assert buffer is not None
        assert temperature is not None
        filled = buffer.buffer_size if buffer.full else buffer.pos
        remembered = {name: getattr(buffer, name)[:filled] for name in REMEMBERED}
        arrays |= prefixed("buffer", remembered)
        arrays["log_temperature"] = temperature.detach().numpy().copy()
        return {**facts, "buffer": [buffer.pos, buffer.full]}, arrays

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from `checkpoint`."""
        buffer, temperature = self.model.replay_buffer, self.model.log_ent_coef
        assert buffer is not None
        assert temperature is not None
        for name, values in checkpoint.within("buffer").items():
            getattr(buffer, name)[: len(values)] = values
        buffer.pos, buffer.full = checkpoint.facts["buffer"]
        with torch.no_grad():
            temperature.copy_(torch.as_tensor(checkpoint.arrays["log_temperature"]))
        super().restore(checkpoint)


def sac(start: Start) -> SacLearner:
    """Return a learner that has learnt nothing yet: it decides as the rule does, nearly."""
    worlds = TrainingWorlds(start)
    model = SAC(
        "MlpPolicy",
        worlds,
        seed=start.course.seed,
        device="cpu",
        buffer_size=BUFFER_ROWS,
        batch_size=BATCH,
        learning_starts=0,
        train_freq=(LESSON_PERIODS, "step"),
        gradient_steps=2 * LESSON_PERIODS,
        gamma=0.96,  # as PPO's
        ent_coef="auto_0.02",
        target_entropy=-2.0,  # of one action between -1 and 1: noise of about 0.03
        learning_rate=start.pace.rate(RATE_FIRST, RATE_LAST),
        policy_kwargs={"net_arch": [64, 64]},
    )
    spread = model.actor.get_submodule("log_std")
    assert isinstance(spread, torch.nn.Linear)
    with torch.no_grad():
        for weights in model.actor.mu.parameters():
            weights.mul_(0.1)  # start as the rule itself
        spread.bias.sub_(1.5)  # the first noise is a fifth of what an adjustment can be
    temperature = model.ent_coef_optimizer
    assert temperature is not None
    optimizers = {"actor": model.actor.optimizer, "critic": model.critic.optimizer, "temperature": temperature}
    return SacLearner(model, worlds, sac_actor(model), optimizers)
