"""One closed bucket of a pool in; every series taught, its forecast made, and what is to be told of it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from online_models.base import PoolBucket, Slot
from streams.calendar import Calendar
from streams.catalog import PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.demand import ClosedBucket
from streams.events import BucketClosed, Cut, Tick
from streams.ledger import OVERDUE_LEAD_TIMES
from streams.model import PoolModels
from streams.model_events import ModelChanged
from streams.series import Series, say_all

EXPIRY_PERIODS = 2  # a forecast is stale this many periods after it was made


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of one period of one pool."""

    spec: PoolSpec
    calendar: Calendar
    bucket: ClosedBucket
    heard: bool  # every feed was heard all through it; otherwise nothing may be learnt from it, unless it was closed

    @property
    def closed(self) -> bool:
        """Return whether the place was closed: then nothing was asked for, whoever was heard."""
        return self._slots[0].closed

    @property
    def _slots(self) -> tuple[Slot, tuple[Slot, ...]]:
        return _slots(self.calendar, self.bucket.start_s, self.spec.horizon_periods)

    def give_up_orders(self, series: Mapping[str, Series]) -> int:
        """Close orders that are long overdue; return how many."""
        return sum(
            series[one.id].ledger.give_up(
                self.calendar.periods.shift(self.bucket.end_s, -OVERDUE_LEAD_TIMES * (one.lead_time_periods + 1))
            )
            for one in self.spec.resources
            if series[one.id].ledger.on_order
        )

    def learn(
        self, series: Mapping[str, Series], models: PoolModels, cut: Cut
    ) -> tuple[list[BucketClosed], list[ModelChanged]]:
        """Teach the pool's models, let them forecast, and return what is told of each series and of the models."""
        end_s, (slot, ahead) = self.bucket.end_s, self._slots
        values = [self._value(resource) for resource in self.spec.resources]
        ordered = [series[one.id] for one in self.spec.resources]
        learnt = self._learnable(slot, ahead, values, ordered)
        before = [one.next_said for one in ordered]
        for one, value in zip(ordered, values, strict=True):
            one.close(value)
        models.learn(learnt)
        changes = models.watch_changes(pool_id=self.spec.pool_id, at_s=end_s)
        said_now, took_over = models.forecast(ahead)
        if took_over:
            changes.append(models.changed("switched", models.serving, pool_id=self.spec.pool_id, at_s=end_s))
        say_all(
            ordered,
            said_now,
            [models.speaker(place) for place in range(len(ordered))],
            version=models.serving.version,
            as_of_s=end_s,
            expires_at_s=self.calendar.periods.shift(end_s, EXPIRY_PERIODS),
        )
        columns = zip(self.spec.resources, ordered, values, learnt.censored.tolist(), before, strict=True)
        closed = [
            BucketClosed(
                pool_id=self.spec.pool_id,
                resource_id=resource.id,
                period_start_s=self.bucket.start_s,
                value=value,
                censored=censored,
                said_mean=said[0] if said else None,
                said_quantiles=said[1] if said else None,
                forecast=one.said(),
                cut=cut,
            )
            for resource, one, value, censored, said in columns
        ]
        return closed, changes

    def tick(self, *, now_s: float, cut: Cut, clock: RunClock) -> Tick:
        """Return the wish for a decision that the period's end gives rise to."""
        end_s = self.bucket.end_s
        return Tick(
            tick_id=f"{self.spec.pool_id}/{self.calendar.periods.text(end_s)}",
            pool_id=self.spec.pool_id,
            period_start_s=end_s,
            valid_until_s=end_s + self.spec.decision_window_s,
            now_s=now_s,
            run_clock=clock,
            missing=not self.heard and not self.closed,
            cut=cut,
        )

    def _value(self, resource: ResourceSpec) -> float | None:
        """Return the resource's demand, or None when it is missing."""
        told = self.bucket.content.series.get(resource.id)
        if not self.heard and not self.closed:
            return None
        if told is None or told.count == 0:  # no sales is zero sales; no reading is no reading, where one should come
            return 0.0 if self.closed or resource.aggregate == "sum" else None
        return told.value(resource.aggregate)

    def _learnable(
        self, slot: Slot, ahead: tuple[Slot, ...], values: Sequence[float | None], series: Sequence[Series]
    ) -> PoolBucket:
        content = self.bucket.content
        on_hand = [one.ledger.on_hand_units for one in series]
        censored = [
            not slot.closed and (resource.id in content.stock_outs or (units is not None and units <= 0))
            for resource, units in zip(self.spec.resources, on_hand, strict=True)
        ]
        return PoolBucket(
            start_s=self.bucket.start_s,
            slot=slot,
            values=np.array([np.nan if value is None else value for value in values]),
            censored=np.array(censored, dtype=bool),
            covariates=tuple((name, one.value("mean")) for name, one in sorted(content.covariates.items())),
            ahead=ahead,
        )


@lru_cache(maxsize=64)  # pools close the same periods at about the same time
def _slots(calendar: Calendar, start_s: float, ahead: int) -> tuple[Slot, tuple[Slot, ...]]:
    """Return the place in the local calendar of the period that starts at `start_s`, and of the `ahead` next ones."""
    slots = calendar.slots(start_s, ahead + 1)
    return slots[0], slots[1:]
