"""What the pathwise gradient learns from: a stretch of periods in many worlds, drawn before the first order."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from policies.features import Prospect
from simulator.inventory import dynamics
from simulator.inventory.types import Chance, Items, Stock


class Stretch(Protocol):
    """Rows are items, each in a world of its own; everything is a float32 tensor."""

    @property
    def start(self) -> Stock:
        """(n,) on hand, (n, columns) on its way."""
        ...

    @property
    def prospects(self) -> Sequence[Prospect]:
        """What is to come, one a period; the same object as long as nothing new is known."""
        ...

    @property
    def cost_scale(self) -> torch.Tensor:
        """(n,) currency per period: what a row's costs are divided by, so that all weigh alike."""
        ...

    def play(self, period: int, stock: Stock, order: torch.Tensor) -> tuple[Stock, torch.Tensor]:
        """Return the stock a period later and what the period cost, (n,) currency; gradients flow through both."""
        ...


class World(Protocol):
    """Where to learn: an endless source of stretches. It may go on from where the last one was left."""

    def draw(self, rng: np.random.Generator, periods: int) -> Stretch:
        """Return the next stretch."""
        ...

    def keep(self, stock: Stock) -> None:
        """Take the stock of the last stretch's rows at the end of the periods that were learnt from."""
        ...


@dataclass(frozen=True, slots=True)
class Played:
    """A stretch of any inventory world: `simulator.inventory.dynamics` on torch."""

    start: Stock
    items: Items  # (n,) each
    prospects: Sequence[Prospect]
    chances: Sequence[Chance]  # one a period, (n,) each
    cost_scale: torch.Tensor

    def play(self, period: int, stock: Stock, order: torch.Tensor) -> tuple[Stock, torch.Tensor]:
        """Return the stock a period later and what the period cost."""
        after, outcome = dynamics.play(stock, order, self.chances[period], self.items, torch)
        return after, outcome.costs.total
