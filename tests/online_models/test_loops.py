"""What is compiled says bit for bit what the same file says as Python."""

from collections.abc import Callable

import numpy as np
import pytest

from online_models import compiled, registry
from online_models.base import PoolBucket, Slot
from online_models.holt_winters import HoltWinters
from online_models.intermittent import Intermittent
from online_models.pool_naive import PoolNaive
from online_models.pool_river import PoolRiver
from online_models.pool_smoothing import PoolSmoothing
from online_models.season_regression import SeasonRegression
from online_models.snarimax import Snarimax
from online_models.together import PoolMeans
from online_models.yearly import Yearly
from tests.online_models.plain_loops import use_plain_loops

FAMILIES = (
    HoltWinters, Intermittent, PoolNaive, PoolRiver, PoolSmoothing, SeasonRegression, Snarimax, Yearly,
)  # fmt: skip


def test_python_is_really_what_the_compiled_loops_are_held_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once replaced, a model's loops are functions and classes of Python."""
    assert any(compiled.loops().values()), "nothing is compiled: the tests below would compare Python with itself"
    use_plain_loops(monkeypatch)
    model = PoolRiver(1, 7, 7)

    assert isinstance(vars(type(model._rivers))["learn"], type(lambda: None))


@pytest.mark.parametrize("make", FAMILIES)
def test_compiled_loops_say_what_python_says(
    make: Callable[[int, int, int], PoolMeans], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of three weeks with gaps, spikes, a quiet series and a late covariate: means and states are equal."""
    rng = np.random.default_rng(8)
    values = rng.poisson(np.resize([0.0, 0.2, 5.0, 40.0], (550, 4))).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[500] *= 30.0
    found = []
    for use in (lambda _: None, use_plain_loops):
        use(monkeypatch)
        model, said = make(4, 168, 24), []
        for hour, row in enumerate(values):
            covariates = (("kelvin", 280.0 + hour % 11),) if hour > 200 else ()
            model.learn(_slot(hour), row.copy(), covariates)
            if hour % 10 == 9:
                said.append(model.paths([_slot(hour + step) for step in range(1, 25)]).tobytes())
        found.append((said, model.state()))

    assert found[0] == found[1]


def _slot(hour: int) -> Slot:
    """Return where an hour lies; every eleventh day is a holiday."""
    return Slot(hour % 168, hour // 24 % 366, hour // 24 % 11 == 10)


@pytest.mark.parametrize("family", ["holt-winters", registry.DEFAULT])
def test_a_watched_pool_is_compiled_alike(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days with gaps, spikes, stock-outs and a stuck sensor: forecasts and states are equal."""
    rng = np.random.default_rng(9)
    values = rng.poisson([0.3, 5.0, 40.0], (330, 3)).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[250] *= 30.0
    values[300:310, 2] = 41.0
    censored, found = rng.random(values.shape) < 0.1, []
    for use in (lambda _: None, use_plain_loops):
        use(monkeypatch)
        pool, said = registry.create_pool(family, slots_per_week=7, horizon_periods=7, lead_periods=[2] * 3), []
        for day, row in enumerate(values):
            pool.learn(PoolBucket(day * 86_400.0, Slot(day % 7), row.copy(), censored[day]))
            forecasts = pool.forecast([Slot((day + step) % 7) for step in range(1, 8)])
            said += [one and (one.mean.tobytes(), one.quantiles.tobytes(), one.error) for one in forecasts]
        found.append((said, pool.state()))

    assert found[0] == found[1]
