"""One resource of a pool: its ledger and its forecaster. A closed bucket in, what was said and is said now out."""

from collections.abc import Sequence
from math import sqrt

import msgspec

from online_models import registry
from online_models.base import QUANTILE_LEVELS, Bucket, Forecast, Forecaster
from online_models.forecaster import STATE_VERSION
from streams.catalog import PoolSpec, ResourceSpec
from streams.events import SeriesForecast, SeriesView
from streams.ledger import Ledger

RECENT_BUCKETS_MAX = 28  # what the baseline's mean and deviation are taken over
SLOTS_PER_WEEK = {"quarter": 672, "hour": 168, "day": 7}


class SeriesState(msgspec.Struct):
    """Everything a `Series` is, as plain values."""

    ledger: Ledger
    model: str
    model_state: bytes
    recent: list[float]
    last_value: float | None
    last_said: float | None
    forecast: SeriesForecast | None


class Series:
    """The live state of one resource."""

    def __init__(self, state: SeriesState, forecaster: Forecaster) -> None:
        self.ledger = state.ledger
        self.recent = state.recent
        self.last_value = state.last_value
        self.last_said = state.last_said
        self.forecast = state.forecast
        self.model = state.model
        self._forecaster = forecaster

    @classmethod
    def new(cls, spec: PoolSpec, resource: ResourceSpec) -> "Series":
        """Return a series that has seen nothing."""
        return cls(SeriesState(Ledger(), spec.forecast, b"", [], None, None, None), _forecaster(spec, resource))

    @classmethod
    def restore(cls, state: SeriesState) -> "Series":
        """Return the series that `state()` was taken of."""
        return cls(state, registry.restore(state.model, state.model_state))

    def state(self) -> SeriesState:
        """Return everything as plain values; the forecaster as its own bytes."""
        return SeriesState(
            self.ledger,
            self.model,
            self._forecaster.state(),
            self.recent,
            self.last_value,
            self.last_said,
            self.forecast,
        )

    def change_model(self, spec: PoolSpec, resource: ResourceSpec) -> None:
        """Start the forecaster that `spec` names now; the ledger stays."""
        self.model = spec.forecast
        self._forecaster = _forecaster(spec, resource)
        self.forecast = None

    def learn(self, bucket: Bucket, slots_ahead: Sequence[int], *, as_of_s: float, expires_at_s: float) -> None:
        """Learn a closed bucket and forecast the periods of `slots_ahead`."""
        self.last_value = bucket.value
        self.last_said = self.forecast.mean[0] if self.forecast else None
        self._forecaster.learn(bucket)
        if bucket.value is not None:
            self.recent = [*self.recent[-(RECENT_BUCKETS_MAX - 1) :], bucket.value]
        said = self._forecaster.forecast(slots_ahead)
        self.forecast = None if said is None else _wire(said, self.model, as_of_s, expires_at_s)

    def view(self, resource_id: str) -> SeriesView:
        """Return the series as readers get it."""
        mean, deviation = _moments(self.recent)
        return SeriesView(
            resource_id=resource_id,
            on_hand_units=self.ledger.on_hand_units,
            on_order=tuple(self.ledger.on_order.values()),
            last_value=self.last_value,
            last_forecast=self.last_said,
            recent_mean=mean,
            recent_std=deviation,
            forecast=self.forecast,
        )


def _moments(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and population standard deviation; zeros of nothing."""
    if not values:
        return 0.0, 0.0
    mean = sum(values) / len(values)
    return mean, sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _forecaster(spec: PoolSpec, resource: ResourceSpec) -> Forecaster:
    return registry.create(
        spec.forecast,
        slots_per_week=SLOTS_PER_WEEK[spec.period],
        horizon_periods=spec.horizon_periods,
        lead_periods=min(resource.lead_time_periods + 1, spec.horizon_periods),
    )


def _wire(said: Forecast, model: str, as_of_s: float, expires_at_s: float) -> SeriesForecast:
    assert said.quantiles.shape[1] == len(QUANTILE_LEVELS)
    return SeriesForecast(
        model=model,
        version=str(STATE_VERSION),
        as_of_s=as_of_s,
        expires_at_s=expires_at_s,
        error=said.error,
        buckets_learnt=said.count,
        mean=tuple(said.mean.tolist()),
        quantiles=tuple(tuple(row) for row in said.quantiles.tolist()),
        lead_quantiles=tuple(said.lead_quantiles.tolist()),
    )
