"""Lost-sales instances in, stretches to learn from out: many rows of them at once, on torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import ArrayLike

from policies import features
from policies.features import PIPELINE_PERIODS, Prospect
from simulator.inventory.lost_sales import LostSales
from simulator.inventory.types import Float64s, Int64s, Stock
from simulator.training.known_instances import Known, known_of

RESTARTED_RATIO = 0.01  # of the rows begin a stretch with stock at random, so that rare states are met too


class Law(Protocol):
    """The demand of rows."""

    def draw(self, rng: np.random.Generator, rows: Int64s, periods: int) -> Float64s:
        """Return (periods, n) whole units of the rows with these numbers."""
        ...


class OneLaw:
    """The same probabilities for every row; each period's draws are spread evenly over them, which steadies means."""

    def __init__(self, probability: Float64s) -> None:
        """Take the probabilities (k,) of 0, 1, .. units."""
        self._reached = np.cumsum(probability)[:-1]

    def draw(self, rng: np.random.Generator, rows: Int64s, periods: int) -> Float64s:
        """Return (periods, n) units: one row for each n-th part of the probability, in any order."""
        shape = (periods, len(rows))
        place = (rng.permuted(np.broadcast_to(np.arange(len(rows)), shape), axis=1) + rng.random(shape)) / len(rows)
        return np.searchsorted(self._reached, place).astype(np.float64)


@dataclass(frozen=True, slots=True)
class LostSalesStretch:
    """A stretch with lost sales and fixed lead times: what `simulator.inventory.dynamics` does, in fewer steps."""

    start: Stock
    prospects: Sequence[Prospect]
    cost_scale: torch.Tensor
    demand: torch.Tensor  # (periods, n) units
    due: torch.Tensor  # (n, columns) 1.0 in the column that an order placed now is put in
    holding_cost: torch.Tensor  # (n,)
    lost_sale_cost: torch.Tensor  # (n,)

    def play(self, period: int, stock: Stock, order: torch.Tensor) -> tuple[Stock, torch.Tensor]:
        """Return the stock a period later and what the period cost."""
        left = torch.relu(stock.on_hand - self.demand[period])
        lost = left - stock.on_hand + self.demand[period]
        placed = torch.addcmul(stock.pipeline, self.due, order[:, None])
        later = torch.cat([placed[:, 1:], torch.zeros_like(placed[:, :1])], 1)
        return Stock(left + placed[:, 0], later), self.holding_cost * left + self.lost_sale_cost * lost


class Bed:
    """A world to learn in: lost sales, fixed lead times, forecasts that are exact."""

    def __init__(self, known: Known, law: Law, rows: Int64s, stretch_rows: int) -> None:
        """Take what is known of instances, the instance of each row, and how many rows a stretch has."""
        assert len(rows) % stretch_rows == 0, f"{len(rows)} rows are no multiple of {stretch_rows}"
        self._law, self._rows = law, rows
        lead = known.lead_time_periods[rows][:, np.newaxis]
        columns = np.arange(1, max(int(lead.max()), PIPELINE_PERIODS) + 1)  # as many as are seen need no padding
        self._due, self._busy = _tensor(columns == lead), _tensor(columns < lead)
        empty = np.zeros((len(rows), 1), dtype=np.int32)
        ahead = features.prospect(known.observation(empty, rows))
        self._columns, self._scale, self._target = (
            torch.as_tensor(one) for one in (ahead.columns, ahead.scale_units, ahead.target_units)
        )
        self._lost_sale_cost, self._holding_cost, self._cost_scale = (
            _tensor(one[rows]) for one in (known.lost_sale_cost, known.holding_cost, known.cost_scale)
        )
        self._blocks = [slice(first, first + stretch_rows) for first in range(0, len(rows), stretch_rows)]
        self._block = 0
        self._stock = Stock(torch.round(0.5 * self._target), torch.round(self._scale[:, None] * self._busy))

    def draw(self, rng: np.random.Generator, periods: int) -> LostSalesStretch:
        """Return the next block of rows, going on from where it was left."""
        block = self._blocks[self._block]
        ahead = Prospect(self._columns[block], self._scale[block], self._target[block])
        return LostSalesStretch(
            start=self._restarted(rng, block),
            prospects=[ahead] * periods,
            cost_scale=self._cost_scale[block],
            demand=_tensor(self._law.draw(rng, self._rows[block], periods)),
            due=self._due[block],
            holding_cost=self._holding_cost[block],
            lost_sale_cost=self._lost_sale_cost[block],
        )

    def keep(self, stock: Stock) -> None:
        """Take the stock of the block that was drawn last."""
        block = self._blocks[self._block]
        self._stock.on_hand[block], self._stock.pipeline[block] = stock.on_hand, stock.pipeline
        self._block = (self._block + 1) % len(self._blocks)

    def _restarted(self, rng: np.random.Generator, block: slice) -> Stock:
        """Return the stock of the block, a few rows with up to the target on hand and up to 2 mean periods each due."""
        on_hand, pipeline = self._stock.on_hand[block], self._stock.pipeline[block]
        again = _tensor(rng.random(len(on_hand))) < RESTARTED_RATIO
        some = _tensor(rng.random(len(on_hand))) * self._target[block]
        due = _tensor(rng.random(tuple(pipeline.shape))) * 2.0 * self._scale[block, None] * self._busy[block]
        return Stock(
            on_hand=torch.where(again, torch.round(some), on_hand),
            pipeline=torch.where(again[:, None], torch.round(due), pipeline),
        )


def bed_of(instance: LostSales, stretch_rows: int) -> Bed:
    """Return the world of one instance."""
    rows = np.zeros(stretch_rows, dtype=np.int64)
    return Bed(known_of(instance), OneLaw(instance.demand_probability), rows, stretch_rows)


def _tensor(values: ArrayLike) -> torch.Tensor:
    return torch.as_tensor(values, dtype=torch.float32)
