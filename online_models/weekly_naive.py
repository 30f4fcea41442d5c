"""A pool in, last week's values with a band around them out: the frozen simple model that every other one has to beat.

It learns nothing but how far last week's value mostly lay from this week's: the discounted mean absolute difference of
their square roots, of one period and of the lead's sum. The band is a normal one in roots, where counts spread alike
(Anscombe 1948, "The transformation of Poisson, binomial and negative-binomial data", Biometrika 35).
"""

from collections.abc import Sequence
from typing import Any, Self

import msgspec
import numpy as np

from online_models.base import Float64s, Forecast, PoolBucket, Slot, slots_after
from online_models.carry import Places, carry
from online_models.forecaster import LARGEST_TIMES, STATE_VERSION, VALUE_MAX
from online_models.next_slots import next_slots
from online_models.quantiles import NORMAL_Z
from online_models.seasonal_naive import SEEN_RATIO
from online_models.waiting import Waiting
from online_models.weekly_naive_layout import COUNT, ERROR, NUMBERS
from online_models.weekly_naive_loops import Weeks

_ENCODE = msgspec.msgpack.Encoder().encode
FAMILY = "seasonal-naive"


class WeeklyNaive:
    """Keeps the contract `online_models.base.PoolForecaster`."""

    def __init__(self, slots_per_week: int, horizon_periods: int, lead_periods: Sequence[int]) -> None:
        self._shape = (slots_per_week, horizon_periods, tuple(lead_periods))
        self._reach = max(1, *lead_periods)  # periods whose paths are held against what comes
        self._waiting = Waiting(1, lead_periods)  # all steps ahead of up to a week are missed alike
        series = len(lead_periods)
        self._last = np.full((series, slots_per_week), np.nan)  # units per period; NaN: never seen
        self._numbers = np.zeros((NUMBERS, series))
        self._weeks = Weeks(
            self._waiting.loops, self._last, self._numbers, self._waiting.leads, NORMAL_Z, LARGEST_TIMES,
            SEEN_RATIO * slots_per_week,
        )  # fmt: skip
        self._ahead: tuple[Slot, ...] = ()  # the next periods; none before the first
        self._path: Float64s = np.full((series, self._reach), np.nan)  # what is said of them, units

    def learn(self, bucket: PoolBucket) -> None:
        """Learn from the next bucket of the pool; buckets come in order, missing ones included."""
        heard, censored = np.ascontiguousarray(bucket.learnable, np.float64), np.ascontiguousarray(bucket.censored)
        place = int(bucket.slot.closed), bucket.slot.of_week
        self._weeks.learn(heard, censored.view(np.uint8), *place, VALUE_MAX, self._waiting.periods)
        self._waiting.periods += 1
        self._ahead = slots_after(bucket.slot, bucket.ahead, self._reach, self._shape[0])
        known = bucket.ahead if len(bucket.ahead) >= self._reach else self._ahead  # which the others ask of too
        self._path = np.ascontiguousarray(self._paths(known)[:, : self._reach])
        self._waiting.say(self._path)

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return the forecast of the next `len(slots)` periods of each series, None of one that knows too little."""
        wanted = tuple(slots)
        if not wanted or not self._ahead:
            return [None] * self.series
        longer = slots_after(wanted[-1], wanted, max(len(wanted), self._reach), self._shape[0])
        paths = self._paths(longer)
        found = self._bands(paths, len(wanted))
        known = next_slots(longer)
        known.close(found[:, :-1])
        known.close_sums(found[:, -1], self._waiting.leads)
        numbers = zip(*self._numbers[[ERROR, COUNT]].tolist(), paths[:, 0].tolist(), strict=True)
        return [
            Forecast(paths[row, : len(wanted)], found[row, :-1], found[row, -1], error, int(count))
            if first == first  # noqa: PLR0124  not a number: nothing
            else None
            for row, (error, count, first) in enumerate(numbers)
        ]

    def next_quantiles(self, found: Float64s) -> None:
        """Write the quantiles of the next period, (series, levels) units; NaN of a series that knows too little."""
        self._weeks.next_bands(self._path, found)
        if self._ahead and self._ahead[0].closed:
            found *= 0.0

    @property
    def series(self) -> int:
        """Return how many series the pool has."""
        return len(self._last)

    def _paths(self, slots: tuple[Slot, ...]) -> Float64s:
        """Return last week's values at `slots`, (series, slots) units; NaN before six sevenths of a week were seen."""
        path, known = np.empty((self.series, len(slots))), next_slots(slots)
        self._weeks.path(known.of_week, path)
        known.close(path)
        return path

    def _bands(self, paths: Float64s, periods: int) -> Float64s:
        found = np.empty((self.series, periods + 1, len(NORMAL_Z)))
        self._weeks.bands(paths, found)
        return found

    def adopt(self, old: Self, places: Places) -> None:
        """Take over, newly made, what `old` learnt of the series that stay."""
        self._waiting.adopt(old._waiting, places)
        carry(self._last, old._last, places, axis=0)
        carry(self._numbers, old._numbers, places, axis=1)
        self._ahead = old._ahead and slots_after(old._ahead[-1], old._ahead, self._reach, self._shape[0])
        self._path = self._paths(self._ahead) if self._ahead else self._path

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes."""
        kept = (self._waiting.state(), self._last.tobytes(), self._numbers.tobytes(), self._ahead)
        return _ENCODE({"family": FAMILY, "version": STATE_VERSION, "shape": self._shape, "kept": kept})

    @classmethod
    def restored(cls, kept: dict[str, Any]) -> "WeeklyNaive":
        """Return the forecaster whose decoded `state()` this was."""
        made = cls(*kept["shape"])
        waiting, last, numbers, ahead = kept["kept"]
        made._waiting.restore(waiting)
        made._last[...] = np.frombuffer(last).reshape(made._last.shape)
        made._numbers[...] = np.frombuffer(numbers).reshape(made._numbers.shape)
        made._ahead = msgspec.convert(ahead, tuple[Slot, ...])
        made._path = made._paths(made._ahead) if made._ahead else made._path
        return made
