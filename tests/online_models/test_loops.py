"""What is compiled says bit for bit what the same file says as Python."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from online_models import (
    holt_winters,
    holt_winters_loops,
    intermittent,
    intermittent_loops,
    pool_naive,
    pool_smoothing,
    smoothing_loops,
    snarimax,
    snarimax_loops,
)
from online_models.base import Slot
from online_models.together import PoolMeans

FAMILIES: dict[Callable[[int, int, int], PoolMeans], tuple[ModuleType, ModuleType]] = {
    holt_winters.HoltWinters: (holt_winters, holt_winters_loops),
    intermittent.Intermittent: (intermittent, intermittent_loops),
    pool_naive.PoolNaive: (pool_naive, smoothing_loops),
    pool_smoothing.PoolSmoothing: (pool_smoothing, smoothing_loops),
    snarimax.Snarimax: (snarimax, snarimax_loops),
}


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
            model.learn(Slot(hour % 168), row.copy(), (("kelvin", 280.0 + hour % 11),))
            if hour % 50 == 49:
                said.append(model.paths([Slot((hour + step) % 168) for step in range(1, 25)]).tobytes())
        found.append((said, model.state()))

    assert found[0] == found[1]
