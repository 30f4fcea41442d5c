"""What a network says of an item and a network in, the policy that serves it out."""

from typing import Any

from policies import features
from policies.inventory import choices
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.choices import Choosing
from policies.inventory.learned import Learned
from policies.inventory.ranges import Ranges
from policies.manifest import Head

FEATURES: dict[Head, tuple[str, ...]] = {"adjustment": features.NAMES, "choices": choices.NAMES}


def policy_of(head: Head, session: Any, rule: CappedBaseStock, version: str, ranges: Ranges = ()) -> Learned | Choosing:
    """Return the policy of a network behind `session`, an onnxruntime session or a `TorchSession`."""
    if head == "choices":
        return Choosing(session, rule, version, ranges)
    return Learned(session, rule, version, head=head, ranges=ranges)
