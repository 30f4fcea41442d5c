"""The forecasting contract: a closed bucket of demand in, a distribution over the next periods out.

Every family is one file with one class that keeps `Forecaster`, and one line in `registry.py`.
"""

from collections.abc import Sequence
from typing import Protocol, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places64 = NDArray[np.intp]  # places in another array
Covariates = tuple[tuple[str, float], ...]  # name and value as observed

QUANTILE_LEVELS: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)


DAYS_PER_YEAR = 366  # places of days in a year


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """Demand of one series in one closed period of event time.

    `value` is None when the period is missing: nothing was heard, so nothing may be learnt; it is never zero.
    `censored` says that stock ran out inside the period: `value` is then a lower bound of demand.
    """

    start_s: float  # Unix seconds of the period's start
    slot_of_week: int  # 0 .. slots_per_week - 1 in the pool's local time, Monday first
    value: float | None  # units per period, or the mean of readings
    censored: bool = False
    covariates: Covariates = ()  # as observed inside the period; an absent name is masked


class Slot(msgspec.Struct, frozen=True, gc=False):
    """Where a period lies in the pool's local calendar."""

    of_week: int  # 0 .. slots_per_week - 1, Monday first
    day_of_year: int = 0  # 0 .. 365
    holiday: bool = False
    closed: bool = False  # known before: nothing can be asked for in it


class PoolBucket(msgspec.Struct, frozen=True, gc=False):
    """Demand of all series of one pool in one closed period of event time; arrays in the order of the pool's series."""

    start_s: float  # Unix seconds of the period's start
    slot: Slot
    values: Float64s  # (series,) units per period; NaN: the period is missing, and is never zero
    censored: Bools  # (series,) stock ran out: the value is a lower bound of demand
    covariates: Covariates = ()  # as observed inside the period; an absent name is masked
    ahead: tuple[Slot, ...] = ()  # where the next periods lie, as far as is known; beyond it the clock goes on

    @property
    def learnable(self) -> Float64s:
        """Return what may be learnt, (series,) units: `values`, and nothing of a closed period."""
        return np.full(len(self.values), np.nan) if self.slot.closed else self.values


def slots_after(slot: Slot, known: tuple[Slot, ...], periods: int, slots_per_week: int) -> tuple[Slot, ...]:
    """Return where the `periods` after `slot` lie: what is `known` of them, then as the clock goes on, all open.

    >>> [one.of_week for one in slots_after(Slot(5), (Slot(0),), 3, 7)]
    [0, 1, 2]
    """
    if len(known) >= periods:
        return known if len(known) == periods else known[:periods]
    last, slots_per_day = known[-1] if known else slot, slots_per_week // 7
    more = []
    for step in range(1, periods - len(known) + 1):
        days = (last.of_week % slots_per_day + step) // slots_per_day
        more.append(Slot((last.of_week + step) % slots_per_week, (last.day_of_year + days) % DAYS_PER_YEAR))
    return (*known, *more)


class Forecast(msgspec.Struct, frozen=True, gc=False):
    """The distribution of the next `horizon` periods as known after the last learnt bucket."""

    mean: Float64s  # (horizon,) units per period
    quantiles: Float64s  # (horizon, len(QUANTILE_LEVELS)) units per period, non-decreasing along the last axis
    lead_quantiles: Float64s  # (len(QUANTILE_LEVELS),) units over the first `lead_periods` periods together
    error: float  # discounted mean absolute error of the one-step forecasts so far, units
    count: int  # buckets learnt from


class PoolForecaster(Protocol):
    """Learns all series of a pool together, a closed bucket at a time, in bounded time and memory.

    Promises what `Forecaster` does, of each series.
    """

    def learn(self, bucket: PoolBucket) -> None:
        """Learn from the next bucket of the pool; buckets come in order, missing ones included."""
        ...

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return the forecast of the next `len(slots)` periods of each series, None of one that knows too little.

        They should be the bucket's `ahead`: what was said of those is what is held against what comes.
        """
        ...

    def adopt(self, old: Self, places: Sequence[int | None]) -> None:
        """Take over, newly made, what `old` of the same family and horizon learnt of the series that stay.

        places: (series,) where each was in `old`; None is a new one. `old` is not used any more.
        """
        ...

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes; `registry.restore_pool` builds an equal forecaster."""
        ...


class Forecaster(Protocol):
    """Learns one series, a closed bucket at a time, in bounded time and memory.

    Promises: no forecast before `ready`; finite, non-negative values, never above three times the largest
    demand learnt; the same state after `restore(state())`, bit for bit; no clock, no I/O, no global randomness.
    """

    def learn(self, bucket: Bucket) -> None:
        """Learn from the next bucket of the series; buckets come in order, missing ones included."""
        ...

    def forecast(self, slots_of_week: Sequence[int]) -> Forecast | None:
        """Return the forecast of the next `len(slots_of_week)` periods, or None before enough was learnt."""
        ...

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes; the class's `restore(state)` builds an equal forecaster."""
        ...
