"""A start in, a learner by Stable-Baselines3's PPO out.

Each row of the batch is one item in a world of its own, so one small network learns to serve every item; what
items share, capacity and budget, is the guard's business. It starts as the tuned rule (an adjustment of zero)
and is told what it saves against that rule on the same demand.

Source: Schulman et al. 2017, "Proximal Policy Optimization Algorithms", arXiv:1707.06347, as Stable-Baselines3
implements it.
"""

import torch
from stable_baselines3 import PPO

from simulator.training.actor import ppo_actor
from simulator.training.stable_baselines import StableBaselinesLearner
from simulator.training.start import Start
from simulator.training.vec_env import TrainingWorlds

ROLLOUT_PERIODS = 48  # two rollouts make a season
RATE_FIRST, RATE_LAST = 1e-3, 5e-5


def ppo(start: Start) -> StableBaselinesLearner:
    """Return a learner that has learnt nothing yet: it decides as the rule does, nearly."""
    worlds = TrainingWorlds(start)
    model = PPO(
        "MlpPolicy",
        worlds,
        seed=start.course.seed,
        device="cpu",
        n_steps=ROLLOUT_PERIODS,
        batch_size=min(4096, start.course.rows * ROLLOUT_PERIODS),
        n_epochs=5,
        gamma=0.96,  # an order's consequences are over within a few weeks
        gae_lambda=0.92,
        learning_rate=start.pace.rate(RATE_FIRST, RATE_LAST),
        policy_kwargs={"net_arch": [64, 64], "log_std_init": -1.2},
    )
    with torch.no_grad():
        for weights in model.policy.action_net.parameters():
            weights.mul_(0.1)  # start as the rule itself
    return StableBaselinesLearner(model, worlds, ppo_actor(model), {"all": model.policy.optimizer})
