"""Families that learn all series of a pool keep the contract, of one series as of many."""

import functools
from collections.abc import Sequence

import numpy as np
import pytest

from online_models import checks, registry
from online_models.base import Bucket, Forecast, PoolBucket, PoolForecaster, Slot

FAMILIES = sorted([*registry.FORECASTERS, *registry.POOL_FORECASTERS])
PERIODS = 200


class Alone:
    """A pool of one series, as the forecaster of that series."""

    def __init__(self, pool: PoolForecaster) -> None:
        self._pool = pool

    def learn(self, bucket: Bucket) -> None:
        """Learn the bucket as the pool's."""
        value = np.nan if bucket.value is None else bucket.value
        slot, censored = Slot(bucket.slot_of_week), np.array([bucket.censored])
        self._pool.learn(PoolBucket(bucket.start_s, slot, np.array([value]), censored, bucket.covariates))

    def forecast(self, slots_of_week: Sequence[int]) -> Forecast | None:
        """Return what the pool says of its one series."""
        return self._pool.forecast([Slot(slot) for slot in slots_of_week])[0]

    def state(self) -> bytes:
        """Return the pool's state."""
        return self._pool.state()


def alone(name: str) -> Alone:
    """Return a new pool of one series, of the shape that the checks ask for."""
    return Alone(made(name, [checks.LEAD_PERIODS]))


def made(name: str, lead_periods: Sequence[int]) -> PoolForecaster:
    """Return a new pool of the checks' shape."""
    return registry.create_pool(
        name,
        slots_per_week=checks.SLOTS_PER_WEEK,
        horizon_periods=checks.HORIZON_PERIODS,
        lead_periods=lead_periods,
    )


def pool_bucket(place: int, values: Sequence[float]) -> PoolBucket:
    """Return the daily bucket at `place`; NaN is missing."""
    slot = Slot(place % checks.SLOTS_PER_WEEK)
    return PoolBucket(place * checks.DAY_S, slot, np.array(values), np.zeros(len(values), dtype=bool))


def ahead(place: int) -> list[Slot]:
    """Return the slots of the periods after `place`."""
    return [Slot(slot) for slot in checks.slots_after(place)]


def demands(seed: int = 0) -> np.ndarray:
    """Return three series that rise and fall together, (periods, 3)."""
    rng = np.random.default_rng(seed)
    week = np.resize([30.0, 26.0, 24.0, 25.0, 33.0, 10.0, 12.0], PERIODS)
    together = np.exp(0.2 * np.sin(np.arange(PERIODS) / 9.0))
    return rng.poisson((week * together)[:, None] * [1.0, 0.5, 3.0]).astype(float)


@pytest.mark.parametrize("check", checks.CHECKS)
@pytest.mark.parametrize("name", FAMILIES)
def test_a_pool_of_one_keeps_the_contract(name: str, check: str) -> None:
    """The check's own docstring says what is promised."""
    checks.CHECKS[check](functools.partial(alone, name), lambda state: Alone(registry.restore_pool(name, state)))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_restored_pool_goes_on_bit_for_bit(name: str) -> None:
    """State out and in changes no later forecast and no later state."""
    kept = made(name, [3, 1, 2])
    values = demands()
    for place in range(120):
        kept.learn(pool_bucket(place, values[place]))
    other = registry.restore_pool(name, kept.state())
    for place in range(120, PERIODS):
        for one in (kept, other):
            one.learn(pool_bucket(place, values[place]))
        for mine, theirs in zip(kept.forecast(ahead(place)), other.forecast(ahead(place)), strict=True):
            assert mine
            assert theirs
            assert mine.mean.tobytes() == theirs.mean.tobytes()
            assert mine.quantiles.tobytes() == theirs.quantiles.tobytes()
    assert kept.state() == other.state()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_series_without_data_says_nothing_and_disturbs_nobody(name: str) -> None:
    """A series that has not begun is silent, and begins when its data does."""
    pool, values = made(name, [1, 1, 1]), demands()
    for place in range(PERIODS):
        young = values[place, 1] if place >= 150 else np.nan
        pool.learn(pool_bucket(place, [values[place, 0], young, values[place, 2]]))
        said = pool.forecast(ahead(place))
        if place == 149:
            assert said[0]
            assert said[2]
            assert said[1] is None
    assert said[1]
    assert np.abs(said[1].mean.mean() / values[150:, 1].mean() - 1.0) < 0.5


def test_a_pool_learns_what_its_series_share() -> None:
    """A rise that one series shows a period before the others is forecast for them."""
    rng = np.random.default_rng(3)
    waves = 20.0 * rng.standard_normal(600)
    pool = made("season-regression", [1, 1, 1])
    missed, usual = [], []
    for place in range(600):
        late = waves[place - 1] if place else 0.0
        pool.learn(pool_bucket(place, 100.0 + np.array([waves[place], late, late])))
        said = pool.forecast(ahead(place))[1]
        if said and place > 300:
            missed.append(abs(said.mean[0] - 100.0 - waves[place]))
            usual.append(abs(waves[place]))

    assert np.mean(missed) < 0.75 * np.mean(usual)  # half of what it sees of its neighbours is the third's noise


def test_a_family_that_is_not_known_is_named() -> None:
    """The error names what there is."""
    with pytest.raises(ValueError, match=r"no forecaster 'sesonal'; known: .*season-regression"):
        made("sesonal", [1])


@pytest.mark.parametrize("name", FAMILIES)
def test_bytes_that_are_no_state_are_refused(name: str) -> None:
    """Neither noise nor another family's state is taken over."""
    other = "smoothing" if name != "smoothing" else "seasonal-naive"
    with pytest.raises(ValueError, match="state"):
        registry.restore_pool(name, b"\x01noise")
    with pytest.raises(ValueError, match="state"):
        registry.restore_pool(name, made(other, [1]).state())


@pytest.mark.parametrize("name", sorted({*registry.POOL_FORECASTERS, registry.SIMPLE}))
@pytest.mark.parametrize(("before", "after"), [([3, 3], [12, 3]), ([12, 3], [3, 3]), ([9, 9], [20, 2])])
def test_a_lead_beyond_the_horizon_may_change_and_the_rest_is_kept(
    name: str, before: list[int], after: list[int]
) -> None:
    """A running pool takes a new lead time: what was learnt of single periods is as good as before, and goes on."""
    old, new = made(name, before), made(name, after)
    week = np.array([30.0, 26.0, 24.0, 25.0, 33.0, 10.0, 12.0])
    for place in range(90):
        old.learn(pool_bucket(place, [week[place % 7], 2.0 * week[place % 7]]))
    new.adopt(old, [0, 1])
    for place in range(90, 120):
        new.learn(pool_bucket(place, [week[place % 7], 2.0 * week[place % 7]]))
        for one, times in zip(new.forecast(ahead(place)), (1.0, 2.0), strict=True):
            assert one
            came = times * week[np.arange(place + 1, place + 1 + checks.HORIZON_PERIODS) % 7]
            np.testing.assert_allclose(one.mean, came, rtol=0.2)
    other = registry.restore_pool(name, new.state())
    assert other.state() == new.state()
