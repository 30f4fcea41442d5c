"""What is compiled says bit for bit what the same file says as Python."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from online_models import (
    course,
    course_loops,
    holt_winters,
    holt_winters_loops,
    intermittent,
    intermittent_loops,
    mixture,
    mixture_loops,
    pool_naive,
    pool_smoothing,
    registry,
    smoothing_loops,
    snarimax,
    snarimax_loops,
    stuck,
    stuck_loops,
    watched,
    watched_loops,
    weekly_naive,
    weekly_naive_loops,
    yearly,
    yearly_loops,
)
from online_models.base import PoolBucket, Slot
from online_models.together import PoolMeans

FAMILIES: dict[Callable[[int, int, int], PoolMeans], tuple[ModuleType, ModuleType]] = {
    holt_winters.HoltWinters: (holt_winters, holt_winters_loops),
    intermittent.Intermittent: (intermittent, intermittent_loops),
    pool_naive.PoolNaive: (pool_naive, smoothing_loops),
    pool_smoothing.PoolSmoothing: (pool_smoothing, smoothing_loops),
    snarimax.Snarimax: (snarimax, snarimax_loops),
    registry.POOL_FORECASTERS["mixture"]: (mixture, mixture_loops),
    yearly.Yearly: (yearly, yearly_loops),
}
# What stands around a pool's means, and what watches it: the module whose functions are replaced, and whose they are.
AROUND = ((course, course_loops), (stuck, stuck_loops), (watched, watched_loops), (weekly_naive, weekly_naive_loops))


def as_python(module: ModuleType) -> ModuleType:
    """Return the module read anew from its `.py`, compiled or not."""
    path = Path(__file__).parents[2] / "online_models" / f"{module.__name__.rpartition('.')[2]}.py"
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_as_python", path)
    assert spec is not None
    assert spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    return plain


@pytest.mark.parametrize("make", FAMILIES)
def test_compiled_loops_say_what_python_says(
    make: Callable[[int, int, int], PoolMeans], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of five weeks with gaps, spikes, a quiet series and a covariate: means and states are equal."""
    family, loops = FAMILIES[make]
    rng = np.random.default_rng(8)
    values = rng.poisson(np.resize([0.0, 0.2, 5.0, 40.0], (900, 4))).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[700] *= 30.0
    plain, found = as_python(loops), []
    for source in (loops, plain):
        for function in vars(plain):
            if hasattr(family, function) and getattr(plain, function).__class__.__name__ == "function":
                monkeypatch.setattr(family, function, getattr(source, function))
        model, said = make(4, 168, 24), []
        for hour, row in enumerate(values):
            model.learn(Slot(hour % 168, hour // 2 % 366), row.copy(), (("kelvin", 280.0 + hour % 11),))
            if hour % 50 == 49:
                said.append(
                    model.paths(
                        [Slot((hour + step) % 168, (hour + step) // 2 % 366) for step in range(1, 25)]
                    ).tobytes()
                )
        found.append((said, model.state()))

    assert found[0] == found[1]


@pytest.mark.parametrize("place", range(len(AROUND)))
def test_what_stands_around_the_means_is_compiled_alike(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watched pool of days with gaps, spikes, stock-outs and a stuck sensor: forecasts and states are equal."""
    user, loops = AROUND[place]
    rng = np.random.default_rng(9)
    values = rng.poisson([0.3, 5.0, 40.0], (400, 3)).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[250] *= 30.0
    values[300:310, 2] = 41.0
    censored, plain, found = rng.random(values.shape) < 0.1, as_python(loops), []
    for source in (loops, plain):
        for function in vars(plain):
            if hasattr(user, function) and getattr(plain, function).__class__.__name__ == "function":
                monkeypatch.setattr(user, function, getattr(source, function))
        pool, said = registry.create_pool("holt-winters", slots_per_week=7, horizon_periods=7, lead_periods=[2] * 3), []
        for day, row in enumerate(values):
            pool.learn(PoolBucket(day * 86_400.0, Slot(day % 7), row.copy(), censored[day]))
            forecasts = pool.forecast([Slot((day + step) % 7) for step in range(1, 8)])
            said += [one and (one.mean.tobytes(), one.quantiles.tobytes(), one.error) for one in forecasts]
        found.append((said, pool.state()))

    assert found[0] == found[1]
