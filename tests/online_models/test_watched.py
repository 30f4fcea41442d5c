"""A learned model that loses to the simple one serves no more, says why, and comes back; pools gain and lose series."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from online_models import checks, registry
from online_models.base import Bucket, Forecast, PoolBucket, PoolForecaster, Slot
from online_models.separate import Separate
from online_models.stuck import Stuck
from online_models.watched import MEMORY_PERIODS, Watched
from online_models.weekly_naive import WeeklyNaive
from tests.online_models.test_pool_forecasters import FAMILIES, ahead, demands, made, pool_bucket

WEEK = np.array([30.0, 26.0, 24.0, 25.0, 33.0, 10.0, 12.0])


class Twisted(Separate):
    """A model that says `times` what it would say: what a mistake in a learned one looks like."""

    times = 1.0

    def forecast(self, slots: Sequence[Slot]) -> list[Forecast | None]:
        """Return the forecasts, twisted."""
        return [
            None if one is None else Forecast(
                one.mean * self.times, one.quantiles * self.times, one.lead_quantiles * self.times, one.error, one.count
            )
            for one in super().forecast(slots)
        ]  # fmt: skip


def twisted() -> tuple[Watched, Twisted]:
    """Return a watched pool of two series and its learned model."""
    shape = {"slots_per_week": 7, "horizon_periods": 8, "lead_periods": 3}
    learned = Twisted([registry.create("smoothing", **shape) for _ in range(2)])
    simple = registry.create_pool("seasonal-naive", **{**shape, "lead_periods": [3, 3]})
    assert isinstance(simple, WeeklyNaive)
    return Watched(learned, simple, 2, slots_per_week=7, horizon_periods=8), learned


def test_a_model_that_loses_is_rolled_back_and_returns() -> None:
    """While it says five times too much the simple model serves; when it is right again it serves again."""
    watched, learned = twisted()
    rng = np.random.default_rng(3)
    changes, served = [], []
    for place in range(600):
        learned.times = 5.0 if 200 <= place < 300 else 1.0
        watched.learn(pool_bucket(place, rng.poisson(WEEK[place % 7] * np.array([1.0, 2.0]))))
        changes += [(place, change) for change in watched.changes]
        served.append([one.mean.sum() if one else np.nan for one in watched.forecast(ahead(place))])
    for series in range(2):
        away, home = [(place, change) for place, change in changes if change.place == series]
        assert away[1].rolled_back
        assert not home[1].rolled_back
        assert 200 < away[0] <= 200 + MEMORY_PERIODS
        assert "times the simple one's, over the last 50 periods" in away[1].reason
        assert 300 < home[0] < 600
        assert served[away[0] + 5][series] < 2.0 * served[150][series]


def test_what_is_not_finite_is_never_served() -> None:
    """The simple model takes over at once."""
    watched, learned = twisted()
    for place in range(30):
        learned.times = np.inf if place == 29 else 1.0
        watched.learn(pool_bucket(place, WEEK[[place % 7, place % 7]]))
    said = watched.forecast(ahead(29))
    assert all(one is not None and np.isfinite(one.mean).all() for one in said)


def test_a_censored_period_judges_nobody() -> None:
    """Eighty periods that stock cut short do not roll a model back that forecast what would have been sold."""
    watched, _ = twisted()
    rng = np.random.default_rng(5)
    for place in range(300):
        cut = place >= 220
        values = rng.poisson(WEEK[place % 7], 2) * (0.1 if cut else 1.0)
        slot = Slot(place % 7)
        watched.learn(PoolBucket(place * checks.DAY_S, slot, values, np.full(2, cut)))
        assert not any(change.rolled_back for change in watched.changes)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_a_pool_knew_of_the_series_that_stay_is_kept(name: str) -> None:
    """One leaves, one comes, the others change places: those forecast on as though nothing had happened."""
    values = demands()
    before, other = made(name, [2, 3, 4]), made(name, [4, 1, 2])
    for place in range(120):
        before.learn(pool_bucket(place, values[place]))
    expected = before.forecast(ahead(119))
    other.adopt(before, [2, None, 0])
    found = other.forecast(ahead(119))
    assert found[1] is None
    for now, then in ((0, 2), (2, 0)):
        # The pool weighs models together, and who left is a neighbour no more.
        assert np.allclose(found[now].mean, expected[then].mean, rtol=0.02)
        assert np.allclose(found[now].quantiles, expected[then].quantiles, rtol=0.02)
    _forecasts_on(other, values)


def _forecasts_on(pool: PoolForecaster, values: np.ndarray) -> None:
    """Teach the rest and assert that every series is forecast and the state restores."""
    for place in range(120, 200):
        pool.learn(pool_bucket(place, values[place]))
    assert all(one is not None and np.isfinite(one.mean).all() for one in pool.forecast(ahead(199)))


def test_a_state_that_was_cut_short_is_refused() -> None:
    """With ValueError, as any other."""
    state = made("river-linear", [1]).state()
    with pytest.raises(ValueError, match="no forecaster's state"):
        registry.restore_pool("river-linear", state[: len(state) // 2])
    with pytest.raises(ValueError, match="no forecaster's state"):
        registry.restore_pool("river-linear", msgspec.msgpack.encode({"series": []}))


def test_one_bucket_of_a_series_teaches_as_a_pool_of_one() -> None:
    """What a watched pool of one says is what its learned model says while it is trusted."""
    alone = registry.create("river-linear", slots_per_week=7, horizon_periods=8, lead_periods=3)
    pool = made("river-linear", [3])
    for place, value in enumerate(demands()[:60, 0].tolist()):
        alone.learn(Bucket(place * checks.DAY_S, place % 7, value))
        pool.learn(pool_bucket(place, [value]))
    said, expected = pool.forecast(ahead(59))[0], alone.forecast(checks.slots_after(59))
    assert said is not None
    assert expected is not None
    assert np.array_equal(said.quantiles, expected.quantiles)


@pytest.mark.parametrize("name", ["mixture", "river-linear"])
def test_a_stuck_sensor_teaches_nothing(name: str) -> None:
    """Thirty hours at one value move the forecasts less than a change that is real, and a shop's ones are believed."""
    rng = np.random.default_rng(11)
    rates = 60.0 + 40.0 * np.sin(np.arange(700) * 2.0 * np.pi / 24.0)
    counts = rng.poisson(rates).astype(float)
    shape = {"slots_per_week": 168, "horizon_periods": 24, "lead_periods": [1, 1]}
    pool = registry.create_pool(name, **shape)
    for hour in range(650):
        stuck = hour >= 620
        values = np.array([57.0 if stuck else counts[hour], counts[hour]])
        pool.learn(PoolBucket(hour * 3600.0, Slot(hour % 168), values, np.zeros(2, bool)))
    said = pool.forecast([Slot(hour % 168) for hour in range(650, 674)])
    misses = [np.abs(one.mean - rates[650:674]).mean() for one in said if one is not None]
    assert misses[0] < 1.5 * misses[1] + 3.0
    assert misses[0] < 15.0


def test_a_value_that_is_often_repeated_is_believed() -> None:
    """A shop that sells one piece on most days sells one piece."""
    stuck = Stuck(1, 7)
    rng = np.random.default_rng(2)
    days = rng.choice([0.0, 1.0, 2.0], p=[0.2, 0.7, 0.1], size=2000)
    masked = sum(bool(np.isnan(stuck.masked(np.array([day]))[0])) for day in days)
    assert masked < 5
