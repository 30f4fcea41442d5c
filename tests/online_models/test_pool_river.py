"""The pool's River is River's own of each series, bit for bit, whatever comes."""

import numpy as np
import pytest

from online_models.base import Covariates, Slot
from online_models.pool_river import PoolRiver
from online_models.river_linear import RiverLinear
from tests.online_models.apart import Apart


def _observed(period: int) -> Covariates:
    """Return covariates that come late and go, change their order, and are more than are kept."""
    rain = 1e6 if period == 400 else float(period * 7 % 13)
    found = [("kelvin", 280.0 + period % 11), ("rain", rain if period % 9 else float("nan"))]
    if 150 < period < 420:
        found.insert(0, ("wind", float(period % 5)))
    if period > 300:
        found += [(f"more-{number}", float((period + number) % 3)) for number in range(9)]
    return tuple(found) if period % 17 and period > 40 else ()


@pytest.mark.parametrize("slots_per_week", [7, 168])
def test_a_pool_is_river_of_each_series_bit_for_bit(slots_per_week: int) -> None:
    """With gaps, spikes, a shift, a late and a silent series: equal states and paths after every period."""
    rng = np.random.default_rng(4)
    values = rng.poisson(np.resize([30.0, 0.0, 12.0, 60.0, 25.0], 520)[:, None] * [1.0, 0.1, 40.0, 1.0]).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[430:] *= 5.0
    values[300] *= 100.0
    values[:250, 1], values[:, 3] = np.nan, np.nan
    apart, pool = Apart(RiverLinear, 4, slots_per_week), PoolRiver(4, slots_per_week, 30)
    for period, row in enumerate(values):
        for model in (apart, pool):
            model.learn(Slot(period % slots_per_week), row.copy(), _observed(period))
        ahead = [Slot((period + step) % slots_per_week) for step in range(1, 31)]

        assert pool.paths(ahead).tobytes() == apart.paths(ahead).tobytes()
        assert [_plain(one) for one in pool.state()] == [_plain(one) for one in apart.state()]


def test_weights_that_are_not_finite_start_again_in_both() -> None:
    """Two models whose first weight was torn to infinity begin anew, alike."""
    apart, pool = Apart(RiverLinear, 1, 7), PoolRiver(1, 7, 7)
    for day in range(30):
        for model in (apart, pool):
            model.learn(Slot(day % 7), np.array([5.0 + day % 4]), ())
    linear = apart._series[0]._linear  # type: ignore[attr-defined]
    linear._learnt[3 * len(linear.names)] = pool._learnt[0, 3, 0] = np.inf
    for model in (apart, pool):
        model.learn(Slot(2), np.array([9.0]), ())

    assert pool._learnt[0, 3].tolist() == [0.0] * pool._learnt.shape[2]
    assert [_plain(one) for one in pool.state()] == [_plain(one) for one in apart.state()]


def test_series_that_stay_keep_what_was_learnt() -> None:
    """A pool that gains one series and loses another goes on as before with the one that stays; so a restored one."""
    old, new, restored = (PoolRiver(2, 7, 8) for _ in range(3))
    for day in range(60):
        old.learn(Slot(day % 7), np.array([day % 7 + 1.0, 50.0]), (("rain", float(day % 5)),))
    new.adopt(old, [None, 0])
    restored.restore(old.state())
    for model in (old, new, restored):
        model.learn(Slot(4), np.array([9.0, 9.0]), (("sun", 1.0), ("rain", 2.0)))
    week = [Slot(day) for day in range(7)]

    assert new.paths(week)[1].tolist() == old.paths(week)[0].tolist()
    assert np.isnan(new.paths(week)[0]).all()
    assert restored.state() == old.state()
    assert new.state()[1] == old.state()[0]


def test_names_of_covariates_are_bounded() -> None:
    """A series that learns nothing keeps no name for good, however many come by."""
    model = PoolRiver(1, 7, 7)
    for day in range(200):
        model.learn(Slot(day % 7), np.array([np.nan]), ((f"name-{day}", 1.0),))

    assert len(model._names) < 20


def _plain(state: tuple[object, ...]) -> object:
    """Return a state with bytes alone of what msgpack writes alike."""
    return [
        bytes(one) if isinstance(one, bytearray) else _plain(one) if isinstance(one, tuple) else one for one in state
    ]
