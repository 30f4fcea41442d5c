"""Many pools at once for Gymnasium: (worlds, n) adjustments in, features, rewards and ends out, all in numpy.

All worlds start and end together; the step that ends them draws the next ones and returns their first
observation, with the last one of the old worlds in `info["final_obs"]` (Gymnasium's SAME_STEP).
"""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from policies import features
from policies.inventory.adjustment import adjusted_orders
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.observation import Float32s, Observation
from simulator.inventory import world
from simulator.inventory.env import RULE, action_space, observation_space
from simulator.inventory.reward import cost_scale, reward
from simulator.inventory.types import Float64s
from simulator.inventory.world import Setting, Worlds


class InventoryVectorEnv(VectorEnv[Float32s, Float32s, NDArray[Any]]):
    """`setting.worlds` pools of `setting.items` items; with `relative`, rewards are savings against the rule."""

    metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012  Gymnasium reads a plain dictionary

    def __init__(self, setting: Setting, *, rule: CappedBaseStock = RULE, relative: bool = False) -> None:
        """Take the kind of pools to draw and the rule that actions adjust."""
        self.setting = setting
        self.rule = rule
        self.relative = relative
        self.num_envs = setting.worlds
        self._observation: Observation  # what the next actions answer; set by reset
        self.single_observation_space = observation_space(setting.items)
        self.single_action_space = action_space(setting.items)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002  Gymnasium's signature
    ) -> tuple[Float32s, dict[str, Any]]:
        """Draw new worlds from one generator; of a list of seeds the first counts, since worlds are drawn together."""
        super().reset(seed=seed[0] if isinstance(seed, list) else seed)
        self._draw()
        return self._seen(), {}

    def step(self, actions: Float32s) -> tuple[Float32s, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Order, sell and pay for one period in every world."""
        shape = (self.num_envs, self.setting.items)
        adjustment = np.asarray(actions, dtype=np.float32).reshape(-1)
        orders = adjusted_orders(self._observation, adjustment, self.rule).reshape(shape)
        outcome = self._worlds.step(orders.astype(np.float64))
        rewards = reward(outcome.cost, self._scale, self._rule_cost())
        ended = np.full(self.num_envs, self._worlds.done)
        information: dict[str, Any] = {"cost": outcome.cost.sum(axis=-1)}
        self._observation = self._worlds.observation()
        if self._worlds.done:
            information["final_obs"] = self._seen()
            self._draw()
        return self._seen(), rewards, np.zeros(self.num_envs, dtype=np.bool_), ended, information

    def _draw(self) -> None:
        scenario = world.draw(self.np_random, self.setting)
        self._worlds, self._shadow = Worlds(scenario), Worlds(scenario)
        self._scale = cost_scale(scenario.items, scenario.forecasts.average_units[..., 0])
        self._observation = self._worlds.observation()

    def _rule_cost(self) -> Float64s | None:
        """Return what the rule pays for the same period of the same worlds, None when it is not asked for."""
        if not self.relative:
            return None
        orders = self.rule.decide(self._shadow.observation())
        paid = self._shadow.step(orders.reshape(self.num_envs, self.setting.items).astype(np.float64)).cost
        return np.asarray(paid, dtype=np.float64)

    def _seen(self) -> Float32s:
        return features.compute(self._observation).reshape(self.num_envs, -1)
