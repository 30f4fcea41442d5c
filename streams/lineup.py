"""Who decides for a pool, and who stands beside: a value, loaded by `streams.lineups`."""

from dataclasses import dataclass

from policies.aliases import Aliases, is_canary
from policies.registry import InventoryPolicy
from streams.events import Role

__all__ = ["REASON_CHARACTERS_MAX", "InventoryPolicy", "Lineup"]

REASON_CHARACTERS_MAX = 160  # of why a policy is not served, in an explanation


@dataclass(frozen=True, slots=True)
class Lineup:
    """A policy, its part, and its challenger if there is one."""

    policy: InventoryPolicy
    role: Role = "catalog"
    challenger: InventoryPolicy | None = None
    challenger_failed: str = ""  # why the challenger is not there although there is one
    aliases: Aliases | None = None  # None: the catalog names the policy

    def is_canary(self, pool_id: str, resource_id: str) -> bool:
        """Return whether the challenger decides this item."""
        return self.aliases is not None and is_canary(self.aliases, pool_id, resource_id)
