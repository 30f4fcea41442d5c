"""Worlds to tune on in, the rules that a network competes with out, each with its best parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from policies import manifest
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.rules import RULES
from policies.registry import InventoryPolicy
from simulator.inventory.world import Setting
from simulator.training.tournament import play
from simulator.training.tuning import tune_rule

SMOOTH = ("base-stock", "capped-base-stock")  # compete wherever orders cost nothing by themselves
LUMPY = (*SMOOTH, "reorder-point")  # and where they do
DEPARTED_FROM = "capped-base-stock"


@dataclass(frozen=True, slots=True)
class Tuned:
    """Rules with their parameters, and which of them cost least where they were tuned."""

    rules: Mapping[str, InventoryPolicy]
    best_name: str

    @property
    def departed_from(self) -> CappedBaseStock:
        """Return the rule that adjustments are added to, and that decides what is out of range."""
        rule = self.rules[DEPARTED_FROM]
        assert isinstance(rule, CappedBaseStock)
        return rule

    @property
    def best(self) -> InventoryPolicy:
        """Return the rule that cost least."""
        return self.rules[self.best_name]

    def facts(self) -> dict[str, Any]:
        """Return what JSON can keep of them."""
        return {"best": self.best_name, "values": {name: _values(rule) for name, rule in self.rules.items()}}

    def for_manifest(self) -> dict[str, manifest.Rule]:
        """Return them as a manifest has them."""
        return {name: manifest.Rule(**_values(rule)) for name, rule in self.rules.items()}


def tuned(names: Sequence[str], setting: Setting, seed: int) -> Tuned:
    """Return the rules of lowest mean cost on the worlds of `seed`."""
    rules = {name: tune_rule(name, setting, seed) for name in names}
    scores = play(rules, setting, seed)
    return Tuned(rules, min(scores, key=lambda name: float(scores[name].cost_per_period.mean())))


def restored(facts: Mapping[str, Any]) -> Tuned:
    """Return the rules of `Tuned.facts`."""
    return Tuned({name: RULES[name].of(values) for name, values in facts["values"].items()}, facts["best"])


def _values(rule: InventoryPolicy) -> dict[str, float]:
    return {name: value for name, value in asdict(rule).items() if name != "name"}  # type: ignore[call-overload]
