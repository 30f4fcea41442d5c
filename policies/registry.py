"""A policy's name in, the policy ready to decide out. A new one is one file and one line here, alphabetically.

Names are those of `POLICIES`, the alias "challenger", and references as `policies.aliases` has them. A rule without a
version has the parameters of the training that the champion's reference names; "learned" is the network of that one.
"""

import re
from collections.abc import Callable
from pathlib import Path

from policies import aliases as alias_files
from policies import trained_files
from policies.aliases import Aliases, version_of
from policies.base import Policy
from policies.errors import PolicyFileError
from policies.inventory import choices
from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.learned import capped, serve
from policies.inventory.reorder_point import ReorderPoint
from policies.manifest import LEARNED, VERSION_CHARACTERS
from policies.observation import Float32s, Observation
from policies.trained_files import Trained

InventoryPolicy = Policy[Observation, Float32s]
Find = Callable[[str], Trained]  # a short version in, its files out; raises PolicyFileError

CHAMPION, CHALLENGER = "champion", "challenger"
VERSION = re.compile(f"[0-9a-f]{{{VERSION_CHARACTERS}}}")


def _base_stock(trained: Trained) -> BaseStock:
    return BaseStock(trained.manifest.rules["base-stock"].factor)


def _capped_base_stock(trained: Trained) -> CappedBaseStock:
    return capped(trained.manifest.rules["capped-base-stock"])


def _reorder_point(trained: Trained) -> ReorderPoint:
    """Return the tuned rule; as textbooks have it where orders cost nothing by themselves, so that none was tuned."""
    rule = trained.manifest.rules.get("reorder-point")
    return ReorderPoint() if rule is None else ReorderPoint(rule.factor, rule.lot_factor or 0.0)


def _learned(trained: Trained) -> InventoryPolicy:
    return choices.serve(trained) if trained.manifest.head == "choices" else serve(trained)


def _champion(trained: Trained) -> InventoryPolicy:
    return POLICIES[trained.manifest.champion](trained)


POLICIES: dict[str, Callable[[Trained], InventoryPolicy]] = {
    "base-stock": _base_stock,
    "capped-base-stock": _capped_base_stock,
    "champion": _champion,  # of what ships, or was trained, before anybody has promoted anything
    "learned": _learned,
    "reorder-point": _reorder_point,
}
RULES = tuple(name for name in POLICIES if name not in (CHAMPION, LEARNED))
ALWAYS = tuple(name for name in RULES if name != "reorder-point")  # is tuned beside every network


def load_policy(name: str, *, data_dir: Path | None, seal_key: bytes | None = None) -> InventoryPolicy:
    """Return the policy called `name`; raise PolicyFileError when it is unknown or its file cannot be trusted.

    Files are those in `data_dir/policies/inventory`, sealed with `seal_key`, and what ships with headgate.
    """
    return resolve(name, standing(data_dir, seal_key), lambda one: trained_files.find(one, data_dir, seal_key))


def standing(data_dir: Path | None, seal_key: bytes | None) -> Aliases:
    """Return who is champion and challenger in this installation."""
    folder = None if data_dir is None else trained_files.local_folder(data_dir)
    kept = None if folder is None else alias_files.read(folder, seal_key)
    if kept is not None:
        return kept
    # Nobody has promoted anything: what an older headgate trained here is served as it was, else what ships.
    alone = folder is not None and (folder / trained_files.MANIFEST).exists()
    trained = trained_files.load_folder(folder, seal_key) if folder is not None and alone else None
    return Aliases(champion=reference_of(trained or trained_files.load_shipped()))


def reference_of(trained: Trained, name: str | None = None) -> str:
    """Return the reference of a policy that `trained` holds, by default of the one that it would serve."""
    _require_known(trained)
    version, name = trained.manifest.short_version, name or trained.manifest.champion
    return version if name == LEARNED else f"{name}@{version}"


def resolve(name: str, aliases: Aliases, find: Find) -> InventoryPolicy:
    """Return the policy that `name` means under `aliases`; raise PolicyFileError as `load_policy` does."""
    reference = {CHAMPION: aliases.champion, CHALLENGER: aliases.challenger}.get(name, name)
    if reference is None:
        raise PolicyFileError("there is no challenger; make one with `headgate policy promote VERSION`")
    kind, at, version = reference.rpartition("@")
    if not at:
        kind, version = (reference, version_of(aliases.champion)) if reference in POLICIES else (LEARNED, reference)
    if kind not in (*RULES, LEARNED) or not VERSION.fullmatch(version):
        raise PolicyFileError(f"policy {name!r} is unknown; known are {', '.join(POLICIES)} and versions")
    trained = find(version)
    _require_known(trained)
    return POLICIES[kind](trained)


def _require_known(trained: Trained) -> None:
    missing = [name for name in ALWAYS if name not in trained.manifest.rules]
    if missing:
        raise PolicyFileError(
            f"the manifest in {trained.folder} has no parameters of {missing[0]}; run `headgate train inventory` again"
        )
