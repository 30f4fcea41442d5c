"""A trained network in, a policy out: features to adjustment by onnxruntime on one thread, adjustment to orders."""

from dataclasses import dataclass, field
from typing import Any

import onnxruntime

from policies import features
from policies.errors import PolicyFileError
from policies.inventory.adjustment import adjusted_orders
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.manifest import Rule
from policies.observation import Float32s, Observation
from policies.trained_files import Trained

INPUT, OUTPUT = "features", "adjustment"  # names of the network's ends


@dataclass(frozen=True, slots=True)
class Learned:
    """One network for all items: it sees an item without units and says how far to depart from the rule."""

    session: Any = field(repr=False)  # onnxruntime.InferenceSession; its stubs are partial
    rule: CappedBaseStock
    version: str
    name: str = "learned"

    def decide(self, observation: Observation) -> Float32s:
        """Return (n,) units to order, >= 0."""
        adjustment: Float32s = self.session.run([OUTPUT], {INPUT: features.compute(observation)})[0][:, 0]
        return adjusted_orders(observation, adjustment, self.rule)


def serve(trained: Trained) -> Learned:
    """Return the policy of a trusted file; raise PolicyFileError when its features are not the ones computed here."""
    manifest = trained.manifest
    if (manifest.features_version, manifest.features) != (features.VERSION, features.NAMES):
        raise PolicyFileError(
            f"the policy in {trained.folder} was trained on features version {manifest.features_version}, this "
            f"headgate computes version {features.VERSION}; run `headgate train inventory` again"
        )
    return Learned(session(trained.network, str(trained.folder)), capped(manifest.adjusts), manifest.version[:12])


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
