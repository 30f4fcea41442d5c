"""What is remembered of each item's demand and its stock in, whole orders out: a policy for items nobody forecasts.

One recurrent network, trained on generated demand alone, is forecaster and rule in one: it takes demand in period by
period, and what it holds of it decides, with stock, outstanding orders, the law of the lead time and the costs, what
to order. Served by onnxruntime; a period of an item costs the same however old it is.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.inventory import demand_memory
from policies.inventory.demand_memory import DemandMemory
from policies.observation import Float32s

Float64s = NDArray[np.float64]

AGES = 4  # of outstanding orders that the network tells apart; as many periods are its longest lead time
SEEN, HELD, TERMS, STOCK = "seen", "held", "terms", "stock"  # names of the networks' inputs
HELD_NEXT, ORDER = "held_next", "order"  # and of what each gives
TERM_COUNT = 3 + AGES + 2
ODDS_MIN, ODDS_MAX = 0.2, 50.0  # of lost sale to holding cost: wider than the network was trained on


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """What is known of n items beforehand."""

    unit_profit: Float64s  # (n,) currency lost with a sale
    holding_cost: Float64s  # (n,) currency per unit left over at a period's end
    lead_time_probability: Float64s  # (n, AGES + 2) of 0 .. AGES periods, last: that an order never comes

    def seen(self) -> Float32s:
        """Return (n, TERM_COUNT): critical ratio, logarithm of the odds, mean lead time, its law."""
        odds = np.clip(self.unit_profit / np.maximum(self.holding_cost, 1e-9), ODDS_MIN, ODDS_MAX)
        comes = self.lead_time_probability[:, :-1]
        mean = comes @ np.arange(AGES + 1.0) / np.maximum(comes.sum(axis=1), 1e-9)
        columns = (odds / (1.0 + odds), np.log(odds) / 3.0, mean / AGES)
        return np.column_stack([*columns, self.lead_time_probability]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """What is kept of n items from one period to the next."""

    demand: DemandMemory
    held: Float32s  # (n, hidden) of the network, after the newest period


@dataclass(frozen=True, slots=True)
class Streaming:
    """The two halves of the network: one takes demand in, the other orders."""

    remember: Any = field(repr=False)  # onnxruntime.InferenceSession; its stubs are partial
    order: Any = field(repr=False)
    held_size: int
    version: str
    name: str = "streaming"

    def begin(self, items: int) -> Remembered:
        """Return the memory of items that were never asked for."""
        return Remembered(demand_memory.begin(items), np.zeros((items, self.held_size), dtype=np.float32))

    def learn(self, remembered: Remembered, demand_units: Float64s) -> Remembered:
        """Return the memory after one more period with `demand_units` (n,)."""
        demand = demand_memory.learn(remembered.demand, demand_units)
        seen = {SEEN: demand_memory.features(demand), HELD: remembered.held}
        return Remembered(demand, self.remember.run(None, seen)[0])

    def decide(self, remembered: Remembered, terms: Terms, on_hand: Float64s, outstanding: Float64s) -> Float64s:
        """Return (n,) whole units to order, >= 0.

        `on_hand` (n,) units; `outstanding` (n, AGES) units: column k was ordered k + 1 periods ago, and has not come.
        """
        scale = remembered.demand.scale
        stock = np.column_stack([on_hand, outstanding]) / scale[:, np.newaxis]
        seen = {
            SEEN: demand_memory.features(remembered.demand),
            HELD: remembered.held,
            TERMS: terms.seen(),
            STOCK: stock.astype(np.float32),
        }
        ratio: Float32s = self.order.run(None, seen)[0]
        return np.rint(np.maximum(ratio[:, 0] * scale, 0.0))
