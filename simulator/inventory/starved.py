"""Forecasts in, the same forecasts as a shop has them that runs out out: what is not sold is not learnt.

Live, an online model learns from sales. A shop that runs out teaches its forecasts less demand than there was, orders
less for it, and runs out again; marks of stock-outs mend a part of it. A policy that learnt without this spiral orders
too little. Here what is believed follows the share of demand that was seen, as smoothing would.
"""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.chance import log_uniform
from simulator.inventory.demand import Demand
from simulator.inventory.forecasts import Errors
from simulator.inventory.outlook import Forecasts, Outlook, Prepared, Source, Span
from simulator.inventory.types import Float64s, Int64s

# Over the time until an order is there, quantiles of these cover about what those of the live mixture of models do,
# on generated retail demand as on recorded.
CALIBRATED = Errors(level=(0.05, 0.3), bias=(-0.03, 0.08), width=1.4)
SEEN_RATIO_MIN = 0.05  # a forecast never forgets all demand


@dataclass(frozen=True, slots=True)
class Starved:
    """A source whose forecasts follow what is sold."""

    source: Source = CALIBRATED
    hidden_ratio: tuple[float, float] = (0.1, 0.6)  # of the units lost, that forecasts never hear of, per series
    rate: tuple[float, float] = (0.03, 0.15)  # of smoothing, per series, logarithmic

    def prepare(
        self, rng: np.random.Generator, demand: Demand, lead_time_periods: Int64s, span: Span
    ) -> "StarvedForecasts":
        """Return the source's forecasts, and how each series forgets."""
        inner = self.source.prepare(rng, demand, lead_time_periods, span)
        rows = lead_time_periods.shape
        hidden, rate = rng.uniform(*self.hidden_ratio, size=rows), log_uniform(rng, self.rate, rows)
        return StarvedForecasts(inner, demand.units[..., span.history_periods :], hidden, rate)


@dataclass(frozen=True, slots=True)
class StarvedForecasts:
    """Forecasts of one scenario, before any run."""

    inner: Prepared
    asked_units: Float64s  # (worlds, n, periods) of the decided periods
    hidden_ratio: Float64s  # (worlds, n)
    rate: Float64s  # (worlds, n)

    @property
    def average_units(self) -> Float64s:
        """Mean of a period over the history, (worlds, n, 1)."""
        return self.inner.average_units

    def start(self) -> "StarvedRun":
        """Return the forecasts of a new run, which has lost nothing yet."""
        return StarvedRun(self, self.inner.start())

    def repeated(self, copies: int) -> "StarvedForecasts":
        """Return the forecasts of `copies` times the same worlds, one after the other."""
        return StarvedForecasts(
            inner=self.inner.repeated(copies),
            asked_units=np.tile(self.asked_units, (copies, 1, 1)),
            hidden_ratio=np.tile(self.hidden_ratio, (copies, 1)),
            rate=np.tile(self.rate, (copies, 1)),
        )


class StarvedRun:
    """Forecasts that go down with what one run loses."""

    def __init__(self, prepared: StarvedForecasts, inner: Forecasts) -> None:
        """Begin with all demand seen."""
        self._prepared = prepared
        self._inner = inner
        self._period = 0
        self._asked = np.maximum(np.asarray(prepared.average_units[..., 0]), 1e-9)
        self._seen = self._asked

    def at(self, origin: int) -> Outlook:
        """Return what is believed at the start of the decided period `origin`."""
        outlook, ratio = self._inner.at(origin), np.maximum(self._seen / self._asked, SEEN_RATIO_MIN)[..., np.newaxis]
        return Outlook(
            outlook.mean_units * ratio,
            outlook.quantile_units * ratio[..., np.newaxis],
            outlook.lead_quantile_units * ratio,
        )

    def learn(self, seen_units: Float64s, *, censored: Float64s) -> None:
        """Take what a shop would see of the period that ends."""
        self._inner.learn(seen_units, censored=censored)
        prepared = self._prepared
        asked = prepared.asked_units[..., self._period]
        believed = asked - prepared.hidden_ratio * (asked - seen_units)
        self._asked = self._asked + prepared.rate * (asked - self._asked)
        self._seen = self._seen + prepared.rate * (believed - self._seen)
        self._period += 1


LIVE_SALES = Starved()
