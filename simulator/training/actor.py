"""A model of any algorithm in, its deterministic part out: features (n, F) to adjustments (n, 1) in [-1, 1]."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO, SAC

from policies.observation import Float32s


class Actor(torch.nn.Module):
    """Layers and what bounds their answer; the one form that is judged, exported and served."""

    def __init__(self, layers: torch.nn.Module, last: torch.nn.Module, *, smooth: bool) -> None:
        """Share the layers of a model; its answer is bounded by a hyperbolic tangent if `smooth`, else cut."""
        super().__init__()
        self.layers = layers
        self.last = last
        self.smooth = smooth

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """Return the adjustment that is most likely, cut to what the world accepts."""
        adjustment: torch.Tensor = self.last(self.layers(seen))
        return torch.tanh(adjustment) if self.smooth else torch.clamp(adjustment, -1.0, 1.0)


def ppo_actor(model: PPO) -> Actor:
    """Return the mean action of a PPO model."""
    return Actor(model.policy.mlp_extractor.policy_net, model.policy.action_net, smooth=False)


def sac_actor(model: SAC) -> Actor:
    """Return the squashed mean action of a SAC model."""
    return Actor(model.actor.latent_pi, model.actor.mu, smooth=True)


class TorchSession:
    """An actor in place of an onnxruntime session, so that learning is judged through the code that serves."""

    def __init__(self, actor: torch.nn.Module) -> None:
        """Take the actor; it stays the learner's, and is asked without gradients."""
        self._actor = actor

    def run(self, outputs: Sequence[str], inputs: dict[str, Float32s]) -> list[Any]:  # noqa: ARG002  onnxruntime's
        """Return the one output of the one input."""
        (seen,) = inputs.values()
        with torch.no_grad():
            return [np.asarray(self._actor(torch.as_tensor(seen)).numpy(), dtype=np.float32)]
