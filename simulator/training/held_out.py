"""An actor in, what it pays on worlds that nobody trains on out, as a share of what the best rule pays there."""

from dataclasses import dataclass, field

import torch

from policies.inventory.capped_base_stock import CappedBaseStock
from policies.manifest import Head
from policies.registry import InventoryPolicy
from simulator.inventory.world import Setting
from simulator.training.actor import TorchSession
from simulator.training.heads import policy_of
from simulator.training.tournament import play


@dataclass(slots=True)
class HeldOut:
    """The worlds of one seed; what the rule pays is played once."""

    setting: Setting
    seed: int
    rule: CappedBaseStock  # that is departed from
    best: InventoryPolicy  # that is compared with
    head: Head
    _rule_cost: float | None = field(default=None, init=False)

    def cost_ratio(self, actor: torch.nn.Module) -> float:
        """Return the actor's mean cost over the rule's on the same demand."""
        if self._rule_cost is None:
            self._rule_cost = self._cost(self.best)
        return self._cost(policy_of(self.head, TorchSession(actor), self.rule, "unfinished")) / self._rule_cost

    def _cost(self, policy: InventoryPolicy) -> float:
        return float(play({"one": policy}, self.setting, self.seed)["one"].cost_per_period.mean())
