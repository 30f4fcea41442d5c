"""A network's score for each of a few quantities in, orders out: for worlds where an order costs something by itself.

With a cost per order, a minimum or packs the best order jumps from nothing to much, so the network does not say how
far to depart from a rule but chooses: nothing, or one of CHOICES - 1 multiples of a quantum that fits the item.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies import features
from policies.errors import PolicyFileError
from policies.inventory.base_stock import mean_period_units
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.learned import INPUT, OUTPUT, capped, session
from policies.inventory.order_terms import acceptable_units
from policies.inventory.ranges import Ranges, is_outside, reasons
from policies.inventory.reorder_point import economic_lot_units
from policies.observation import Float32s, Observation
from policies.trained_files import Trained

Float64s = NDArray[np.float64]

CHOICES = 49  # nothing and 48 quantities
REACH_PERIODS = 4.0  # mean periods of demand that the largest order holds where orders cost nothing
REACH_LOTS = 1.5  # economic lots that it holds on top
TERM_NAMES = ("order_cost", "minimum_order", "pack", "quantum")
NAMES = features.NAMES + TERM_NAMES


def compute(observation: Observation) -> Float32s:
    """Return (n, len(NAMES)) what the network sees: the features, and the terms of ordering without units."""
    scale = mean_period_units(observation)
    held = np.maximum(observation.holding_cost.astype(np.float64), 1e-9) * scale
    terms = (
        np.log1p(observation.order_cost / held),
        observation.minimum_order_units / scale,
        observation.pack_units / scale,
        quantum_units(observation) / scale,
    )
    columns = np.stack([np.broadcast_to(term, scale.shape) for term in terms], axis=1)
    bounded = np.clip(columns, 0.0, features.RATIO_MAX).astype(np.float32)
    return np.concatenate([features.compute(observation), bounded], axis=1)


def quantum_units(observation: Observation) -> Float64s:
    """Return (n,) whole packs between one choice and the next, at least one."""
    mean = mean_period_units(observation)
    held = observation.holding_cost.astype(np.float64)
    lot = economic_lot_units(observation.order_cost.astype(np.float64), held, mean)
    reach = REACH_PERIODS * mean + REACH_LOTS * lot + observation.minimum_order_units
    pack = np.maximum(observation.pack_units, 1.0)
    return np.asarray(np.maximum(np.round(reach / (CHOICES - 1) / pack), 1.0) * pack, dtype=np.float64)


def quantities(observation: Observation) -> Float64s:
    """Return (n, CHOICES) units of each choice, rising from 0; all are orders that the supplier takes."""
    asked = quantum_units(observation)[:, np.newaxis] * np.arange(CHOICES)
    least, pack = observation.minimum_order_units[:, np.newaxis], np.maximum(observation.pack_units, 1.0)[:, np.newaxis]
    return np.asarray(acceptable_units(asked, least, pack), dtype=np.float64)


def serve(trained: Trained) -> "Choosing":
    """Return the policy of a trusted file; raise PolicyFileError when its features are none that are computed here."""
    manifest = trained.manifest
    if (manifest.features_version, manifest.features) != (features.VERSION, NAMES):
        raise PolicyFileError(
            f"the policy in {trained.folder} sees what this headgate does not compute; train it again"
        )
    network = session(trained.network, str(trained.folder))
    return Choosing(network, capped(manifest.adjusts), manifest.short_version, manifest.ranges)


@dataclass(frozen=True, slots=True)
class Choosing:
    """One network for all items of a kind of world: it scores what may be ordered, and the best is."""

    session: Any = field(repr=False)  # onnxruntime.InferenceSession; its stubs are partial
    rule: CappedBaseStock  # decides where the network was not trained
    version: str
    ranges: Ranges = ()
    name: str = "learned"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        seen = compute(observation)
        scores: Float32s = self.session.run([OUTPUT], {INPUT: seen})[0]
        chosen = scores.argmax(axis=1)[:, np.newaxis]
        orders = np.take_along_axis(quantities(observation), chosen, axis=1)[:, 0].astype(np.float32)
        outside = is_outside(seen, self.ranges)
        return np.where(outside, self.rule.decide(observation), orders) if outside.any() else orders

    def unsure(self, observation: Observation) -> tuple[str, ...]:
        """Return for each item why the rule decides it, in plain words; "" where the network does."""
        return reasons(compute(observation), self.ranges, NAMES)
