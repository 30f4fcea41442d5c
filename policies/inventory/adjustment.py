"""An observation and one number per item in, orders out: how a learned policy moves the base-stock target.

The number is in [-1, 1]; 0 is the tuned base-stock rule itself, so that a network starts from the rule and learns
when to depart from it, and can never order more than REACH beyond what the rule would cover.
"""

import numpy as np

from policies.inventory.base_stock import position_units, target_units
from policies.observation import Float32s, Observation

REACH = 0.6  # share of the target by which an adjustment of 1 moves it; the learned policy's hard bound


def adjusted_orders(observation: Observation, adjustment: Float32s, factor: float) -> Float32s:
    """Return (n,) units to order, >= 0: up to `factor` times the target, moved by `adjustment` (n,) in [-1, 1]."""
    moved = factor * (1.0 + REACH * np.clip(adjustment.astype(np.float64), -1.0, 1.0)) * target_units(observation)
    return np.maximum(moved - position_units(observation), 0.0).astype(np.float32)
