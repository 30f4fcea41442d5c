"""A family that knows one series in, a forecaster of a pool out: each of its series learns for itself."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from online_models.base import Bucket, Forecast, PoolBucket, Slot
from online_models.forecaster import SeriesForecaster, forecasts

_ENCODE = msgspec.msgpack.Encoder().encode


class Separate:
    """Forecasters of single series side by side; keeps the contract `online_models.base.PoolForecaster`."""

    __slots__ = ("_series",)

    def __init__(self, series: Sequence[SeriesForecaster]) -> None:
        self._series = series  # (series,)

    def learn(self, bucket: PoolBucket) -> None:
        """Teach each series its own value; NaN is a missing bucket."""
        values = [None if np.isnan(value) else value for value in bucket.values.tolist()]
        for one, value, censored in zip(self._series, values, bucket.censored.tolist(), strict=True):
            one.learn(Bucket(bucket.start_s, bucket.slot.of_week, value, censored, bucket.covariates))

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return what each series says."""
        return forecasts(self._series, [slot.of_week for slot in slots])

    def state(self) -> bytes:
        """Return the states of the series, in their order."""
        return _ENCODE({"series": [one.state() for one in self._series]})


def states(data: dict[str, Any]) -> list[bytes]:
    """Return the states of the series of a decoded `Separate.state()`."""
    found: list[bytes] = data["series"]
    return found
