"""A policy that chooses among quantities offers what the supplier takes, and falls back where it was not trained."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.choices import CHOICES, NAMES, Choosing, compute, quantities
from policies.observation import Observation
from simulator.inventory.world import Setting, Worlds, draw


class Constant:
    """A network that always prefers one choice."""

    def __init__(self, choice: int) -> None:
        self._choice = choice

    def run(self, outputs: list[str], inputs: dict[str, np.ndarray]) -> list[Any]:  # noqa: ARG002  onnxruntime's
        """Return scores (n, CHOICES)."""
        (seen,) = inputs.values()
        return [np.tile(np.arange(CHOICES) == self._choice, (len(seen), 1)).astype(np.float32)]


@pytest.fixture
def observation() -> Observation:
    """Return what is seen of six items whose supplier has terms."""
    seen = Worlds(draw(np.random.default_rng(3), Setting(items=6, history_periods=35))).observation()
    terms = {
        "order_cost": np.array([0, 5, 50, 0, 0, 500], dtype=np.float32),
        "minimum_order_units": np.array([0, 0, 0, 30, 0, 7], dtype=np.float32),
        "pack_units": np.array([1, 1, 1, 1, 12, 5], dtype=np.float32),
    }
    return replace(seen, **terms)


def test_quantities_are_nothing_or_what_the_supplier_takes(observation: Observation):
    """Whole packs, none below the minimum, rising; dearer orders may be larger."""
    table = quantities(observation)

    assert table.shape == (6, CHOICES)
    assert (table[:, 0] == 0).all()
    assert (np.diff(table, axis=1) >= 0).all()
    assert (table % observation.pack_units[:, np.newaxis] == 0).all()
    assert ((table == 0) | (table >= observation.minimum_order_units[:, np.newaxis])).all()
    free = quantities(replace(observation, order_cost=np.zeros(6, dtype=np.float32)))
    assert table[2, -1] > free[2, -1]


def test_the_best_score_is_ordered(observation: Observation):
    """The network's favourite is looked up in the item's own quantities."""
    policy = Choosing(Constant(3), CappedBaseStock(), "x")

    np.testing.assert_array_equal(policy.decide(observation), quantities(observation)[:, 3].astype(np.float32))
    assert policy.unsure(observation) == ("",) * 6


def test_out_of_range_the_rule_decides_with_the_reason(observation: Observation):
    """A lead time that was never seen is named, and only that item is the rule's."""
    seen, rule = compute(observation), CappedBaseStock()
    lead = NAMES.index("lead_time")
    ranges = [(float(low), float(high)) for low, high in zip(seen.min(axis=0), seen.max(axis=0), strict=True)]
    far = observation.lead_time_periods.copy()
    far[1] = 40
    strange = replace(observation, lead_time_periods=far)
    policy = Choosing(Constant(3), rule, "x", tuple(ranges))
    why = policy.unsure(strange)

    assert ranges[lead][1] < 1
    assert "lead time" in why[1]
    assert [bool(text) for text in why] == [False, True, False, False, False, False]
    assert policy.decide(strange)[1] == rule.decide(strange)[1]
