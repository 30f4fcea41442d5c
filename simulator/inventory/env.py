"""The replenishment world for Gymnasium: one number per item in, features, reward and the end of the season out.

Observation: `policies.features` of each item, one after the other. Action: per item in [-1, 1], how far to depart
from a rule (`policies.inventory.adjustment`); all zeros is the rule itself.
"""

from dataclasses import replace
from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium import spaces

from policies import features
from policies.features import RATIO_MAX
from policies.inventory.adjustment import adjusted_orders
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.observation import Float32s
from simulator.inventory import world
from simulator.inventory.render import line
from simulator.inventory.reward import cost_scale, reward
from simulator.inventory.types import Outcome
from simulator.inventory.world import Setting, Worlds

RULE = CappedBaseStock(factor=0.65, cap_periods=1.2)  # about the best one on these worlds
FEATURE_MAX = RATIO_MAX  # no feature leaves it


def observation_space(items: int) -> spaces.Space[Float32s]:
    """Return the space of the features of `items` items."""
    shape = (items * len(features.NAMES),)
    return cast("spaces.Space[Float32s]", spaces.Box(-FEATURE_MAX, FEATURE_MAX, shape=shape, dtype=np.float32))


def action_space(items: int) -> spaces.Space[Float32s]:
    """Return the space of one adjustment per item."""
    return cast("spaces.Space[Float32s]", spaces.Box(-1.0, 1.0, shape=(items,), dtype=np.float32))


class InventoryEnv(gymnasium.Env[Float32s, Float32s]):
    """One pool of items over one season; truncated, never terminated, because shops do not end."""

    metadata = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012  Gymnasium reads a plain dictionary

    def __init__(
        self, setting: Setting | None = None, *, rule: CappedBaseStock = RULE, render_mode: str | None = None
    ) -> None:
        """Take the kind of pool to draw and the rule that actions adjust."""
        self.setting = replace(setting or Setting(), worlds=1)
        self.rule = rule
        self.render_mode = render_mode
        self.observation_space: spaces.Space[Float32s] = observation_space(self.setting.items)
        self.action_space: spaces.Space[Float32s] = action_space(self.setting.items)
        self._worlds: Worlds | None = None
        self._last: Outcome | None = None

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002  Gymnasium's signature
    ) -> tuple[Float32s, dict[str, Any]]:
        """Draw a new pool and season."""
        super().reset(seed=seed)
        self._worlds = Worlds(world.draw(self.np_random, self.setting))
        self._scale = cost_scale(self._worlds.scenario.items, self._worlds.scenario.forecasts.average_units[..., 0])
        self._last = None
        return self._seen(), {}

    def step(self, action: Float32s) -> tuple[Float32s, float, bool, bool, dict[str, Any]]:
        """Order, sell and pay for one period."""
        worlds = self._started()
        orders = adjusted_orders(worlds.observation(), np.asarray(action, dtype=np.float32), self.rule)
        self._last = worlds.step(orders[np.newaxis, :].astype(np.float64))
        paid = float(reward(self._last.cost, self._scale)[0])
        information = {"cost": float(self._last.cost.sum()), "unmet_units": float(self._last.unmet_units.sum())}
        return self._seen(), paid, False, worlds.done, information

    def render(self) -> str | None:
        """Return the state as a line of text, or None without the "ansi" mode."""
        return line(self._started(), self._last) if self.render_mode == "ansi" else None

    def _seen(self) -> Float32s:
        return features.compute(self._started().observation()).reshape(-1)

    def _started(self) -> Worlds:
        if self._worlds is None:
            raise gymnasium.error.ResetNeeded("call reset() first: there is no season yet")
        return self._worlds
