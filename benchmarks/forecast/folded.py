"""A set in, what the live fold forecasts when its values come as events out: in order, or with trouble of every kind.

Each value becomes up to four sales of its period (items) or two readings on the slope of the series around it
(everything else) of a declared pool, which a `Shard` folds as a worker does. Trouble is outages and spikes
(`trouble.py`), and on the way a network that shuffles the events of a period, sends one in twenty again, at once or
when its bucket is closed, and brings one in a hundred only after its bucket was closed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.forecast.datasets import DataSet
from benchmarks.forecast.trouble import troubled
from online_models.base import Float64s
from streams.calendar import holiday_days
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.events import Clock, Covariate, Heartbeat, InputEvent, SensorReading, Transaction, encode
from streams.shard import Shard

POOL, FEED = "bench", "feed"
LINES = 4  # sales that a day's demand comes in
TWICE_RATIO, LATE_RATIO = 0.05, 0.01
HEARD, SILENT = 0.2, 0.6  # shares of a period after its end at which events are there, and at which none is waited for


@dataclass(slots=True)
class Folded:
    """What the fold said, and what became of the events."""

    mean: dict[int, Float64s]  # (periods, series) by number of periods ahead, units; NaN: nothing was said
    sent_twice: int  # events
    dropped: int  # as seen before
    late: int  # after their bucket was closed


class _Network:
    """Hands over the events of a period: as they are, or as a bad day would."""

    def __init__(self, rng: np.random.Generator | None) -> None:
        self.sent_twice = 0
        self._rng = rng
        self._held: list[InputEvent] = []  # until the next period

    def delivered(self, events: list[InputEvent]) -> list[InputEvent]:
        """Return what arrives instead of `events`."""
        if self._rng is None:
            return events
        arriving, self._held = self._held, []
        for event in events:
            if self._rng.random() < LATE_RATIO:
                self._held.append(event)
                continue
            arriving.append(event)
            if self._rng.random() < TWICE_RATIO:
                self.sent_twice += 1
                (arriving if self._rng.random() < 0.5 else self._held).append(event)
        return [arriving[place] for place in self._rng.permutation(len(arriving)).tolist()]


def folded(one: DataSet, *, sums: bool, seed: int | None = None) -> Folded:
    """Return what the default says behind the fold; `sums`: of sales, where no event is no demand; seed None: clean."""
    told = one if seed is None else troubled(one, seed, together=sums)
    network = _Network(None if seed is None else np.random.default_rng(seed))
    found = {ahead: np.full(one.table.values.shape, np.nan) for ahead in one.configuration.horizons}
    row_of = {start_s: row for row, start_s in enumerate(one.table.starts_s.tolist())}
    shard, offset = Shard("transactions" if sums else "readings", 0, 1), 0

    def fold(event: InputEvent) -> None:
        nonlocal offset
        shard.apply(encode(event), offset=offset, wall_s=float(offset))
        offset += 1

    fold(_spec(one, sums=sums))
    periods, start_s = one.configuration.periods, float(one.table.starts_s[0])
    fold(_clock(start_s))
    fold(Heartbeat(pool_id=POOL, feed_id=FEED, complete_until_s=start_s))
    while start_s <= one.table.starts_s[-1]:
        end_s = periods.shift(start_s, 1)
        fold(_clock(end_s + HEARD * (end_s - start_s)))
        row = row_of.get(start_s)
        lost = sums and row is not None and bool(np.isnan(told.table.values[row]).all())
        if not lost:  # a till that is out says nothing; a sensor that is out is missing among others
            for event in network.delivered(list(_events(told, one.table.values, row, start_s, end_s, sums=sums))):
                fold(event)
            fold(Heartbeat(pool_id=POOL, feed_id=FEED, complete_until_s=end_s))
        fold(_clock(end_s + SILENT * (end_s - start_s)))
        _keep(found, shard, row_of, one)
        start_s = end_s
    counts = shard.totals()
    for event in network.delivered([]):
        fold(event)
    return Folded(found, network.sent_twice, shard.totals().get("duplicate", 0), counts.get("late", 0))


def _spec(one: DataSet, *, sums: bool) -> PoolSpec:
    asked, length_s = one.configuration, float(np.diff(one.table.starts_s).min())
    resources = tuple(
        ResourceSpec(id=f"s{place}", aggregate="sum" if sums else "mean", lead_time_periods=asked.lead_periods - 1)
        for place in range(len(one.table.series))
    )
    return PoolSpec(
        pool_id=POOL,
        topic="transactions" if sums else "readings",
        timezone=asked.timezone,
        period=asked.period,
        horizon_periods=max(asked.horizon_periods, asked.lead_periods),
        holidays=asked.holidays,
        holiday_days=holiday_days(asked.holidays) if asked.holidays else (),
        closed=asked.closed,
        feeds=(FeedSpec(id=FEED, silence_s_max=(SILENT - HEARD) * length_s),),
        resources=resources,
    )


def _events(
    one: DataSet, clean: Float64s, row: int | None, start_s: float, end_s: float, *, sums: bool
) -> Iterator[InputEvent]:
    """Yield what happened in a period; row None: the table has none, nothing did."""
    if row is None:
        return
    length_s = end_s - start_s
    for place, value in enumerate(one.table.values[row].tolist()):
        parts = [] if np.isnan(value) else _sales(value) if sums else _readings(value, clean[:, place], row)
        for number, part in enumerate(parts):
            name, at_s = f"{place}@{row}.{number}", start_s + length_s * (number + 0.5) / len(parts)
            if sums:
                yield Transaction(
                    event_id=name, pool_id=POOL, resource_id=f"s{place}", feed_id=FEED, kind="sale",
                    quantity_units=part, occurred_at_s=at_s,
                )  # fmt: skip
            else:
                yield SensorReading(
                    event_id=name, pool_id=POOL, resource_id=f"s{place}", feed_id=FEED, quantity="count_units",
                    value=part, observed_at_s=at_s,
                )  # fmt: skip
    for name, value in one.table.covariates[row]:
        if np.isfinite(value):
            yield Covariate(
                event_id=f"{name}@{row}", pool_id=POOL, feed_id=FEED, name=name, value=value,
                observed_at_s=start_s + length_s / 2.0,
            )  # fmt: skip


def _sales(value: float) -> list[float]:
    """Return units of single sales.

    >>> _sales(6.0), _sales(0.0)
    ([2.0, 2.0, 1.0, 1.0], [])
    """
    whole, rest = divmod(value, LINES)
    sales = [whole + min(max(rest - place, 0.0), 1.0) for place in range(LINES)]
    return [units for units in sales if units > 0.0]


def _readings(value: float, clean: Float64s, row: int) -> list[float]:
    """Return what a sensor reads at a quarter and at three quarters of a period: their mean is `value`.

    They differ as the clean series does between the period before and the one after.

    >>> _readings(40.0, np.array([0.0, 4.0, 8.0, np.nan]), 1), _readings(8.0, np.array([0.0, 4.0, 8.0, np.nan]), 2)
    ([30.0, 50.0], [8.0, 8.0])
    """
    before, now, after = (clean[min(max(place, 0), len(clean) - 1)] for place in (row - 1, row, row + 1))
    share = (after - before) / 8.0 / now if now > 0.0 else 0.0
    share = min(max(float(share), -1.0), 1.0) if np.isfinite(share) else 0.0
    return [value * (1.0 - share), value * (1.0 + share)]


def _clock(now_s: float) -> Clock:
    return Clock(run_clock=RunClock(event_origin_s=now_s, speed_up=0.0))


def _keep(found: dict[int, Float64s], shard: Shard, row_of: dict[float, int], one: DataSet) -> None:
    """Put what is said now into the rows of the periods that it is said of."""
    view, periods = shard.view(POOL), one.configuration.periods
    for ahead, mean in found.items():
        row = row_of.get(periods.shift(view.period_start_s, ahead - 1))
        if row is not None:
            mean[row] = [np.nan if own.forecast is None else own.forecast.mean[ahead - 1] for own in view.series]
