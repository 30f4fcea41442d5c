"""What every source of forecasts in a world promises: demand and lead times in, outlooks of the decided periods out."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from simulator.inventory.demand import Demand
from simulator.inventory.types import Float64s, Int64s


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is believed at the start of a period of this one and the next."""

    mean_units: Float64s  # (worlds, n, horizon) per period
    quantile_units: Float64s  # (worlds, n, horizon, levels) per period
    lead_quantile_units: Float64s  # (worlds, n, levels) over lead time + 1 periods


class Forecasts(Protocol):
    """The forecasts of one run through the decided periods."""

    def at(self, origin: int) -> Outlook:
        """Return what is believed at the start of the decided period `origin`, 0 .. periods - 1."""
        ...

    def learn(self, seen_units: Float64s, *, censored: Float64s) -> None:
        """Take what a shop would see of the period that ends, (worlds, n) each; `censored` is 1.0 after a stock-out."""
        ...


class Prepared(Protocol):
    """Forecasts of one scenario, before any run: what policies are compared on is the same for all of them."""

    @property
    def average_units(self) -> Float64s:
        """Mean of a period over the history, (worlds, n, 1)."""
        ...

    def start(self) -> Forecasts:
        """Return the forecasts of a new run from the first decided period on."""
        ...

    def repeated(self, copies: int) -> "Prepared":
        """Return the forecasts of `copies` times the same worlds, one after the other."""
        ...


@dataclass(frozen=True, slots=True)
class Repeated:
    """Forecasts that no run changes, for `copies` times the same worlds: computed once, shown to all."""

    one: Prepared
    copies: int

    @property
    def average_units(self) -> Float64s:
        """Mean of a period over the history, (worlds, n, 1)."""
        return np.tile(self.one.average_units, (self.copies, 1, 1))

    def start(self) -> Self:
        """Return themselves: a run changes nothing."""
        return self

    def repeated(self, copies: int) -> "Repeated":
        """Return the forecasts of more copies."""
        return Repeated(self.one, self.copies * copies)

    def at(self, origin: int) -> Outlook:
        """Return what is believed at the start of the decided period `origin`."""
        seen = self.one.start().at(origin)
        return Outlook(
            np.tile(seen.mean_units, (self.copies, 1, 1)),
            np.tile(seen.quantile_units, (self.copies, 1, 1, 1)),
            np.tile(seen.lead_quantile_units, (self.copies, 1, 1)),
        )

    def learn(self, seen_units: Float64s, *, censored: Float64s) -> None:
        """Learn nothing."""


class Source(Protocol):
    """A way to forecast."""

    def prepare(self, rng: np.random.Generator, demand: Demand, lead_time_periods: Int64s, span: "Span") -> Prepared:
        """Return the forecasts of `demand`, which may know of it only what came before each origin."""
        ...


@dataclass(frozen=True, slots=True)
class Span:
    """The periods of a world."""

    history_periods: int  # before the first order
    periods: int  # that are decided
    horizon_periods: int  # that an outlook covers
