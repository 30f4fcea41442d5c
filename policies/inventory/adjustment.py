"""An observation and one number per item in, orders out: how a learned policy departs from a rule.

The number is in [-1, 1]; 0 is the tuned rule itself, so that a network starts from the rule and learns when to
depart from it, and never orders more than REACH_PERIODS mean periods of demand beyond what the rule would.
"""

import numpy as np

from policies.inventory.base_stock import mean_period_units, position_units, target_units
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.observation import Float32s, Observation

REACH_PERIODS = 2.0  # mean periods of demand by which an adjustment of 1 moves an order


def adjusted_orders(observation: Observation, adjustment: Float32s, rule: CappedBaseStock) -> Float32s:
    """Return (n,) units to order, >= 0: what `rule` would, moved by `adjustment` (n,), numbers in [-1, 1].

    The rule's order is taken before it is cut at zero: far above the target no adjustment orders more.
    """
    missing = rule.factor * target_units(observation) - position_units(observation)
    moved = np.minimum(missing, rule.cap_units(observation))
    moved += REACH_PERIODS * np.clip(adjustment.astype(np.float64), -1.0, 1.0) * mean_period_units(observation)
    return np.maximum(moved, 0.0).astype(np.float32)
