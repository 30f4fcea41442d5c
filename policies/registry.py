"""A policy's name in, the policy ready to decide out. A new one is one file and one line here, alphabetically."""

from collections.abc import Callable
from pathlib import Path

from policies import trained_files
from policies.base import Policy
from policies.errors import PolicyFileError
from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.learned import capped, serve
from policies.observation import Float32s, Observation
from policies.trained_files import Trained

InventoryPolicy = Policy[Observation, Float32s]


def _base_stock(trained: Trained) -> BaseStock:
    return BaseStock(trained.manifest.rules["base-stock"].factor)


def _capped_base_stock(trained: Trained) -> CappedBaseStock:
    return capped(trained.manifest.rules["capped-base-stock"])


def _champion(trained: Trained) -> InventoryPolicy:
    return POLICIES[trained.manifest.champion](trained)


POLICIES: dict[str, Callable[[Trained], InventoryPolicy]] = {
    "base-stock": _base_stock,
    "capped-base-stock": _capped_base_stock,
    "champion": _champion,  # whichever of the others the promotion record names
    "learned": serve,
}


def load_policy(name: str, *, data_dir: Path | None, seal_key: bytes | None = None) -> InventoryPolicy:
    """Return the policy called `name`; raise PolicyFileError when it is unknown or its file cannot be trusted.

    Parameters come from the newest training: what lies in `data_dir/policies/inventory`, sealed with `seal_key`,
    else what ships with headgate.
    """
    if name not in POLICIES:
        raise PolicyFileError(f"policy {name!r} is unknown; known are {', '.join(POLICIES)}")
    trained = trained_files.load(data_dir, seal_key)
    _require_known(trained)
    return POLICIES[name](trained)


def _require_known(trained: Trained) -> None:
    manifest = trained.manifest
    rules = POLICIES.keys() - {"champion", "learned"}
    unknown = manifest.champion not in {*rules, "learned"}
    if unknown or not rules <= manifest.rules.keys():
        what = (
            f"promotes {manifest.champion!r}"
            if unknown
            else f"has no parameters of {min(rules - manifest.rules.keys())}"
        )
        raise PolicyFileError(f"the manifest in {trained.folder} {what}; run `headgate train inventory` again")
