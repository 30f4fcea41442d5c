"""A learned forecaster of a pool and a frozen simple one in; of each series what the better of the two says out.

Every learned model can go wrong in a way that nobody has thought of. So a model that cannot - last week's value - is
asked beside it, and serves a series while the learned one loses to it by the pinball loss of the next period (the mean
over `QUANTILE_LEVELS`), discounted over about the last 50 periods. Both go on learning, so that the learned one comes
back once it is no worse any more. What a stuck sensor repeats is missing to both.
"""

from collections.abc import Sequence
from typing import Self

import msgspec
import numpy as np

from online_models.base import QUANTILE_LEVELS, Bools, Forecast, PoolBucket, PoolForecaster, Slot, slots_after
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.stuck import Stuck
from online_models.watched_layout import AWAY
from online_models.watched_loops import Verdicts
from online_models.weekly_naive import WeeklyNaive

MEMORY_PERIODS = 50  # that losses are compared over
WORSE_MAX = 1.10  # times the simple one's loss: above it the simple one serves
SLACK_UNITS = 1e-6  # of loss: less is rounding, as beside a series that never sells
LEVELS = np.array(QUANTILE_LEVELS)
NOT_FINITE = "it said something that is no finite number"


class Change(msgspec.Struct, frozen=True):
    """A series that another model serves from now on."""

    place: int  # of the series
    rolled_back: bool  # to the simple model; otherwise back to the learned one
    reason: str


class Watched:
    """Says what the learned model or, of a series that is rolled back, the simple one says."""

    def __init__(
        self, learned: PoolForecaster, simple: WeeklyNaive, series: int, *, slots_per_week: int, horizon_periods: int
    ) -> None:
        self.learned = learned
        self.simple = simple
        self.rolled_back: Bools = np.zeros(series, dtype=bool)
        self.changes: tuple[Change, ...] = ()  # by the last bucket
        self._shape = slots_per_week, horizon_periods
        # What the learned one said after the last bucket, as far as it will be asked for: once a period.
        self._ahead: tuple[tuple[Slot, ...], list[Forecast | None]] = ((), [])
        self._stuck = Stuck(series, slots_per_week)
        self._said = np.full((2, series, len(LEVELS)), np.nan)  # of the next period: by the learned, by the simple one
        self._loss = np.zeros((2, series))  # discounted pinball, units
        self._count = np.zeros(series)  # periods of which both had said something
        self._verdicts = np.zeros(series, dtype=np.uint8)  # after the last bucket, as `judge` writes them
        self._is_broken: Bools = np.zeros(series, dtype=bool)  # said no finite number after the last bucket
        flags = self.rolled_back.view(np.uint8), self._is_broken.view(np.uint8)
        self._loops = Verdicts(LEVELS, self._said, self._loss, self._count, *flags, _LIMITS, self._verdicts)

    def learn(self, bucket: PoolBucket) -> None:
        """Learn from the next bucket of the pool; buckets come in order, missing ones included."""
        values = self._stuck.masked(bucket.learnable)
        came = np.where(bucket.censored, np.nan, values) if np.count_nonzero(bucket.censored) else values
        self.changes = tuple(self._changed()) if self._loops.judge(came) else ()
        slots_per_week, horizon_periods = self._shape
        ahead = slots_after(bucket.slot, bucket.ahead, horizon_periods, slots_per_week)
        bucket = msgspec.structs.replace(bucket, values=values, ahead=bucket.ahead or ahead)
        self.learned.learn(bucket)
        self._ahead = ahead, self.learned.forecast(ahead)
        for place, one in enumerate(self._ahead[1]):
            if one is None:
                self._loops.hear_nothing(place)
            else:
                self._loops.hear(place, one.quantiles)
        self.simple.learn(bucket)
        self.simple.next_quantiles(self._said[1])

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return the forecast of the next `len(slots)` periods of each series, None of one that knows too little."""
        known, said = self._ahead
        learned = list(said) if known == tuple(slots) else self.learned.forecast(slots)
        replaced = np.flatnonzero(self.rolled_back | self._is_broken).tolist()
        if replaced:
            simple = self.simple.forecast(slots)
            for place in replaced:
                if simple[place] is not None or self._is_broken[place]:
                    learned[place] = simple[place]
        return learned

    def is_simple(self, place: int) -> bool:
        """Return whether the simple model speaks for the series at `place`."""
        return bool(self.rolled_back[place] or self._is_broken[place])

    def adopt(self, old: Self, places: Places) -> None:
        """Take over, newly made, what `old` learnt of the series that stay."""
        self.learned.adopt(old.learned, places)
        self.simple.adopt(old.simple, places)
        self._stuck.adopt(old._stuck, places)
        for name, axis in _KEPT.items():
            carry(getattr(self, name), getattr(old, name), places, axis=axis)

    def _changed(self) -> list[Change]:
        """Roll back and return to, series by series; name what changed."""
        changes = []
        for place in np.flatnonzero(self._verdicts).tolist():
            is_away, (learned, simple) = self._verdicts[place] == AWAY, self._loss[:, place].tolist()
            times = f"{learned / simple:.2f} times" if simple > 0.0 else "above"
            reason = f"its pinball loss is {times} the simple one's again"
            if is_away:
                worse = f"its pinball loss was {learned:.4g}, {times} the simple one's"
                reason = NOT_FINITE if self._is_broken[place] else f"{worse}, over the last {MEMORY_PERIODS} periods"
            changes.append(Change(place, is_away, reason))
            self.rolled_back[place] = is_away
        return changes

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes."""
        kept = [*packed(self, _KEPT), self._stuck.state()]
        return msgspec.msgpack.encode((self._shape, self.learned.state(), self.simple.state(), kept))

    def restore(self, kept: Sequence[bytes]) -> None:
        """Take over the arrays of a decoded `state()`; both models are restored already."""
        *arrays, stuck = kept
        self._stuck.restore(stuck)
        unpack(self, _KEPT, arrays)


_LIMITS = np.array([MEMORY_PERIODS, WORSE_MAX, SLACK_UNITS])
_KEPT = {"rolled_back": 0, "_said": 1, "_loss": 1, "_count": 0, "_is_broken": 0}  # and the axis of the series


def parts(state: bytes) -> tuple[tuple[int, int], bytes, bytes, list[bytes]]:
    """Return the shape, the learned model's state, the simple one's and the rest; raise msgspec.DecodeError.

    The shape is slots of the week and periods of the horizon.
    """
    return msgspec.msgpack.decode(state, type=tuple[tuple[int, int], bytes, bytes, list[bytes]])
