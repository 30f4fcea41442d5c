"""A family that knows one series in, a forecaster of a pool out: each of its series learns for itself."""

from collections.abc import Sequence
from typing import Self

import msgspec
import numpy as np

from online_models.base import Bools, Bucket, Forecast, PoolBucket, Slot
from online_models.carry import Places
from online_models.forecaster import SeriesForecaster, forecasts
from online_models.next_slots import next_slots

_ENCODE = msgspec.msgpack.Encoder().encode


class Separate:
    """Forecasters of single series side by side; keeps the contract `online_models.base.PoolForecaster`."""

    __slots__ = ("_series",)

    def __init__(self, series: Sequence[SeriesForecaster]) -> None:
        self._series = list(series)  # (series,)

    def learn(self, bucket: PoolBucket) -> None:
        """Teach each series its own value; NaN is a missing bucket."""
        values = [None if np.isnan(value) else value for value in bucket.learnable.tolist()]
        for one, value, censored in zip(self._series, values, bucket.censored.tolist(), strict=True):
            one.learn(Bucket(bucket.start_s, bucket.slot.of_week, value, censored, bucket.covariates))

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return what each series says, of open periods: the families know no closed ones."""
        found = forecasts(self._series, [slot.of_week for slot in slots])
        places = next_slots(slots).closed
        if not len(places):
            return found
        closed = np.isin(np.arange(len(slots)), places)
        return [said and _closed(said, closed, one.shape[2]) for said, one in zip(found, self._series, strict=True)]

    def adopt(self, old: Self, places: Places) -> None:
        """Take over the series of `old` that stay; one whose horizon or lead time is another begins anew."""
        for place, before in enumerate(places):
            if before is not None and self._series[place].shape == old._series[before].shape:
                self._series[place] = old._series[before]

    def state(self) -> bytes:
        """Return the states of the series, in their order."""
        return joined([one.state() for one in self._series])


def _closed(said: Forecast, closed: Bools, lead_periods: int) -> Forecast:
    """Return `said` with nothing expected in closed periods; the sum over the lead shrinks by what had been of them."""
    mean, quantiles = np.where(closed, 0.0, said.mean), np.where(closed[:, None], 0.0, said.quantiles)
    before = said.mean[:lead_periods].sum()
    share = mean[:lead_periods].sum() / before if before > 0.0 else float(not closed[:lead_periods].all())
    return msgspec.structs.replace(said, mean=mean, quantiles=quantiles, lead_quantiles=share * said.lead_quantiles)


def states(state: bytes) -> list[bytes]:
    """Return the states of the series of a `Separate.state()`; raise msgspec.DecodeError when it is none."""
    return msgspec.msgpack.decode(state, type=_State).series


def joined(states: Sequence[bytes]) -> bytes:
    """Return the state of series side by side, given theirs."""
    return _ENCODE(_State(list(states)))


class _State(msgspec.Struct):
    series: list[bytes]
