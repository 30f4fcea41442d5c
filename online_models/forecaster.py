"""A model of the mean in, a whole forecaster out: bounds, missing and censored buckets, quantiles, error and state.

Every family says only how the mean moves (`Mean`); what all families promise is kept here once.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from online_models.base import Bucket, Float64s, Forecast
from online_models.calibration import Calibration
from online_models.quantiles import ResidualQuantiles

LARGEST_TIMES = 3.0  # no forecast lies above this many times the largest demand learnt
ERROR_RATE = 0.03  # of the discounted mean absolute error: about the last 30 buckets
VALUE_MAX = 1e12  # units per period: beyond anything that is counted, far within single precision
STATE_VERSION = 2  # raise it when the meaning of a field changes: an older state is refused, and learnt again

Covariates = tuple[tuple[str, float], ...]


class Mean(Protocol):
    """How the mean of one series moves. Promises bounded time and memory, and plain values as state."""

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Learn the next period and return what of `value` was believed: less than all of it when it is a spike.

        `value` None: nothing may be learnt, and `said` stands in for it in the lags.
        """
        ...

    def path(self, slots_of_week: Sequence[int]) -> Float64s | None:
        """Return the mean of the next periods, shape (len(slots_of_week),), or None before enough was learnt."""
        ...

    def state(self, restored: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return everything kept, after taking over `restored` if it is given."""
        ...


class SeriesForecaster:
    """A `Mean` with everything around it; keeps the contract `online_models.base.Forecaster`."""

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
        self._length = max(horizon_periods, lead_periods)
        self._largest = 0.0  # units per period, of what was learnt
        self._error = 0.0
        self._errors = 0  # one-step forecasts that met their actual
        self._count = 0
        self._slots: list[int] = []  # of the path
        self._path: Float64s | None = None  # (length,) centres of the next periods, as said after the last bucket

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
        self._slots = self._following(bucket.slot_of_week, self._length)
        self._path = self._means(self._slots)
        self._residuals.say(self._path)

    def forecast(self, slots_of_week: Sequence[int]) -> Forecast | None:
        """Return the forecast of the next `len(slots_of_week)` periods, or None before enough was learnt."""
        wanted = list(slots_of_week)
        lead_periods = self._shape[2]
        if wanted == self._slots[: len(wanted)]:
            path = self._path
        else:  # the clocks change, or a longer horizon than agreed is asked for
            path = self._means(wanted + self._following(wanted[-1], max(lead_periods - len(wanted), 0)))
        if path is None or not wanted:
            return None
        centre, ceiling = path[: len(wanted)], LARGEST_TIMES * self._largest
        return Forecast(
            mean=np.minimum(centre * self._calibration.ratio, ceiling),
            quantiles=self._residuals.quantiles(centre, self._error, ceiling),
            lead_quantiles=self._residuals.lead_quantiles(path, self._error, ceiling),
            error=self._error,
            count=self._count,
        )

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes."""
        return msgspec.msgpack.encode(
            {
                "family": self.family,
                "version": STATE_VERSION,
                "shape": self._shape,
                "mean": self._mean.state(),
                "residuals": self._residuals.state(),
                "largest": self._largest,
                "error": self._error,
                "errors": self._errors,
                "count": self._count,
                "slots": self._slots,
                "calibration": (self._calibration.came, self._calibration.believed),
            }
        )

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what `state()` of an equally shaped forecaster returned, decoded."""
        self._mean.state(kept["mean"])
        self._residuals.restore(kept["residuals"])
        self._largest = float(kept["largest"])
        self._error = float(kept["error"])
        self._errors = int(kept["errors"])
        self._count = int(kept["count"])
        self._slots = list(kept["slots"])
        self._calibration.came, self._calibration.believed = kept["calibration"]
        self._path = self._means(self._slots) if self._slots else None

    def _centre(self, slot_of_week: int) -> float | None:
        if self._path is not None and self._slots[0] == slot_of_week:
            return float(self._path[0])
        path = self._means([slot_of_week])
        return None if path is None else float(path[0])

    def _remember(self, value: float, said: float | None, believed: float) -> None:
        self._count += 1
        self._largest = max(self._largest, value)
        if said is not None:
            self._calibration.learn(came=value, believed=believed, error=self._error)
            self._errors += 1
            self._error += max(ERROR_RATE, 1.0 / self._errors) * (abs(value - said) - self._error)

    def _means(self, slots_of_week: list[int]) -> Float64s | None:
        if not self._count:
            return None
        path = self._mean.path(slots_of_week)
        return None if path is None else np.clip(path, 0.0, LARGEST_TIMES * self._largest)

    def _following(self, slot_of_week: int, periods: int) -> list[int]:
        slots_per_week = self._shape[0]
        return [(slot_of_week + step) % slots_per_week for step in range(1, periods + 1)]
