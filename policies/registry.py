"""A policy's name in, the policy ready to decide out."""

from collections.abc import Callable
from pathlib import Path

from policies.base import Policy
from policies.errors import PolicyFileError
from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.observation import Float32s, Observation

InventoryPolicy = Policy[Observation, Float32s]

POLICIES: dict[str, Callable[[Path | None, bytes | None], InventoryPolicy]] = {
    "base-stock": lambda data_dir, seal_key: BaseStock(),
    "capped-base-stock": lambda data_dir, seal_key: CappedBaseStock(),
    "champion": lambda data_dir, seal_key: BaseStock(),
}


def load_policy(name: str, *, data_dir: Path | None, seal_key: bytes | None = None) -> InventoryPolicy:
    """Return the policy called `name`; raise PolicyFileError when it is unknown or its file cannot be trusted.

    A policy trained here lies in `data_dir/policies` and carries a seal made with `seal_key`; without one, what
    ships with the package is served.
    """
    if name not in POLICIES:
        raise PolicyFileError(f"policy {name!r} is unknown; known are {', '.join(POLICIES)}")
    return POLICIES[name](data_dir, seal_key)
