"""A model of the mean in, a whole forecaster out: bounds, missing and censored buckets, quantiles, error and state.

Every family says only how the mean moves (`Mean`); what all families promise is kept here once.
"""

import functools
import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from online_models.base import Bucket, Covariates, Forecast
from online_models.calibration import Calibration
from online_models.quantiles import ResidualQuantiles, quantiles_together
from online_models.unconstrained import unconstrained

LARGEST_TIMES = 3.0  # no forecast lies above this many times the largest demand learnt
ERROR_RATE = 0.03  # of the discounted mean absolute error: about the last 30 buckets
VALUE_MAX = 1e12  # units per period: beyond anything that is counted, far within single precision
STATE_VERSION = 5  # raise it when the layout changes, and lead the older states to it in `upgrade.py`


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
        "_errors",
        "_largest",
        "_mean",
        "_path",
        "_restored",
        "_shape",
        "_slot_of_week",
        "calibration",
        "count",
        "error",
        "family",
        "residuals",
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
        self._shape = _shared((slots_per_week, horizon_periods, lead_periods))
        self._mean = mean(slots_per_week)
        self.calibration = Calibration(max(slots_per_week // 7, 1))
        self.residuals = ResidualQuantiles(horizon_periods, lead_periods)
        self._largest = 0.0  # units per period, of what was learnt
        self.error = 0.0
        self._errors = 0  # one-step forecasts that met their actual
        self.count = 0
        self._slot_of_week: int | None = None  # of the last bucket
        self._restored = False  # and the path not yet computed again: nobody may ask for it before the next bucket
        self._path: array[float] | None = (
            None  # centres of the next periods, horizon or lead, as said after that bucket
        )

    def learn(self, bucket: Bucket) -> None:
        """Learn from the next bucket of the series; buckets come in order, missing ones included."""
        self.take(bucket)
        self.say()

    def take(self, bucket: Bucket) -> None:
        """Do the first half of `learn`; whoever learns many series together lets them say something afterwards."""
        centre = self._centre(bucket.slot_of_week)
        said = None if centre is None else centre * self.calibration.ratio
        value = bucket.value if bucket.value is not None and math.isfinite(bucket.value) else None
        if value is not None:
            value = min(max(value, 0.0), VALUE_MAX)
        heard = value or 0.0
        if bucket.censored and value is not None and said is not None:
            value = min(unconstrained(value, said, self.error, self.count), max(self.ceiling, value))
        self.residuals.learn(value, censored=bucket.censored and said is None)
        believed = self._mean.learn(bucket.slot_of_week, value, centre, bucket.covariates)
        if value is not None:
            self._remember(value, said, believed, heard)
        self._slot_of_week = bucket.slot_of_week

    def say(self) -> None:
        """Do the second half of `learn`: forecast, and remember what was said until its actual comes."""
        self.residuals.say(self._look_ahead())

    def forecast(self, slots_of_week: Sequence[int]) -> Forecast | None:
        """Return the forecast of the next `len(slots_of_week)` periods, or None before enough was learnt."""
        wanted = tuple(slots_of_week)
        path = self.path(wanted)
        if path is None or not wanted:
            return None
        means = np.frombuffer(path)[: len(wanted)] * self.calibration.ratio
        np.minimum(means, self.ceiling, out=means)
        bands = self.residuals.quantiles(path, len(wanted), self.error, self.ceiling)
        return Forecast(means, bands[:-1], bands[-1], self.error, self.count)

    def state(self) -> bytes:
        """Return the whole state as msgpack bytes."""
        return _ENCODER.encode(
            {
                "family": self.family,
                "version": STATE_VERSION,
                "shape": self._shape,
                "mean": self._mean.state(),
                "residuals": self.residuals.state(),
                "course": (self._largest, self.error, self._errors, self.count, self._slot_of_week),
                "calibration": (self.calibration.came, self.calibration.believed),
            }
        )

    def restore(self, kept: dict[str, Any]) -> None:
        """Take over what `state()` of an equally shaped forecaster returned, decoded."""
        self._mean.restore(kept["mean"])
        self.residuals.restore(kept["residuals"])
        self._largest, self.error, self._errors, self.count, self._slot_of_week = kept["course"]
        self.calibration.came, self.calibration.believed = kept["calibration"]
        self._restored = True

    def _centre(self, slot_of_week: int) -> float | None:
        if self._restored:
            self._look_ahead()
        if self._path is not None and slot_of_week == self._ahead()[0]:
            return self._path[0]
        path = self._means((slot_of_week,))
        return None if path is None else path[0]

    def _remember(self, value: float, said: float | None, believed: float, heard: float) -> None:
        self.count += 1
        self._largest = max(self._largest, heard)
        if said is not None:
            self.calibration.learn(came=value, believed=believed, error=self.error)
            self._errors += 1
            self.error += max(ERROR_RATE, 1.0 / self._errors) * (abs(value - said) - self.error)

    def _look_ahead(self) -> list[float] | None:
        """Compute the path anew, keep it and return it."""
        path = self._means(self._ahead())
        self._path = None if path is None else array("d", path)
        self._restored = False
        return path

    def _means(self, slots_of_week: Sequence[int]) -> list[float] | None:
        path = self._mean.path(slots_of_week) if self.count else None
        ceiling = self.ceiling
        if path is not None and (min(path) < 0.0 or max(path) > ceiling):
            return [min(max(value, 0.0), ceiling) for value in path]
        return path

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return slots of the week, periods of the horizon and of the lead."""
        return self._shape

    @property
    def ceiling(self) -> float:
        """Return what no forecast of one period may exceed, units."""
        return LARGEST_TIMES * self._largest

    def path(self, slots_of_week: tuple[int, ...]) -> "array[float] | None":
        """Return the centres of the next periods, `slots_of_week` or as far as the lead, or None before they are known.

        Slots other than the expected ones: the clocks change, or a longer horizon than agreed is asked for.
        """
        if self._restored:
            self._look_ahead()
        if slots_of_week == self._ahead()[: len(slots_of_week)]:
            return self._path
        slots_per_week, _, lead_periods = self._shape
        rest = _following(slots_of_week[-1], max(lead_periods - len(slots_of_week), 0), slots_per_week)
        path = self._means(slots_of_week + rest)
        return None if path is None else array("d", path)

    def _ahead(self) -> tuple[int, ...]:
        """Return the slots of the week of the path; none before the first bucket."""
        slots_per_week, horizon_periods, lead_periods = self._shape
        if self._slot_of_week is None:
            return ()
        return _following(self._slot_of_week, max(horizon_periods, lead_periods), slots_per_week)


def forecasts(forecasters: Sequence[SeriesForecaster], slots_of_week: Sequence[int]) -> list[Forecast | None]:
    """Return what each forecaster's `forecast` would, bit for bit, in a fraction of the time for a pool of many."""
    wanted = tuple(slots_of_week)
    found: list[Forecast | None] = [None] * len(forecasters)
    groups: dict[tuple[Any, ...], list[tuple[int, SeriesForecaster, array[float]]]] = {}
    for place, one in enumerate(forecasters):
        path = one.path(wanted)
        if path is not None and wanted:
            alike = one.residuals.plan, one.residuals.kept, len(path)
            groups.setdefault(alike, []).append((place, one, path))
    for group in groups.values():
        if len(group) == 1:
            place, one, _ = group[0]
            found[place] = one.forecast(wanted)
            continue
        for (place, _, _), forecast in zip(group, _together(group, len(wanted)), strict=True):
            found[place] = forecast
    return found


def _together(group: Sequence[tuple[int, SeriesForecaster, "array[float]"]], periods: int) -> Iterator[Forecast]:
    series = [one for _, one, _ in group]
    paths = np.frombuffer(b"".join([path for _, _, path in group])).reshape(len(group), -1)
    ceilings, errors, ratios = np.array([(one.ceiling, one.error, one.calibration.ratio) for one in series]).T
    bands = quantiles_together([one.residuals for one in series], paths, periods, errors, ceilings)
    means = paths[:, :periods] * ratios[:, None]
    np.minimum(means, ceilings[:, None], out=means)
    for row, one in enumerate(series):
        yield Forecast(means[row], bands[row, :-1], bands[row, -1], one.error, one.count)


@functools.lru_cache(maxsize=4096)
def _following(slot_of_week: int, periods: int, slots_per_week: int) -> tuple[int, ...]:
    """Return the slots of the week of the next periods after one of `slot_of_week`, the same object to every series."""
    return tuple((slot_of_week + step) % slots_per_week for step in range(1, periods + 1))


@functools.lru_cache(maxsize=256)
def _shared(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    return shape
