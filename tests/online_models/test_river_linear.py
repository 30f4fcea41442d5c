"""The quick recursion is River's own, step by step; and sub-daily series keep the contract."""

import numpy as np
import pytest

from online_models import checks, registry
from online_models.base import Bucket
from online_models.river_linear import COVARIATES_MAX, RiverLinear


def _taught(slots_per_week: int, periods: int, *, spike: float = 0.0) -> RiverLinear:
    """Return a model of demand that carries over; the last period's is higher by `spike`."""
    rng = np.random.default_rng(3)
    shape = 50 + 40 * np.sin(np.arange(slots_per_week) * 2 * np.pi * 7 / slots_per_week)
    model = RiverLinear(slots_per_week)
    noise = 0.0
    for place in range(periods):
        noise = 0.8 * noise + float(rng.normal(0, 4))
        value = max(float(shape[place % slots_per_week] + noise), 0.0) + spike * (place == periods - 1)
        model.learn(place % slots_per_week, value, None, (("rain", float(rng.normal())),))
    return model


@pytest.mark.parametrize("spike", [0.0, 1000.0])
@pytest.mark.parametrize(
    ("slots_per_week", "periods"), [(7, 121), (168, 28), (168, 30), (168, 604), (672, 100), (672, 2116)]
)
def test_the_path_is_what_river_predicts_step_by_step(slots_per_week: int, periods: int, spike: float) -> None:
    """Features rebuilt and River asked at every step, its answer put into the lags: the same means to 1e-12.

    Beyond the bounds of features too: young models have not seen such hours as lie ahead, none has seen such a spike.
    """
    model = _taught(slots_per_week, periods, spike=spike)
    slots = [(periods + step) % slots_per_week for step in range(12)]
    path = model.path(slots)
    assert path is not None

    scale = model._unit()
    ring = [miss / scale for miss in model._misses]
    now = model._periods
    for step, slot in enumerate(slots):
        base = model._season.at(slot) * model._season.ratio
        features = {
            "base": base / scale,
            "profile": model._season.at(slot) / scale,
            "level": model._season.demand / scale,
        }
        features |= {f"miss_{lag}": ring[(now + step - lag) % slots_per_week] for lag, _ in model._lags if lag <= now}
        features |= (model._covariates or {}) if step == 0 else {}
        correction = model._linear.predict(features)
        ring[(now + step) % slots_per_week] = correction

        assert path[step] == pytest.approx(base + scale * correction, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("slots_per_week", [7, 168])
def test_a_short_path_is_the_beginning_of_a_long_one(slots_per_week: int) -> None:
    """However few periods are asked for, and whichever lags reach beyond them, the first ones are the same."""
    periods = 3 * slots_per_week + 100
    model = _taught(slots_per_week, periods)
    slots = [(periods + step) % slots_per_week for step in range(200)]
    longest = model.path(slots)
    assert longest is not None

    for length in (1, 2, 3, 24, 30, 170):
        assert model.path(slots[:length]) == pytest.approx(longest[:length], rel=1e-12, abs=1e-12)


def test_a_series_that_carries_over_is_forecast_better_than_by_smoothing() -> None:
    """Where today's surprise lasts into tomorrow, the one-step error falls below smoothing's."""
    errors = {}
    for name in ("river-linear", "smoothing"):
        forecaster = registry.create(name, slots_per_week=168, horizon_periods=4, lead_periods=1)
        noise = 0.0
        rng = np.random.default_rng(5)
        for place in range(168 * 12):
            noise = 0.9 * noise + float(rng.normal(0, 10))
            forecaster.learn(Bucket(place * 3600.0, place % 168, max(300.0 + noise, 0.0)))
        forecast = forecaster.forecast([0])
        assert forecast is not None
        errors[name] = forecast.error

    assert errors["river-linear"] < 0.8 * errors["smoothing"]


def test_covariates_are_bounded_by_first_come() -> None:
    """The ninth name is left out for good; the first eight stay."""
    model = RiverLinear(7)
    names = [f"name-{number}" for number in range(20)]
    for place in range(60):
        model.learn(place % 7, 5.0 + place % 3, None, tuple((name, float(place % 4)) for name in names))

    kept = [name for name in model._linear.names if name.startswith("x:")]
    assert kept == [f"x:name-{number}" for number in range(COVARIATES_MAX)]


@pytest.mark.parametrize(("slots_per_week", "size_max"), [(7, 6500), (168, 8000), (672, 14_000)])
def test_the_state_is_small(slots_per_week: int, size_max: int) -> None:
    """A snapshot of a series takes a few kilobytes."""
    forecaster = registry.create("river-linear", slots_per_week=slots_per_week, horizon_periods=8, lead_periods=4)
    for place, value in enumerate(checks.demand(1400)):
        forecaster.learn(Bucket(place * 900.0, place % slots_per_week, value))

    assert len(forecaster.state()) < size_max
