"""What learns all series of a pool in one loop says what a model of each series says."""

from collections.abc import Callable

import numpy as np
import pytest

from online_models.base import Slot
from online_models.forecaster import Mean
from online_models.pool_naive import PoolNaive
from online_models.pool_smoothing import PoolSmoothing
from online_models.seasonal_naive import SeasonalNaive
from online_models.smoothing import Smoothing
from online_models.together import PoolMeans
from tests.online_models.apart import Apart

Made = Callable[[int, int, int], PoolMeans]


@pytest.mark.parametrize("slots_per_week", [7, 168])
@pytest.mark.parametrize(("single", "together"), [(Smoothing, PoolSmoothing), (SeasonalNaive, PoolNaive)])
def test_a_pool_says_what_each_series_would(single: Callable[[int], Mean], together: Made, slots_per_week: int) -> None:
    """Within rounding, from the first period on: with gaps, spikes, shifts, a closed day and a series that is late."""
    rng = np.random.default_rng(4)
    rates = np.resize([30.0, 0.0, 12.0, 60.0, 25.0], 900)[:, None] * [1.0, 0.1, 40.0]
    values = rng.poisson(rates).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[500:600] *= 5.0
    values[300] *= 100.0
    values[:250, 1] = np.nan
    apart, pool = Apart(single, 3, slots_per_week), together(3, slots_per_week, 8)
    for place, row in enumerate(values):
        slot = Slot(place % slots_per_week)
        for model in (apart, pool):
            model.learn(slot, row.copy(), ())
        ahead = [Slot((place + step) % slots_per_week) for step in range(1, 9)]
        assert pool.paths(ahead) == pytest.approx(apart.paths(ahead), rel=1e-5, abs=1e-5, nan_ok=True)


@pytest.mark.parametrize("make", [PoolSmoothing, PoolNaive])
def test_series_that_stay_keep_what_was_learnt(make: Made) -> None:
    """A pool that gains one series and loses another says the same of the one that stays; so does a restored one."""
    old, new, restored = make(2, 7, 8), make(2, 7, 8), make(2, 7, 8)
    for day in range(40):
        old.learn(Slot(day % 7), np.array([day % 7 + 1.0, 50.0]), ())
    new.adopt(old, [None, 0])
    restored.restore(old.state())
    week = [Slot(day) for day in range(7)]

    assert new.paths(week)[1].tolist() == old.paths(week)[0].tolist()
    assert np.isnan(new.paths(week)[0]).all()
    assert restored.paths(week).tobytes() == old.paths(week).tobytes()
    assert restored.state() == old.state()
