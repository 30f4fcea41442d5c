"""A scenario in, what happens in each of its periods whatever is ordered out, as torch tensors.

Forecasts, demand, lead times and losses are drawn before the first order, so the prospect of every item is computed
once; what depends on stock is put in where it is known, differentiably.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from policies import features
from policies.features import Prospect
from policies.inventory.adjustment import REACH_PERIODS
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.observation import Observation
from simulator.inventory.types import Chance, Items, Stock
from simulator.inventory.world import Scenario, Worlds
from simulator.training.expected_orders import expected_columns

UNCAPPED = CappedBaseStock(cap_periods=float("inf"))
OF_AN_ITEM = tuple(one.name for one in fields(Items) if one.name not in ("capacity_units", "budget"))
PLENTY_PERIODS = 1000.0  # of demand: a shop that never runs out, so that forecasts learn from all that is asked


@dataclass(frozen=True, slots=True)
class Period:
    """What is known and what chance does in one period; n rows, each an item of a world of its own."""

    observation: Observation  # of the shop that never runs out: its stock says nothing
    ahead: Prospect
    cap_units: torch.Tensor  # (n,) what the rule orders at most
    chance: Chance  # (n,) each
    expected: torch.Tensor | None  # (n, ages, columns) where open orders are seen; None: all come as promised

    def seen(self, on_hand: torch.Tensor, pipeline: torch.Tensor) -> torch.Tensor:
        """Return (n, F) features of items with `on_hand` (n,) and `pipeline` (n, columns), as the buyer sees it."""
        return torch.cat((features.stock_columns(on_hand, pipeline, self.ahead, torch), self.ahead.columns), 1)

    def adjusted(self, adjustment: torch.Tensor, position: torch.Tensor, factor: float) -> torch.Tensor:
        """Return (n,) units to order, as `policies.inventory.adjustment.adjusted_orders` does, not rounded."""
        moved = torch.minimum(factor * self.ahead.target_units - position, self.cap_units)
        ordered: torch.Tensor = moved + REACH_PERIODS * adjustment * self.ahead.scale_units
        return torch.clamp(ordered, min=0.0)


@dataclass(frozen=True, slots=True)
class Unrolled:
    """All periods of a scenario of single items."""

    periods: tuple[Period, ...]
    items: Items  # (n,) each
    start: Stock  # (n,) and (n, columns)
    scale_cost: torch.Tensor  # (n,) currency: holding the mean demand until an order is there, for one period


class Buyer:
    """What the buyer knows of open orders on one way through a season: promises, not what will come."""

    def __init__(self, start: Stock) -> None:
        """Take what is on its way at the start, which comes as promised."""
        self._promised: torch.Tensor = start.pipeline
        self._placed: list[torch.Tensor] = []  # newest first

    def pipeline(self, stock: Stock, period: Period) -> torch.Tensor:
        """Return (n, columns) units by when they are expected, once in each period."""
        expected = period.expected
        if expected is None:
            truth: torch.Tensor = stock.pipeline
            return truth
        promised, known = self._promised, self._placed[: expected.shape[1]]
        self._promised = torch.nn.functional.pad(promised[:, 1:], (0, 1))
        if not known:
            return promised
        return promised + torch.einsum("kn,nkc->nc", torch.stack(known), expected[:, : len(known)])

    def placed(self, order: torch.Tensor) -> None:
        """Take the order (n,) of the period."""
        self._placed.insert(0, order)


def unroll(scenario: Scenario, rule: CappedBaseStock = UNCAPPED) -> Unrolled:
    """Return the periods of `scenario`, one item a world.

    Forecasts that learn from sales learn what they would in a shop that never runs out.
    """
    n = scenario.start.on_hand.shape[0]
    assert scenario.start.on_hand.shape[1] == 1, "worlds of one item each"
    worlds, periods = Worlds(scenario), []
    plenty = np.asarray(scenario.forecasts.average_units[..., 0]) * PLENTY_PERIODS
    worlds.stock = Stock(scenario.start.on_hand + plenty, scenario.start.pipeline)
    seen_in = expected_columns(scenario)
    while not worlds.done:
        chance, expected = worlds.chance(), None if seen_in is None else _tensor(seen_in(worlds.period))
        periods.append(_period(worlds.observation(), _chance_rows(chance, n), expected, rule))
        worlds.step(np.zeros((n, 1)))
    items = _item_rows(scenario.items, n)
    need = _row(scenario.forecasts.average_units[..., 0] * (scenario.items.lead_time_periods + 1), n)
    start = Stock(_row(scenario.start.on_hand, n), _tensor(scenario.start.pipeline[:, 0]))
    return Unrolled(tuple(periods), items, start, need * _row(scenario.items.holding_cost, n))


def _period(seen: Observation, chance: Chance, expected: torch.Tensor | None, rule: CappedBaseStock) -> Period:
    ahead = features.prospect(seen)
    tensors = Prospect(_tensor(ahead.columns), _tensor(ahead.scale_units), _tensor(ahead.target_units))
    return Period(seen, tensors, _tensor(rule.cap_units(seen)), chance, expected)


def _chance_rows(chance: Chance, n: int) -> Chance:
    return Chance(
        demand_units=_row(chance.demand_units, n),
        lead_time_periods=_row(chance.lead_time_periods, n),
        arrived_ratio=_row(chance.arrived_ratio, n),
        waiting_ratio=chance.waiting_ratio,
        waiting_draw=None if chance.waiting_draw is None else _row(chance.waiting_draw, n),
    )


def _item_rows(items: Items, n: int) -> Items:
    """Return the items with everything but their pools' limits as (n,) tensors."""
    rows: dict[str, Any] = {name: _row(getattr(items, name), n) for name in OF_AN_ITEM}
    return replace(items, **rows)


def _row(values: NDArray[Any] | float, n: int) -> torch.Tensor:
    return _tensor(np.broadcast_to(np.asarray(values), (n, 1))[:, 0])


def _tensor(values: NDArray[Any]) -> torch.Tensor:
    return torch.tensor(np.asarray(values, dtype=np.float32))
