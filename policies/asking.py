"""A policy and an observation in, what is asked for out: by it, or item by item by its rule where it is unsure."""

from dataclasses import dataclass
from typing import cast

import numpy as np

from policies.base import Policy, Unsure
from policies.observation import Float32s, Observation


@dataclass(frozen=True, slots=True)
class Asked:
    """Units of each item, and why its rule decided it; "" where the policy did."""

    units: Float32s  # (n,)
    unsure: tuple[str, ...]  # (n,)
    rule: Policy[Observation, Float32s] | None = None  # who decided where `unsure` says something


def ask(policy: Policy[Observation, Float32s], observation: Observation) -> Asked:
    """Return what is asked for; raise ValueError when the policy's answer is not one number for each item."""
    n = len(observation.resource_ids)
    units = _of_shape(policy.decide(observation), n)
    if not isinstance(policy, Unsure):
        return Asked(units, ("",) * n)
    learned = cast("Unsure[Observation, Float32s]", policy)
    unsure = learned.unsure(observation)
    if len(unsure) != n:
        raise ValueError(f"the policy is unsure of {len(unsure)} items, not of some of {n}")
    if not any(unsure):
        return Asked(units, unsure)
    by_rule = _of_shape(learned.rule.decide(observation), n)
    return Asked(np.where([bool(words) for words in unsure], by_rule, units), unsure, learned.rule)


def _of_shape(units: Float32s, n: int) -> Float32s:
    proposed = np.asarray(units, dtype=np.float32)
    if proposed.shape != (n,):
        raise ValueError(f"the policy proposed shape {proposed.shape}, not {(n,)}")
    return proposed
