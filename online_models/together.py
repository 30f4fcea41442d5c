"""A model of the means of a whole pool in, a forecaster of the pool out.

What all families promise of each series (bounds, missing and censored buckets, spikes, quantiles, error) is kept here
once, in arrays over the series: `Course` knows what came, `PoolQuantiles` how far it fell from what was said.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

import msgspec
import numpy as np

from online_models.base import Bools, Covariates, Float64s, Forecast, PoolBucket, Slot, slots_after
from online_models.carry import Places
from online_models.course import Course
from online_models.forecaster import STATE_VERSION
from online_models.next_slots import next_slots
from online_models.pool_quantiles import PoolQuantiles
from online_models.unconstrained import unconstrained

_ENCODE = msgspec.msgpack.Encoder().encode


class PoolMeans(Protocol):
    """How the means of all series of a pool move. Promises bounded time and memory, and plain values as state."""

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        ...

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN before enough was learnt.

        The first call after `learn` is for the periods that follow: what it says may be held against what comes.
        """
        ...

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of other series or another horizon but else alike, learnt of those that stay."""
        ...

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        ...

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        ...


class Together:
    """Keeps the contract `online_models.base.PoolForecaster`."""

    def __init__(
        self,
        family: str,
        means: Callable[[int, int, int], PoolMeans],
        *,
        slots_per_week: int,
        horizon_periods: int,
        lead_periods: Sequence[int],
    ) -> None:
        self.family = family
        self._shape = (slots_per_week, horizon_periods, tuple(lead_periods))
        self._reach = max(horizon_periods, *lead_periods)
        self._means = means(len(lead_periods), slots_per_week, self._reach)
        self._course = Course(len(lead_periods), max(slots_per_week // 7, 1))
        self._quantiles = PoolQuantiles(horizon_periods, lead_periods, slots_per_week)
        self._slot = Slot(slots_per_week - 1)  # of the last period
        self._ahead: tuple[Slot, ...] = ()  # of the next ones, as far as `_paths`; none before the first
        self._paths: Float64s = np.full((len(lead_periods), self._reach), np.nan)  # centres of them, units

    def learn(self, bucket: PoolBucket) -> None:
        """Learn from the next bucket of the pool; buckets come in order, missing ones included."""
        centres = self._centres(bucket.slot)
        heard = self._course.accepted(bucket.learnable)
        values, is_bound = heard, bucket.censored
        if np.count_nonzero(is_bound):
            values, is_bound = self._unconstrained(heard, is_bound, centres)
        believed = self._course.take(values, heard, centres)
        self._quantiles.learn(bucket.slot, values, is_bound)
        self._means.learn(bucket.slot, believed, bucket.covariates)
        self._slot = bucket.slot
        self._ahead = slots_after(bucket.slot, bucket.ahead, self._reach, self._shape[0])
        self._paths = self._said(self._ahead)
        self._quantiles.say(self._ahead, self._paths)

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return the forecast of the next `len(slots)` periods of each series, None of one that knows too little."""
        wanted = tuple(slots)
        if not wanted or not self._ahead:
            return [None] * len(self._paths)
        paths = self._paths
        if wanted != self._ahead[: len(wanted)]:
            paths = self._said(slots_after(self._slot, wanted, max(len(wanted), self._reach), self._shape[0]))
        bands = self._quantiles.around(wanted, paths, self._course.ceiling)
        means = self._course.means(paths, len(wanted))
        columns = zip(paths[:, 0].tolist(), self._course.error.tolist(), self._course.count.tolist(), strict=True)
        return [
            Forecast(means[row], bands[row, :-1], bands[row, -1], error, int(count)) if known == known else None  # noqa: PLR0124
            for row, (known, error, count) in enumerate(columns)
        ]

    def _centres(self, slot: Slot) -> Float64s:
        """Return what was said of the period that comes, (series,) units; NaN is nothing."""
        if not self._ahead or self._ahead[0] == slot:
            return np.ascontiguousarray(self._paths[:, 0])
        return np.ascontiguousarray(self._said((slot,))[:, 0])  # another period than was expected

    def _said(self, slots: tuple[Slot, ...]) -> Float64s:
        """Return the means of the next periods, (series, slots), within their bounds; NaN in the first days."""
        paths = np.ascontiguousarray(self._means.paths(slots), np.float64)
        self._course.bound(paths)
        next_slots(slots).close(paths)
        return paths

    def _unconstrained(self, heard: Float64s, censored: Bools, centres: Float64s) -> tuple[Float64s, Bools]:
        """Return demand where stock ran out, and whether it is still a lower bound only: nothing had been said."""
        said, ceiling = centres * self._course.ratio, self._course.ceiling
        values, is_bound = heard.copy(), censored & np.isnan(centres)
        for one in np.flatnonzero(censored & ~np.isnan(heard) & ~np.isnan(centres)).tolist():
            sold, error = float(heard[one]), float(self._course.error[one])
            drawn = unconstrained(sold, float(said[one]), error, int(self._course.count[one]))
            values[one] = min(drawn, max(float(ceiling[one]), sold))
        return values, is_bound

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of the same family and horizon, learnt of the series that stay.

        One whose lead time is another begins the spread of its sum anew.
        """
        self._means.adopt(old._means, places)
        self._course.adopt(old._course, places)
        self._quantiles.adopt(old._quantiles, places)
        self._slot, self._ahead = old._slot, old._ahead
        self._look_ahead()

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes."""
        return _ENCODE(
            {
                "family": self.family,
                "version": STATE_VERSION,
                "shape": self._shape,
                "means": self._means.state(),
                "course": self._course.state(),
                "quantiles": self._quantiles.state(),
                "slots": (self._slot, self._ahead),
            }
        )

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what `state()` of an equally shaped forecaster returned, decoded."""
        self._means.restore(kept["means"])
        self._course.restore(kept["course"])
        self._quantiles.restore(kept["quantiles"])
        self._slot, self._ahead = msgspec.convert(kept["slots"], tuple[Slot, tuple[Slot, ...]])
        self._look_ahead()

    def _look_ahead(self) -> None:
        if self._ahead:
            self._ahead = slots_after(self._slot, self._ahead, self._reach, self._shape[0])
            self._paths = self._said(self._ahead)
