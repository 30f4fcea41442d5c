"""A model of the means of a whole pool in, a forecaster of the pool out.

What all families promise of each series (bounds, missing and censored buckets, spikes, quantiles, error) is
`SeriesForecaster`'s; it is given one row of the pool's means as its own.
"""

from collections.abc import Callable, Sequence
from math import isnan
from typing import Any, Protocol, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from online_models.base import Bucket, Covariates, Float64s, Forecast, PoolBucket, Slot
from online_models.carry import Places
from online_models.forecaster import SeriesForecaster
from online_models.plan import RING, plan
from online_models.pool_spread import PoolSpread
from online_models.surprise import Surprise

Places64 = NDArray[np.intp]
Float32s = NDArray[np.float32]
_ENCODE = msgspec.msgpack.Encoder().encode


class PoolMeans(Protocol):
    """How the means of all series of a pool move. Promises bounded time and memory, and plain values as state."""

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        ...

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN before enough was learnt."""
        ...

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
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
        self._means = means(len(lead_periods), slots_per_week, max(horizon_periods, *lead_periods))
        self._paths = _Paths(self._means)
        self._knots = plan(horizon_periods, lead_periods[0]).knots
        self._spread = PoolSpread(len(lead_periods), len(self._knots) + 1, max(slots_per_week // 7, 1))
        self._rows = [_Row(self._paths, place) for place in range(len(lead_periods))]
        self._series = [
            SeriesForecaster(
                family,
                lambda _, row=row: row,  # type: ignore[misc]
                slots_per_week=slots_per_week,
                horizon_periods=horizon_periods,
                lead_periods=lead,
            )
            for row, lead in zip(self._rows, lead_periods, strict=True)
        ]

    def learn(self, bucket: PoolBucket) -> None:
        """Learn from the next bucket of the pool; buckets come in order, missing ones included."""
        before = self._counts()
        columns = zip(self._series, bucket.values.tolist(), bucket.censored.tolist(), strict=True)
        for one, value, censored in columns:
            known = None if np.isnan(value) else value
            one.take(Bucket(bucket.start_s, bucket.slot.of_week, known, censored, bucket.covariates))
        self._learn_spread(before, bucket.values)
        self._means.learn(bucket.slot, np.array([row.believed for row in self._rows]), bucket.covariates)
        self._paths.forget()
        for one in self._series:
            one.say()

    def _learn_spread(self, before: Places64, values: Float64s) -> None:
        """Let the spread learn what this period has added to the series' residuals."""
        rings, after = self._rings(), self._counts()
        newest = np.take_along_axis(rings, ((after - 1) % RING)[..., None], axis=-1)[..., 0]
        residuals = np.where(after > before, newest.astype(np.float64), np.nan)
        self._spread.learn(residuals, values, rings, np.minimum(after, RING))

    def _counts(self) -> Places64:
        return np.array([one.residuals.counts for one in self._series], dtype=np.intp)

    def _rings(self) -> Float32s:
        kept = bytearray().join([one.residuals.rings for one in self._series])
        return np.frombuffer(kept, dtype=np.float32).reshape(len(self._series), -1, RING)

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return the forecast of the next `len(slots)` periods of each series, None of one that knows too little."""
        wanted = tuple(slot.of_week for slot in slots)
        found: list[Forecast | None] = [None] * len(self._series)
        spoken = [(place, path) for place, one in enumerate(self._series) if wanted and (path := one.path(wanted))]
        if not spoken:
            return found
        places = [place for place, _ in spoken]
        series = [self._series[place] for place in places]
        leads = [self._shape[2][place] for place in places]
        centres = np.array(
            [(*path[: len(wanted)], sum(path[:lead])) for (_, path), lead in zip(spoken, leads, strict=True)]
        )
        ceilings, errors, ratios = np.array([(one.ceiling, one.error, one.calibration.ratio) for one in series]).T
        bands = self._spread.around(places, centres, self._knots, errors, np.array(leads))
        limits = np.repeat(ceilings[:, None], centres.shape[1], axis=1)
        limits[:, -1] *= leads
        bands = np.clip(bands, 0.0, limits[..., None])
        means = np.minimum(centres[:, :-1] * ratios[:, None], ceilings[:, None])
        for row, (place, one) in enumerate(zip(places, series, strict=True)):
            found[place] = Forecast(means[row], bands[row, :-1], bands[row, -1], one.error, one.count)
        return found

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of the same family and horizon, learnt of the series that stay.

        One whose lead time is another begins its spread anew.
        """
        self._means.adopt(old._means, places)
        self._spread.adopt(old._spread, places)
        for place, before in enumerate(places):
            if before is None:
                continue
            self._rows[place].surprise = old._rows[before].surprise
            if self._shape[2][place] == old._shape[2][before]:
                self._series[place].restore(msgspec.msgpack.decode(old._series[before].state()))
        self._look()

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes."""
        return _ENCODE(
            {
                "family": self.family,
                "shape": self._shape,
                "means": self._means.state(),
                "spread": self._spread.state(),
                "rows": [row.surprise.state() for row in self._rows],
                "series": [one.state() for one in self._series],
            }
        )

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what `state()` of an equally shaped forecaster returned, decoded."""
        self._means.restore(kept["means"])
        for row, surprise in zip(self._rows, kept["rows"], strict=True):
            row.surprise.restore(surprise)
        for one, data in zip(self._series, kept["series"], strict=True):
            one.restore(msgspec.msgpack.decode(data))
        self._spread.restore(kept["spread"])
        self._look()

    def _look(self) -> None:
        self._spread.look(self._rings(), np.minimum(self._counts(), RING))


class _Paths:
    """The pool's means of the slots that its series ask for: computed once for all of them."""

    __slots__ = ("_known", "_means")

    def __init__(self, means: PoolMeans) -> None:
        self._means = means
        self._known: dict[tuple[int, ...], list[list[float]]] = {}  # slots of the week -> (series, slots)

    def of(self, slots_of_week: tuple[int, ...]) -> list[list[float]]:
        """Return the means of all series in `slots_of_week`."""
        found = self._known.get(slots_of_week)
        if found is None:
            found = self._means.paths([Slot(slot) for slot in slots_of_week]).tolist()
            self._known[slots_of_week] = found  # few a period: what comes next, and what a calendar makes of it
        return found

    def forget(self) -> None:
        """Take note that the means have moved."""
        self._known.clear()


class _Row:
    """One series' row of the pool's means, as the `Mean` that its forecaster works with."""

    __slots__ = ("_paths", "_place", "believed", "surprise")

    def __init__(self, paths: _Paths, place: int) -> None:
        self._paths = paths
        self._place = place
        self.surprise = Surprise()
        self.believed = np.nan  # of the period being learnt, units

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Keep what of the value is believed for the pool's means to learn, and return it."""
        del slot_of_week, covariates
        if value is None:
            self.believed = np.nan
            return 0.0
        self.believed = value if said is None else max(said + self.surprise.believed(value - said), 0.0)
        return self.believed

    def path(self, slots_of_week: Sequence[int]) -> list[float] | None:
        """Return the means of the next periods, or None in the first days."""
        path = self._paths.of(tuple(slots_of_week))[self._place] if slots_of_week else []
        return None if not path or isnan(sum(path)) else path.copy()

    def state(self) -> tuple[Any, ...]:
        """Return nothing: the pool keeps it all."""
        return ()

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over nothing."""
        del state
