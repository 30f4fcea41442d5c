"""One closed bucket of a pool in; every series taught, its forecast made, and what is to be told of it out."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from online_models.base import Bucket
from online_models.forecaster import forecasts
from streams.catalog import PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.demand import ClosedBucket
from streams.events import BucketClosed, Cut, Tick
from streams.ledger import OVERDUE_LEAD_TIMES
from streams.periods import Periods
from streams.series import Series, say_all

EXPIRY_PERIODS = 2  # a forecast is stale this many periods after it was made


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of one period of one pool."""

    spec: PoolSpec
    periods: Periods
    bucket: ClosedBucket
    whole: bool  # every feed was heard all through it; otherwise nothing may be learnt from it

    def give_up_orders(self, series: Mapping[str, Series]) -> int:
        """Close orders that are long overdue; return how many."""
        return sum(
            series[one.id].ledger.give_up(
                self.periods.shift(self.bucket.end_s, -OVERDUE_LEAD_TIMES * (one.lead_time_periods + 1))
            )
            for one in self.spec.resources
            if series[one.id].ledger.on_order
        )

    def learn(self, series: Mapping[str, Series], cut: Cut) -> list[BucketClosed]:
        """Teach every series, then let all forecast together, and return what is told of each."""
        end_s, horizon = self.bucket.end_s, self.spec.horizon_periods
        expires_at_s = self.periods.shift(end_s, EXPIRY_PERIODS)
        slot, *slots = _slots_of_week(self.periods, self.bucket.start_s, horizon + 1)
        observed = tuple((name, one.value("mean")) for name, one in sorted(self.bucket.content.covariates.items()))
        ordered = [series[one.id] for one in self.spec.resources]
        learnt = [
            self._learnable(resource, one, slot, observed)
            for resource, one in zip(self.spec.resources, ordered, strict=True)
        ]
        before = [one.next_said for one in ordered]
        for one, bucket in zip(ordered, learnt, strict=True):
            one.learn(bucket)
        said_now = forecasts([one.forecaster for one in ordered], slots)
        say_all(ordered, said_now, as_of_s=end_s, expires_at_s=expires_at_s)
        return [
            BucketClosed(
                pool_id=self.spec.pool_id,
                resource_id=resource.id,
                period_start_s=bucket.start_s,
                value=bucket.value,
                censored=bucket.censored,
                said_mean=said[0] if said else None,
                said_quantiles=said[1] if said else None,
                forecast=one.said(),
                cut=cut,
            )
            for resource, one, bucket, said in zip(self.spec.resources, ordered, learnt, before, strict=True)
        ]

    def tick(self, *, now_s: float, cut: Cut, clock: RunClock) -> Tick:
        """Return the wish for a decision that the period's end gives rise to."""
        end_s = self.bucket.end_s
        return Tick(
            tick_id=f"{self.spec.pool_id}/{self.periods.text(end_s)}",
            pool_id=self.spec.pool_id,
            period_start_s=end_s,
            valid_until_s=end_s + self.spec.decision_window_s,
            now_s=now_s,
            run_clock=clock,
            missing=not self.whole,
            cut=cut,
        )

    def _learnable(
        self, resource: ResourceSpec, series: Series, slot: int, observed: tuple[tuple[str, float], ...]
    ) -> Bucket:
        heard = self.bucket.content.series.get(resource.id)
        value: float | None
        if not self.whole:
            value = None
        elif heard is None or heard.count == 0:
            value = 0.0 if resource.aggregate == "sum" else None  # no sales is zero sales; no reading is no reading
        else:
            value = heard.value(resource.aggregate)
        on_hand = series.ledger.on_hand_units
        return Bucket(
            start_s=self.bucket.start_s,
            slot_of_week=slot,
            value=value,
            censored=resource.id in self.bucket.content.stock_outs or (on_hand is not None and on_hand <= 0),
            covariates=observed,
        )


@lru_cache(maxsize=64)  # pools close the same periods at about the same time
def _slots_of_week(periods: Periods, start_s: float, count: int) -> tuple[int, ...]:
    """Return the places in the local week of `count` periods from the one that starts at `start_s` on."""
    return tuple([periods.slot_of_week(periods.shift(start_s, step)) for step in range(count)])
