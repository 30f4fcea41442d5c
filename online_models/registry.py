"""A name in, a forecaster out. A new family is one file and one line here, in alphabetical order."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from online_models import weekly_naive
from online_models.base import PoolForecaster
from online_models.forecaster import STATE_VERSION, Mean, SeriesForecaster
from online_models.holt_winters import HoltWinters
from online_models.intermittent import Intermittent
from online_models.mixture import Mixture
from online_models.pool_naive import PoolNaive
from online_models.pool_river import PoolRiver
from online_models.pool_smoothing import PoolSmoothing
from online_models.river_linear import RiverLinear
from online_models.season_regression import SeasonRegression
from online_models.seasonal_naive import SeasonalNaive
from online_models.separate import Separate, states
from online_models.smoothing import Smoothing
from online_models.snarimax import Snarimax
from online_models.together import PoolMeans, Together
from online_models.upgrade import upgraded
from online_models.watched import Watched, parts
from online_models.weekly_naive import WeeklyNaive
from online_models.yearly import Yearly

FORECASTERS: dict[str, Callable[[int], Mean]] = {
    "river-linear": RiverLinear,
    "seasonal-naive": SeasonalNaive,
    "smoothing": Smoothing,
}


def _mixture(series: int, slots_per_week: int, horizon_periods: int) -> Mixture:
    """Return the models that the default weighs for each series, in this order."""
    experts = (
        SeasonRegression(series, slots_per_week, horizon_periods),
        PoolRiver(series, slots_per_week, horizon_periods),
        PoolSmoothing(series, slots_per_week, horizon_periods),
        HoltWinters(series, slots_per_week, horizon_periods),
        Intermittent(series, slots_per_week, horizon_periods),
        PoolNaive(series, slots_per_week, horizon_periods),
        Yearly(series, slots_per_week, horizon_periods),
        Snarimax(series, slots_per_week, horizon_periods),
    )
    return Mixture(experts, series, slots_per_week, horizon_periods)


POOL_FORECASTERS: dict[str, Callable[[int, int, int], PoolMeans]] = {
    "holt-winters": HoltWinters,
    "intermittent": Intermittent,
    "mixture": _mixture,
    "season-regression": SeasonRegression,
    "snarimax": Snarimax,
}

FIRST_OF_POOLS = 4  # version of states of whole pools that can be gone on with
SIMPLE = weekly_naive.FAMILY  # what every other one is watched by
DEFAULT = "mixture"
FAMILIES = tuple(sorted([*FORECASTERS, *POOL_FORECASTERS]))


def create(name: str, *, slots_per_week: int, horizon_periods: int, lead_periods: int) -> SeriesForecaster:
    """Return a new forecaster of the family `name`; raise ValueError naming the known ones.

    `lead_periods` is how many periods `Forecast.lead_quantiles` covers: lead time + 1.

    >>> create("river-linear", slots_per_week=7, horizon_periods=8, lead_periods=3).forecast([0, 1]) is None
    True
    """
    if name not in FORECASTERS:
        raise ValueError(f"no forecaster {name!r}; known: {', '.join(FORECASTERS)}")
    if min(slots_per_week, horizon_periods, lead_periods) < 1:
        raise ValueError("slots_per_week, horizon_periods and lead_periods have to be at least 1")
    return _made(name, slots_per_week, horizon_periods, lead_periods)


def restore(name: str, state: bytes) -> SeriesForecaster:
    """Return the forecaster of the family `name` whose `state()` this was; raise ValueError when it is none."""
    try:
        kept: dict[str, Any] = msgspec.msgpack.decode(state)
        version = kept["version"]
        slots_per_week, horizon_periods, lead_periods = kept["shape"]
        family = kept["family"]
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"these {len(state)} bytes are no forecaster's state: {error}") from error
    if version > STATE_VERSION or family != name:
        raise ValueError(f"a state of {family!r} version {version}; wanted {name!r} version {STATE_VERSION} or older")
    if version != STATE_VERSION:
        kept = upgraded(kept, STATE_VERSION)
    forecaster = _made(name, slots_per_week, horizon_periods, lead_periods)
    forecaster.restore(kept)
    return forecaster


def create_pool(name: str, *, slots_per_week: int, horizon_periods: int, lead_periods: Sequence[int]) -> PoolForecaster:
    """Return a new forecaster of a pool with `len(lead_periods)` series; raise ValueError naming the known families.

    What learns is watched by `SIMPLE`, which serves the series of which it says the better.
    """
    if name not in FAMILIES:
        raise ValueError(f"no forecaster {name!r}; known: {', '.join(FAMILIES)}")
    shape = (slots_per_week, horizon_periods, tuple(lead_periods))
    if name == SIMPLE:
        return WeeklyNaive(*shape)
    learned = _together(name, *shape) if name in POOL_FORECASTERS else _apart(name, *shape)
    return _watched(learned, WeeklyNaive(*shape), len(lead_periods), shape[:2])


def restore_pool(name: str, state: bytes) -> PoolForecaster:
    """Return the forecaster of a pool whose `state()` this was; raise ValueError when it is none."""
    try:
        if name == SIMPLE:
            return WeeklyNaive.restored(_checked(SIMPLE, state))
        shape, *models, kept = parts(state)
        make = _restored_together if name in POOL_FORECASTERS else _restored_apart
        learned, simple = make(name, models[0]), WeeklyNaive.restored(_checked(SIMPLE, models[1]))
        watched = _watched(learned, simple, simple.series, shape)
        watched.restore(kept)
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise ValueError(f"these {len(state)} bytes are no forecaster's state: {error}") from error
    return watched


def joined_pool(name: str, states: Sequence[bytes]) -> bytes:
    """Return the state of a pool whose series' own `states` these were; raise ValueError when one is none.

    Of families that know one series. What watches them begins anew.
    """
    series = [restore(name, state) for state in states]
    slots_per_week, horizon_periods, _ = series[0].shape
    simple = WeeklyNaive(slots_per_week, horizon_periods, [one.shape[2] for one in series])
    if name == SIMPLE:
        return simple.state()
    return _watched(Separate(series), simple, len(series), series[0].shape[:2]).state()


def series_states(state: bytes) -> list[bytes]:
    """Return the states of the series that a pool of a family that knows one series keeps, watched or not.

    Raise msgspec.DecodeError when it is none.
    """
    try:
        return states(state)
    except msgspec.ValidationError:
        return states(parts(state)[1])


def _watched(learned: PoolForecaster, simple: WeeklyNaive, series: int, shape: tuple[int, int]) -> Watched:
    slots_per_week, horizon_periods = shape
    return Watched(learned, simple, series, slots_per_week=slots_per_week, horizon_periods=horizon_periods)


def _apart(name: str, slots_per_week: int, horizon_periods: int, lead_periods: Sequence[int]) -> Separate:
    return Separate([_made(name, slots_per_week, horizon_periods, lead) for lead in lead_periods])


def _restored_apart(name: str, state: bytes) -> Separate:
    return Separate([restore(name, one) for one in states(state)])


def _checked(name: str, state: bytes) -> dict[str, Any]:
    """Return the decoded state of a family that knows a pool, in today's version; raise ValueError for another."""
    kept: dict[str, Any] = msgspec.msgpack.decode(state)
    if kept["family"] != name or kept["version"] > STATE_VERSION or kept["version"] < FIRST_OF_POOLS:
        raise ValueError(f"a state of {kept['family']!r} {kept['version']}; wanted {name!r} {STATE_VERSION}")
    return kept if kept["version"] == STATE_VERSION else upgraded(kept, STATE_VERSION)


def _restored_together(name: str, state: bytes) -> Together:
    kept = _checked(name, state)
    forecaster = _together(name, *kept["shape"])
    forecaster.restore(kept)
    return forecaster


def _together(name: str, slots_per_week: int, horizon_periods: int, lead_periods: Sequence[int]) -> Together:
    return Together(
        name,
        POOL_FORECASTERS[name],
        slots_per_week=slots_per_week,
        horizon_periods=horizon_periods,
        lead_periods=lead_periods,
    )


def _made(name: str, slots_per_week: int, horizon_periods: int, lead_periods: int) -> SeriesForecaster:
    return SeriesForecaster(
        name,
        FORECASTERS[name],
        slots_per_week=slots_per_week,
        horizon_periods=horizon_periods,
        lead_periods=lead_periods,
    )
