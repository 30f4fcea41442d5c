"""A trained network in, a policy out: features to the network's word by onnxruntime on one thread, that to orders.

Where an item is outside of what the network was trained on, the rule decides, and `unsure` says why.
"""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime

from policies import features, features_1
from policies.errors import PolicyFileError
from policies.inventory.adjustment import adjusted_orders
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.own_orders import own_orders
from policies.inventory.ranges import Ranges, is_outside, reasons
from policies.manifest import Head, Rule
from policies.observation import Float32s, Observation
from policies.trained_files import Trained

INPUT, OUTPUT = "features", "adjustment"  # names of the network's ends

FEATURES: dict[int, ModuleType] = {1: features_1, 2: features}  # by version


@dataclass(frozen=True, slots=True)
class Learned:
    """One network for all items: it sees an item without units and says how far to depart from a rule."""

    session: Any = field(repr=False)  # onnxruntime.InferenceSession; its stubs are partial
    rule: CappedBaseStock  # what is adjusted, and decides where the network was not trained
    version: str
    head: Head = "adjustment"  # what the network's word means
    ranges: Ranges = ()  # of the features while it learnt; empty: not known, and nothing is outside
    features_version: int = features.VERSION
    name: str = "learned"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        seen: Float32s = FEATURES[self.features_version].compute(observation)
        said: Float32s = self.session.run([OUTPUT], {INPUT: seen})[0][:, 0]
        orders = self._orders(observation, said)
        outside = is_outside(seen, self.ranges)
        return np.where(outside, self.rule.decide(observation), orders) if outside.any() else orders

    def _orders(self, observation: Observation, said: Float32s) -> Float32s:
        if self.head == "orders":
            return own_orders(observation, said)
        return adjusted_orders(observation, said, self.rule)

    def unsure(self, observation: Observation) -> tuple[str, ...]:
        """Return for each item why the rule decides it, in plain words; "" where the network does."""
        module = FEATURES[self.features_version]
        return reasons(module.compute(observation), self.ranges, module.NAMES)


def serve(trained: Trained) -> Learned:
    """Return the policy of a trusted file; raise PolicyFileError when its features are none that are computed here."""
    manifest = trained.manifest
    known = FEATURES.get(manifest.features_version)
    if known is None or manifest.features != known.NAMES:
        raise PolicyFileError(
            f"the policy in {trained.folder} was trained on features version {manifest.features_version}, this "
            f"headgate computes version {features.VERSION}; run `headgate train inventory` again"
        )
    return Learned(
        session(trained.network, str(trained.folder)),
        capped(manifest.adjusts),
        manifest.short_version,
        head=manifest.head,
        ranges=manifest.ranges,
        features_version=manifest.features_version,
    )


def session(network: bytes, where: str) -> Any:
    """Return an onnxruntime session of the network, on one thread: a pool's items are too few for more."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its extension module without a common public base
        raise PolicyFileError(f"the network in {where} cannot be loaded: {error}") from error


def capped(rule: Rule) -> CappedBaseStock:
    """Return the capped base-stock rule of a manifest; without a cap it is plain base-stock."""
    return CappedBaseStock(rule.factor, float("inf") if rule.cap_periods is None else rule.cap_periods)
