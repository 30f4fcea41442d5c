"""A model of the mean in, a whole forecaster out: bounds, missing and censored buckets, quantiles, error and state.

Every family says only how the mean moves (`Mean`); what all families promise is kept here once.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from online_models.base import Bucket, Covariates, Float64s, Forecast
from online_models.calibration import Calibration
from online_models.quantiles import ResidualQuantiles

LARGEST_TIMES = 3.0  # no forecast lies above this many times the largest demand learnt
ERROR_RATE = 0.03  # of the discounted mean absolute error: about the last 30 buckets
VALUE_MAX = 1e12  # units per period: beyond anything that is counted, far within single precision
STATE_VERSION = 3  # raise it when the meaning of a field changes: an older state is refused, and learnt again


class Mean(Protocol):
    """How the mean of one series moves. Promises bounded time and memory, and plain values as state."""

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Learn the next period and return what of `value` was believed: less than all of it when it is a spike.

        `value` None: nothing may be learnt, and `said` stands in for it in the lags.
        """
        ...

    def path(self, slots_of_week: Sequence[int]) -> list[float] | None:
        """Return the mean of each of the next periods `slots_of_week`, or None before enough was learnt."""
        ...

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        ...

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same slots per week returned."""
        ...


_ENCODER = msgspec.msgpack.Encoder()


class SeriesForecaster:
    """A `Mean` with everything around it; keeps the contract `online_models.base.Forecaster`."""

    __slots__ = (
        "_calibration",
        "_count",
        "_error",
        "_errors",
        "_largest",
        "_mean",
        "_path",
        "_residuals",
        "_shape",
        "_slot_of_week",
        "family",
    )

    def __init__(
        self,
        family: str,
        mean: Callable[[int], Mean],
        *,
        slots_per_week: int,
        horizon_periods: int,
        lead_periods: int,
    ) -> None:
        self.family = family
        self._shape = (slots_per_week, horizon_periods, lead_periods)
        self._mean = mean(slots_per_week)
        self._calibration = Calibration(max(slots_per_week // 7, 1))
        self._residuals = ResidualQuantiles(horizon_periods, lead_periods)
        self._largest = 0.0  # units per period, of what was learnt
        self._error = 0.0
        self._errors = 0  # one-step forecasts that met their actual
        self._count = 0
        self._slot_of_week: int | None = None  # of the last bucket
        self._path: Float64s | None = None  # centres of the next periods, horizon or lead, as said after that bucket

    def learn(self, bucket: Bucket) -> None:
        """Learn from the next bucket of the series; buckets come in order, missing ones included."""
        centre = self._centre(bucket.slot_of_week)
        said = None if centre is None else centre * self._calibration.ratio
        value = bucket.value if bucket.value is not None and math.isfinite(bucket.value) else None
        if value is not None:
            value = min(max(value, 0.0), VALUE_MAX)
        self._residuals.learn(value, censored=bucket.censored)
        if value is not None and bucket.censored and value <= (said or 0.0):
            value = None  # stock ran out below the forecast: it says nothing against it
        believed = self._mean.learn(bucket.slot_of_week, value, centre, bucket.covariates)
        if value is not None:
            self._remember(value, said, believed)
        self._slot_of_week = bucket.slot_of_week
        path = self._means(self._ahead())
        self._path = None if path is None else np.array(path)
        self._residuals.say(path)

    def forecast(self, slots_of_week: Sequence[int]) -> Forecast | None:
        """Return the forecast of the next `len(slots_of_week)` periods, or None before enough was learnt."""
        wanted = tuple(slots_of_week)
        path = self._path if wanted == self._ahead()[: len(wanted)] else self._other(wanted)
        if path is None or not wanted:
            return None
        ceiling = LARGEST_TIMES * self._largest
        mean = path[: len(wanted)] * self._calibration.ratio
        np.minimum(mean, ceiling, out=mean)
        bands, lead = self._residuals.quantiles(path, len(wanted), self._error, ceiling)
        return Forecast(mean, bands, lead, self._error, self._count)

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes."""
        return _ENCODER.encode(
            {
                "family": self.family,
                "version": STATE_VERSION,
                "shape": self._shape,
                "mean": self._mean.state(),
                "residuals": self._residuals.state(),
                "course": (self._largest, self._error, self._errors, self._count, self._slot_of_week),
                "calibration": (self._calibration.came, self._calibration.believed),
            }
        )

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what `state()` of an equally shaped forecaster returned, decoded."""
        self._mean.restore(kept["mean"])
        self._residuals.restore(kept["residuals"])
        self._largest, self._error, self._errors, self._count, self._slot_of_week = kept["course"]
        self._calibration.came, self._calibration.believed = kept["calibration"]
        path = self._means(self._ahead())
        self._path = None if path is None else np.array(path)

    def _centre(self, slot_of_week: int) -> float | None:
        if self._path is not None and slot_of_week == self._ahead()[0]:
            return self._path.item(0)
        path = self._means((slot_of_week,))
        return None if path is None else path[0]

    def _remember(self, value: float, said: float | None, believed: float) -> None:
        self._count += 1
        self._largest = max(self._largest, value)
        if said is not None:
            self._calibration.learn(came=value, believed=believed, error=self._error)
            self._errors += 1
            self._error += max(ERROR_RATE, 1.0 / self._errors) * (abs(value - said) - self._error)

    def _means(self, slots_of_week: Sequence[int]) -> list[float] | None:
        path = self._mean.path(slots_of_week) if self._count else None
        ceiling = LARGEST_TIMES * self._largest
        if path is not None and (min(path) < 0.0 or max(path) > ceiling):
            return [min(max(value, 0.0), ceiling) for value in path]
        return path

    def _ahead(self) -> tuple[int, ...]:
        """Return the slots of the week of the path; none before the first bucket."""
        slots_per_week, horizon_periods, lead_periods = self._shape
        if self._slot_of_week is None:
            return ()
        return _following(self._slot_of_week, max(horizon_periods, lead_periods), slots_per_week)

    def _other(self, wanted: tuple[int, ...]) -> Float64s | None:
        """Return a path for other slots than expected: the clocks change, or a longer horizon is asked for."""
        slots_per_week, _, lead_periods = self._shape
        rest = _following(wanted[-1], max(lead_periods - len(wanted), 0), slots_per_week)
        path = self._means(wanted + rest)
        return None if path is None else np.array(path)


@functools.lru_cache(maxsize=4096)
def _following(slot_of_week: int, periods: int, slots_per_week: int) -> tuple[int, ...]:
    """Return the slots of the week of the next periods after one of `slot_of_week`, the same object to every series."""
    return tuple((slot_of_week + step) % slots_per_week for step in range(1, periods + 1))
