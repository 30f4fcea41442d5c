"""The live forecaster inside a world: what a shop sees of its sales in, the outlooks of `online_models` out.

Slow and true: one pool forecaster a world learns the history, and every run goes on from there with what it sold
itself, stock-outs marked as such. Policies that starve a shop also starve its forecasts, as live.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from online_models.base import DAYS_PER_YEAR, QUANTILE_LEVELS, Forecast, PoolBucket, PoolForecaster, Slot
from online_models.registry import create_pool, restore_pool
from simulator.inventory.demand import PERIODS_PER_WEEK, Demand
from simulator.inventory.outlook import Outlook, Span
from simulator.inventory.types import Float64s, Int64s

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Online:
    """The source: a family of `online_models.registry`."""

    family: str = "mixture"

    def prepare(
        self,
        rng: np.random.Generator,  # noqa: ARG002  models have no chance of their own
        demand: Demand,
        lead_time_periods: Int64s,
        span: Span,
    ) -> "OnlineForecasts":
        """Return forecasters that learnt the history; raise ValueError for an unknown family or another season."""
        if demand.profile.shape[-1] != PERIODS_PER_WEEK:
            raise ValueError(f"online forecasts need a season of {PERIODS_PER_WEEK} periods")
        states = []
        for units, lead in zip(demand.units, lead_time_periods, strict=True):
            pool = create_pool(
                self.family,
                slots_per_week=PERIODS_PER_WEEK,
                horizon_periods=span.horizon_periods,
                lead_periods=[int(periods) + 1 for periods in lead],
            )
            for period in range(span.history_periods):
                pool.learn(_bucket(period, units[:, period], np.zeros(len(units)), span.horizon_periods))
            states.append(pool.state())
        average = demand.units[..., : span.history_periods].mean(axis=-1, keepdims=True)
        return OnlineForecasts(self.family, tuple(states), average, lead_time_periods, span)


@dataclass(frozen=True, slots=True)
class OnlineForecasts:
    """What was learnt of the history, for any number of runs."""

    family: str
    states: tuple[bytes, ...]  # (worlds,)
    average_units: Float64s  # (worlds, n, 1)
    lead_time_periods: Int64s  # (worlds, n)
    span: Span

    def repeated(self, copies: int) -> "OnlineForecasts":
        """Return forecasters for `copies` times the worlds: each learns from what is sold in its own."""
        return replace(
            self,
            states=self.states * copies,
            average_units=np.tile(self.average_units, (copies, 1, 1)),
            lead_time_periods=np.tile(self.lead_time_periods, (copies, 1)),
        )

    def start(self) -> "OnlineRun":
        """Return the forecasters of a new run."""
        return OnlineRun(self, [restore_pool(self.family, state) for state in self.states])


class OnlineRun:
    """Forecasters that learn as one run goes on."""

    def __init__(self, prepared: OnlineForecasts, pools: Sequence[PoolForecaster]) -> None:
        """Take what was learnt before."""
        self._prepared = prepared
        self._pools = pools
        self._period = prepared.span.history_periods
        self._outlook: Outlook | None = None

    def at(self, origin: int) -> Outlook:
        """Return the outlook of now; the last one when all periods are learnt."""
        span = self._prepared.span
        assert origin == min(self._period - span.history_periods, span.periods - 1), "a run only goes forward"
        if self._outlook is None:
            slots = _slots(self._period, self._prepared.span.horizon_periods)
            self._outlook = self._gathered([pool.forecast(slots) for pool in self._pools])
        return self._outlook

    def learn(self, seen_units: Float64s, *, censored: Float64s) -> None:
        """Learn the period that ends from what was seen of it, (worlds, n) each."""
        horizon = self._prepared.span.horizon_periods
        for pool, units, short in zip(self._pools, seen_units, censored, strict=True):
            pool.learn(_bucket(self._period, units, short, horizon))
        self._period += 1
        self._outlook = None

    def _gathered(self, said: list[list[Forecast | None]]) -> Outlook:
        shape, levels = self._prepared.lead_time_periods.shape, len(QUANTILE_LEVELS)
        horizon = self._prepared.span.horizon_periods
        mean = np.zeros((*shape, horizon))
        quantile, lead = np.zeros((*shape, horizon, levels)), np.zeros((*shape, levels))
        for world, forecasts in enumerate(said):
            for item, one in enumerate(forecasts):
                if one is not None:  # else too little was learnt: nothing is expected
                    mean[world, item], quantile[world, item] = one.mean, one.quantiles
                    lead[world, item] = one.lead_quantiles
        return Outlook(mean, quantile, lead)


def _slots(period: int, count: int) -> tuple[Slot, ...]:
    """Return where `count` periods from `period` on lie; a world begins on a Monday that is the first day of a year."""
    return tuple(Slot(day % PERIODS_PER_WEEK, day % DAYS_PER_YEAR) for day in range(period, period + count))


def _bucket(period: int, units: Float64s, censored: Float64s, horizon: int) -> PoolBucket:
    return PoolBucket(
        start_s=period * _DAY_S,
        slot=_slots(period, 1)[0],
        values=np.ascontiguousarray(units, dtype=np.float64),
        censored=np.ascontiguousarray(censored > 0),
        ahead=_slots(period + 1, horizon),
    )
