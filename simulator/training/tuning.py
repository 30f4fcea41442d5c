"""Seeds in, the best parameters of the rules out: a grid, on worlds that no evaluation sees."""

from collections.abc import Iterable

from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.registry import InventoryPolicy
from simulator.inventory.world import Setting
from simulator.training.tournament import play

FACTORS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 1.0)
CAPS_PERIODS = (0.9, 1.0, 1.1, 1.2, 1.3, 1.5, 1.8, 2.5)


def tune(setting: Setting, seed: int) -> tuple[BaseStock, CappedBaseStock]:
    """Return the base-stock and the capped base-stock rule of lowest mean cost on the worlds of `seed`."""
    plain = _best([BaseStock(factor) for factor in FACTORS], setting, seed)
    capped = _best([CappedBaseStock(factor, cap) for factor in FACTORS for cap in CAPS_PERIODS], setting, seed)
    assert isinstance(plain, BaseStock)
    assert isinstance(capped, CappedBaseStock)
    return plain, capped


def _best(candidates: Iterable[InventoryPolicy], setting: Setting, seed: int) -> InventoryPolicy:
    by_version = {candidate.version: candidate for candidate in candidates}
    scores = play(by_version, setting, seed)
    return by_version[min(scores, key=lambda version: float(scores[version].cost_per_period.mean()))]
