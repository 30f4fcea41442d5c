"""A start in, vectorised worlds as Stable-Baselines3's `VecEnv` out: the same numbers under other names."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from policies import features
from policies.observation import Float32s
from simulator.inventory.vector_env import InventoryVectorEnv
from simulator.inventory.world import Setting
from simulator.training.seen_ranges import SeenRanges
from simulator.training.start import Start


class TrainingWorlds(VecEnv):
    """What PPO steps. All worlds run in this process: numpy is the parallelism."""

    def __init__(self, begin: Start) -> None:
        """Begin with the first season; one item a world, as many worlds as the course has rows."""
        self._begin = begin
        self._worlds = worlds = InventoryVectorEnv(self._kind(0), rule=begin.rule, relative=True)
        super().__init__(worlds.num_envs, worlds.single_observation_space, worlds.single_action_space)
        self._seed = begin.course.seed
        self.season = 0
        self.seen = SeenRanges(len(features.NAMES))
        self.fresh = False  # whether the season has just been drawn
        self._actions: Float32s = np.zeros((worlds.num_envs, worlds.setting.items), dtype=np.float32)

    def reset(self) -> VecEnvObs:
        """Draw the worlds of the present season.

        Each season has a generator of its own, so that a later one can be drawn without those before it.
        """
        self._next(self.season)
        observation, _ = self._worlds.reset()
        self._next(self.season + 1)  # for the draw of the season's last step
        self.fresh = True
        return observation

    def _next(self, season: int) -> None:
        """Let the next draw be that of `season`."""
        self._worlds.np_random = self._generator(season)
        self._worlds.setting = self._kind(season)

    def _kind(self, season: int) -> Setting:
        return replace(self._begin.kind(season), worlds=self._begin.course.rows, items=1)

    def _generator(self, season: int) -> np.random.Generator:
        return np.random.default_rng((self._seed, season))

    def step_async(self, actions: Float32s) -> None:
        """Remember what to do."""
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Do it; the last observation of ended worlds goes where PPO looks for it."""
        observation, rewards, _, ended, information = self._worlds.step(self._actions)
        self.seen.add(observation)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        self.fresh = bool(ended.any())
        if self.fresh:
            self.season += 1
            self._next(self.season + 1)
            infos = [{"TimeLimit.truncated": True, "terminal_observation": last} for last in information["final_obs"]]
        return observation, rewards.astype(np.float32), ended, infos

    def close(self) -> None:
        """Close the worlds."""
        self._worlds.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Return the attribute of the worlds, once for each."""
        return [getattr(self._worlds, attr_name, None) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Refuse: worlds are drawn together and have no attributes of their own."""
        raise NotImplementedError(f"{attr_name} cannot be set for single worlds")

    def env_method(self, method_name: str, *arguments: Any, indices: VecEnvIndices = None, **named: Any) -> list[Any]:
        """Refuse: there is no single world to call."""
        raise NotImplementedError(f"{method_name} cannot be called on single worlds")

    def env_is_wrapped(
        self,
        wrapper_class: type[Any],  # noqa: ARG002  Stable-Baselines3's signature
        indices: VecEnvIndices = None,
    ) -> list[bool]:
        """Return that nothing is wrapped."""
        return [False for _ in self._get_indices(indices)]

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Take the seed of the next seasons; None leaves it."""
        self._seed = self._seed if seed is None else seed
        return [seed] * self.num_envs
