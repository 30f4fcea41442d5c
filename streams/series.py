"""One resource of a pool: its ledger and what is forecast of it. A closed bucket in, what readers get of it out."""

from collections.abc import Sequence
from math import dist, sqrt
from typing import Any

import msgspec
import numpy as np

from online_models.base import QUANTILE_LEVELS, Forecast
from streams.events import SeriesForecast, SeriesView, encode
from streams.ledger import Ledger

RECENT_BUCKETS_MAX = 28  # what the baseline's mean and deviation are taken over
DECIMALS = 6  # of forecasts on the wire, units: no decision depends on less, and a view is half as long

_DECODE = msgspec.json.Decoder(SeriesForecast).decode


class SeriesState(msgspec.Struct):
    """Everything a `Series` is, as plain values."""

    ledger: Ledger
    recent: list[float]
    last_value: float | None
    last_said: float | None
    forecast: bytes | None  # JSON of the newest `SeriesForecast`


class Series:
    """The live state of one resource."""

    __slots__ = (
        "_forecast",
        "_last_said",
        "_last_value",
        "_moments",
        "_recent",
        "ledger",
        "next_said",
    )

    def __init__(self, state: SeriesState) -> None:
        self.ledger = state.ledger
        self.next_said: tuple[float, tuple[float, ...]] | None = None  # mean and quantiles of the open bucket
        self._recent = state.recent
        self._moments = _moments(state.recent)
        self._last_value = state.last_value
        self._last_said = state.last_said
        self._forecast = state.forecast  # as JSON: a third of the memory of its numbers, and written more than once
        if state.forecast is not None:
            said = _DECODE(state.forecast)
            self.next_said = said.mean[0], said.quantiles[0]

    @classmethod
    def new(cls) -> "Series":
        """Return a series that has seen nothing."""
        return cls(SeriesState(Ledger(), [], None, None, None))

    def state(self) -> SeriesState:
        """Return everything as plain values."""
        return SeriesState(self.ledger, self._recent, self._last_value, self._last_said, self._forecast)

    def close(self, value: float | None) -> None:
        """Take in the demand of a closed bucket, None when it is missing; `say` follows."""
        self._last_value = value
        self._last_said = self.next_said[0] if self.next_said else None
        if value is not None:
            self._recent = [*self._recent[-(RECENT_BUCKETS_MAX - 1) :], value]
            self._moments = _moments(self._recent)

    def say(self, said: SeriesForecast | None) -> None:
        """Keep what is forecast after the last bucket."""
        if said is None:
            self._forecast = self.next_said = None
            return
        self._forecast = encode(said)
        self.next_said = said.mean[0], tuple(said.quantiles[0])

    def said(self) -> Any:
        """Return the newest forecast as it is written, JSON already, where readers get a `SeriesForecast` or None."""
        return None if self._forecast is None else msgspec.Raw(self._forecast)

    def view(self, resource_id: str) -> SeriesView:
        """Return the series as it is written to readers: its forecast is JSON already (`PoolView` reads it back)."""
        mean, deviation = self._moments
        return SeriesView(
            resource_id=resource_id,
            on_hand_units=self.ledger.on_hand_units,
            on_order=tuple(self.ledger.on_order.values()),
            last_value=self._last_value,
            last_forecast=self._last_said,
            recent_mean=mean,
            recent_std=deviation,
            forecast=self.said(),
        )


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and population standard deviation; zeros of nothing."""
    if not values:
        return 0.0, 0.0
    mean = sum(values) / len(values)
    return mean, dist(values, [mean] * len(values)) / sqrt(len(values))


def say_all(
    series: Sequence[Series],
    forecasts: Sequence[Forecast | None],
    models: Sequence[str],
    *,
    version: str,
    as_of_s: float,
    expires_at_s: float,
) -> None:
    """Let each of a pool's series keep its forecast. Rounded all at once: NumPy takes a microsecond a call.

    Its numbers stay lists: as it is only written, tuples of them would be made for nothing.
    """
    made = [one for one in forecasts if one is not None]
    arrays = [(one.mean, one.quantiles, one.lead_quantiles) for one in made]
    numbers = zip(*[np.array(alike).round(DECIMALS) for alike in zip(*arrays, strict=True)], strict=True)
    for one, forecast, model in zip(series, forecasts, models, strict=True):
        if forecast is None:
            one.say(None)
            continue
        mean, quantiles, lead_quantiles = [one.tolist() for one in next(numbers)]
        assert len(lead_quantiles) == len(QUANTILE_LEVELS)
        said = SeriesForecast(
            model=model,
            version=version,
            as_of_s=as_of_s,
            expires_at_s=expires_at_s,
            error=round(forecast.error, DECIMALS),
            buckets_learnt=forecast.count,
            mean=mean,
            quantiles=quantiles,
            lead_quantiles=lead_quantiles,
        )
        one.say(said)
