"""Stock of a serial chain and the periods that are left in, what each stage orders out: by a network, no solver."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.inventory.chain_stock import ChainStock, echelon_position_units, shippable_units
from policies.observation import Float32s

Float64s = NDArray[np.float64]
Array = Any  # a numpy array or a torch tensor

SEEN, ORDER = "seen", "order"  # names of the network's ends


@dataclass(frozen=True, slots=True, eq=False)
class ChainTerms:
    """What a policy knows of its chain beforehand, m stages."""

    lead_time_periods: tuple[int, ...]  # (m,) from order to receipt, at least 1
    capacity_units: Array  # (m,) that the supplier of each stage ships a period at most
    demand_mean_units: float  # of a period
    periods: int  # of the horizon, after which nothing is worth anything

    @property
    def feature_count(self) -> int:
        """Return the columns of `features`."""
        return 3 * len(self.lead_time_periods) + 1 + sum(self.lead_time_periods) + self.periods


def features(stock: ChainStock, terms: ChainTerms, period: int, xp: Any = np) -> Array:
    """Return (n, terms.feature_count) what a network sees in `period` (from 0), in mean periods of demand.

    The periods that are left are told one by one: near the end of a horizon no period is like another.
    """
    due = [stock.pipeline[:, stage, :lead] for stage, lead in enumerate(terms.lead_time_periods)]
    units = xp.concatenate([stock.on_hand / 2.0, *due, stock.owed_units, echelon_position_units(stock) / 10.0], -1)
    left = xp.zeros_like(stock.on_hand[:, :1]) + (xp.arange(terms.periods) == terms.periods - 1 - period)
    return xp.concatenate([units / terms.demand_mean_units, left], -1)


def orders(ratio: Array, stock: ChainStock, terms: ChainTerms, xp: Any = np) -> Array:
    """Return (n, m) units of the network's answer: it is in mean periods of demand, and no stage asks in vain."""
    return xp.minimum(ratio * terms.demand_mean_units, shippable_units(stock, terms.capacity_units, xp))


@dataclass(frozen=True, slots=True)
class LearnedChain:
    """A trained network that orders for every stage of the chain it was trained on."""

    session: Any = field(repr=False)  # onnxruntime.InferenceSession; its stubs are partial
    terms: ChainTerms
    version: str
    name: str = "learned-chain"

    def decide(self, stock: ChainStock, period: int) -> Float64s:
        """Return (n, m) whole units that each stage asks of its supplier in `period`, >= 0."""
        seen: Float32s = np.asarray(features(stock, self.terms, period), dtype=np.float32)
        ratio = self.session.run([ORDER], {SEEN: seen})[0].astype(np.float64)
        return np.asarray(np.rint(orders(ratio, stock, self.terms)), dtype=np.float64)
