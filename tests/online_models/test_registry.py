"""Names and states that are none get one clear message."""

import msgspec
import pytest
from msgspec.structs import replace

from online_models import checks, registry
from online_models.base import Bucket, Forecast
from online_models.forecaster import SeriesForecaster, forecasts
from online_models.river_linear import RiverLinear

SHAPE = {"slots_per_week": 7, "horizon_periods": 8, "lead_periods": 3}


def test_names_are_in_alphabetical_order() -> None:
    """So that a new line has one place."""
    assert list(registry.FORECASTERS) == sorted(registry.FORECASTERS)


def test_an_unknown_name_lists_the_known_ones() -> None:
    """The message says what can be asked for."""
    with pytest.raises(ValueError, match=r"no forecaster 'oracle'; known: river-linear, seasonal-naive, smoothing"):
        registry.create("oracle", **SHAPE)


def test_an_empty_shape_is_refused() -> None:
    """A horizon of nothing is a mistake of the caller."""
    with pytest.raises(ValueError, match="at least 1"):
        registry.create("smoothing", slots_per_week=7, horizon_periods=0, lead_periods=1)


@pytest.mark.parametrize("state", [b"", b"\x80", b"\xc0", b"nonsense", msgspec.msgpack.encode({"version": 1})])
def test_what_is_no_state_is_refused(state: bytes) -> None:
    """Foreign bytes are named as such."""
    with pytest.raises(ValueError, match="no forecaster's state"):
        registry.restore("smoothing", state)


def test_the_state_of_another_family_is_refused() -> None:
    """A state belongs to the family that wrote it."""
    state = registry.create("smoothing", **SHAPE).state()

    with pytest.raises(ValueError, match=r"a state of 'smoothing' version .*; wanted 'river-linear'"):
        registry.restore("river-linear", state)


def test_the_clocks_may_change() -> None:
    """Slots other than the expected ones, and more or fewer of them, are forecast all the same."""
    forecaster = registry.create("river-linear", slots_per_week=168, horizon_periods=24, lead_periods=5)
    for place in range(400):
        forecaster.learn(Bucket(place * 3600.0, place % 168, float(place % 24)))
    expected = forecaster.forecast([(400 + step) % 168 for step in range(24)])
    skipped = forecaster.forecast([(401 + step) % 168 for step in range(24)])
    assert expected is not None
    assert skipped is not None

    assert skipped.mean[:10] == pytest.approx(expected.mean[1:11], abs=3.0)
    for length in (1, 3, 30):
        forecast = forecaster.forecast([(400 + step) % 168 for step in range(length)])
        assert forecast is not None
        assert forecast.quantiles.shape == (length, 9)
        assert forecast.lead_quantiles.tolist() == expected.lead_quantiles.tolist()
    assert forecaster.forecast([]) is None


def test_forecast_together_they_say_what_each_says_alone() -> None:
    """Series of one age, younger and empty ones, of the usual slots and of others: the same bit for bit."""
    group = [SeriesForecaster("river-linear", RiverLinear, **SHAPE) for _ in range(5)]
    for place, bucket in enumerate(checks.buckets(checks.demand(150))):
        for started, forecaster in zip((0, 0, 0, 90, 200), group, strict=True):
            if place >= started:
                forecaster.learn(replace(bucket, value=(bucket.value or 0.0) * (1 + started)))
        for slots in (checks.slots_after(place), checks.slots_after(place + 1), checks.slots_after(place)[:2], []):
            assert _said(forecasts(group, slots)) == _said([one.forecast(slots) for one in group])


def _said(forecasts: list[Forecast | None]) -> list[tuple[bytes | float, ...] | None]:
    return [
        None
        if one is None
        else (one.mean.tobytes(), one.quantiles.tobytes(), one.lead_quantiles.tobytes(), one.error, one.count)
        for one in forecasts
    ]
