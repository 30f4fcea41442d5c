"""What is compiled says bit for bit what the same file says as Python."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from online_models import intermittent, intermittent_loops, registry
from online_models.base import Slot

FAMILIES = {"intermittent": (intermittent, intermittent_loops)}


def as_python(module: ModuleType) -> ModuleType:
    """Return the module read anew from its `.py`, compiled or not."""
    path = Path(__file__).parents[2] / "online_models" / f"{module.__name__.rpartition('.')[2]}.py"
    spec = importlib.util.spec_from_file_location(f"{module.__name__}_as_python", path)
    assert spec is not None
    assert spec.loader is not None
    plain = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plain)
    return plain


@pytest.mark.parametrize("name", FAMILIES)
def test_compiled_loops_say_what_python_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of five weeks with gaps, spikes, a quiet series and a covariate: means and states are equal."""
    family, loops = FAMILIES[name]
    rng = np.random.default_rng(8)
    values = rng.poisson(np.resize([0.0, 0.2, 5.0, 40.0], (900, 4))).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[700] *= 30.0
    plain, found = as_python(loops), []
    for source in (loops, plain):
        for function in vars(plain):
            if hasattr(family, function) and getattr(plain, function).__class__.__name__ == "function":
                monkeypatch.setattr(family, function, getattr(source, function))
        model, said = registry.POOL_FORECASTERS[name](4, 168, 24), []
        for hour, row in enumerate(values):
            model.learn(Slot(hour % 168), row.copy(), (("kelvin", 280.0 + hour % 11),))
            if hour % 50 == 49:
                said.append(model.paths([Slot((hour + step) % 168) for step in range(1, 25)]).tobytes())
        found.append((said, model.state()))

    assert found[0] == found[1]
