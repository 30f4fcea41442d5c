"""Quantiles of a pool: new series borrow, hours differ, what covers too little is widened, nothing breaks."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online_models import residual_rings
from online_models.base import QUANTILE_LEVELS, Float64s, Slot
from online_models.plan import TRUSTED
from online_models.pool_quantiles import PoolQuantiles
from tests.online_models.plain_loops import use_plain_loops

LOW, MIDDLE, HIGH = (QUANTILE_LEVELS.index(level) for level in (0.1, 0.5, 0.9))
HUGE = 1e9


class Pool:
    """A pool whose centres are given, fed a period at a time."""

    def __init__(self, leads: Sequence[int], horizon: int = 1, slots_per_week: int = 7) -> None:
        self.quantiles = PoolQuantiles(horizon, leads, slots_per_week)
        self.steps, self.horizon, self.week, self.at = max(horizon, *leads), horizon, slots_per_week, 0

    def slots(self) -> list[Slot]:
        """Return the slots of the next periods."""
        return [Slot((self.at + step) % self.week) for step in range(self.horizon)]

    def period(self, values: Float64s, centre: Float64s, *, censored: bool = False) -> None:
        """Learn one period, then say the same centre of all that follow."""
        series = len(values)
        self.quantiles.learn(Slot(self.at % self.week), np.asarray(values, float), np.full(series, censored))
        self.at += 1
        self.paths = np.tile(np.asarray(centre, float)[:, None], (1, self.steps))
        self.quantiles.say(self.slots(), self.paths)

    def around(self, ceiling: float = HUGE) -> Float64s:
        """Return the quantiles of what follows, (series, horizon + 1, levels)."""
        return self.quantiles.around(self.slots(), self.paths, np.full(len(self.paths), ceiling))


def test_bands_are_the_quantiles_of_past_misses() -> None:
    """Demand uniform around what was said gives bands of that width at every step, and of the sum over the lead."""
    rng, pool = np.random.default_rng(1), Pool([3], horizon=4)
    for _ in range(600):
        pool.period(99.0 + rng.uniform(-50, 50, 1), np.array([99.0]))
    bands = pool.around()[0]
    assert np.abs(bands[:-1, LOW] - 59.0).max() < 10.0
    assert np.abs(bands[:-1, HIGH] - 139.0).max() < 10.0
    assert bands[-1, MIDDLE] == pytest.approx(297.0, abs=20.0)
    assert 2 * 297.0 / 99.0 < bands[-1, HIGH] - bands[-1, LOW] < 2 * 80.0


def test_a_step_is_compared_with_the_period_it_was_about() -> None:
    """Demand that alternates, foretold rightly at every step ahead, leaves next to no spread at any step."""
    quantiles, path = PoolQuantiles(5, [3], 7), np.zeros((1, 5))
    for place in range(200):
        quantiles.learn(Slot(place % 7), np.array([100.0 if place % 2 else 20.0]), np.zeros(1, bool))
        path = np.array([[100.0 if (place + step) % 2 else 20.0 for step in range(1, 6)]])
        quantiles.say([], path)
    bands = quantiles.around([Slot(one) for one in range(5)], path, np.array([HUGE]))[0]
    assert bands[:-1] == pytest.approx(np.repeat(path[0][:, None], 9, axis=1), abs=3.0)
    assert bands[-1] == pytest.approx(np.full(9, 140.0), abs=5.0)


def test_before_there_are_misses_the_guess_is_wide() -> None:
    """With nothing known, the 90 % band of 100 units spans at least half of it either way."""
    pool = Pool([2], horizon=2)
    pool.period(np.array([100.0]), np.array([100.0]))
    bands = pool.around()[0]
    assert bands[0, HIGH] > 150.0
    assert bands[0, LOW] < 50.0


def test_a_new_series_borrows_from_its_pool_until_it_knows_itself() -> None:
    """With no miss of its own it is forecast by those of its pool, with many by its own."""
    rng, pool = np.random.default_rng(4), Pool([1] * 4)
    spreads = np.array([3.0, 3.0, 3.0, 15.0])
    for day in range(400):
        values = np.maximum(100.0 + rng.normal(0.0, spreads), 0.0)
        values[3] = values[3] if day >= 200 else np.nan
        pool.period(values, np.full(4, 100.0))
        if day == 199:
            first = pool.around()[:, 0]
            assert np.allclose(first[3], first[:3].mean(axis=0), atol=1.0)
    width = pool.around()[:, 0, HIGH] - pool.around()[:, 0, LOW]
    assert width[3] > 3.0 * width[0]


def test_hours_have_spreads_of_their_own() -> None:
    """An hour that is missed by more than the others has a wider band, as soon as it is ahead."""
    rng, pool = np.random.default_rng(5), Pool([1], horizon=24, slots_per_week=168)
    for hour in range(24 * 60):
        spread = 20.0 if hour % 24 in (8, 17) else 3.0
        pool.period(np.array([100.0 + rng.normal(0.0, spread)]), np.array([100.0]))
    width = pool.around()[0, :-1, HIGH] - pool.around()[0, :-1, LOW]
    assert width[[8, 17]].min() > 2.0 * np.delete(width, [8, 17]).max()


def test_wild_times_widen_the_band() -> None:
    """After days of large misses the next band is wider than after quiet ones."""
    rng, pool = np.random.default_rng(6), Pool([1])
    widths: dict[bool, list[float]] = {True: [], False: []}
    for day in range(1200):
        wild = day // 30 % 2 == 1
        pool.period(np.array([100.0 + rng.normal(0.0, 20.0 if wild else 4.0)]), np.array([100.0]))
        if day > 400 and day % 30 > 15:
            bands = pool.around()[0, 0]
            widths[wild].append(float(bands[HIGH] - bands[LOW]))
    assert np.mean(widths[True]) > 1.7 * np.mean(widths[False])


@pytest.mark.parametrize("series", [1, 12])
def test_what_had_never_sold_is_covered_within_weeks(series: int) -> None:
    """Months of zeros say nothing of the spread of what is sold afterwards."""
    rng, pool, inside = np.random.default_rng(7), Pool([1] * series), []
    centre = np.zeros(series)
    for day in range(230):
        values = rng.poisson(20.0 if day >= 150 else 0.0, series).astype(float)
        if day >= 165:
            bands = pool.around()[:, 0]
            inside += ((values >= bands[:, LOW]) & (values <= bands[:, HIGH])).tolist()
        centre += 0.1 * (values - centre)
        pool.period(values, centre)
    assert 0.65 < np.mean(inside) < 0.95


def test_what_covers_too_little_is_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands of a world that grows by and by cover more with the correction than without."""
    coverage = {}
    for correction in (0.0, residual_rings.CORRECTION * 10.0):
        monkeypatch.setattr(residual_rings, "CORRECTION", correction)
        rng, pool, inside = np.random.default_rng(6), Pool([1] * 6), []
        for day in range(700):
            values = 1e4 + rng.normal(0.0, np.exp(day / 100.0), 6)
            if day > 300:
                bands = pool.around()[:, 0]
                inside += ((values >= bands[:, LOW]) & (values <= bands[:, HIGH])).tolist()
            pool.period(values, np.full(6, 1e4))
        coverage[correction] = float(np.mean(inside))
    before, after = coverage.values()
    assert before < 0.78
    assert before + 0.005 < after < 0.84


@pytest.mark.parametrize(("value", "counted"), [(50.0, False), (150.0, True)])
def test_censored_periods_count_only_above_what_was_said(value: float, *, counted: bool) -> None:
    """A bound below the forecast says nothing; one above it is a miss of at least that."""
    pool = Pool([1])
    for _ in range(2 * TRUSTED):
        pool.period(np.array([value]), np.array([99.0]), censored=True)
    assert (pool.around()[0, 0, MIDDLE] > 140.0) == counted


def test_missing_periods_leave_no_miss() -> None:
    """A silent period is compared with nothing, nor is a lead that contains one."""
    pool = Pool([2])
    for day in range(120):
        pool.period(np.array([99.0 if day % 2 else np.nan]), np.array([99.0]))
    bands = pool.around()[0]
    assert bands[0] == pytest.approx(np.full(9, 99.0), abs=3.0)
    assert bands[1, HIGH] > 250.0


@given(
    values=st.lists(st.just(np.nan) | st.floats(0, 1e12), max_size=60),
    horizon=st.integers(1, 30),
    leads=st.lists(st.integers(1, 12), min_size=1, max_size=3),
    said=st.floats(0, 1e12),
)
def test_bands_are_ordered_and_bounded(values: list[float], horizon: int, leads: list[int], said: float) -> None:
    """Whatever came, quantiles are finite, non-decreasing, and within [0, ceiling]."""
    pool = Pool(leads, horizon, 168)
    for value in [1.0, *values]:
        pool.period(np.full(len(leads), value), np.full(len(leads), said))
    bands = pool.around(1000.0)
    assert np.isfinite(bands).all()
    assert (np.diff(bands, axis=-1) >= 0).all()
    assert bands.min() >= 0.0
    assert bands[:, :-1].max() <= 1000.0
    assert (bands[:, -1].max(axis=-1) <= 1000.0 * np.array(leads)).all()


def test_a_path_that_says_nothing_has_no_quantiles() -> None:
    """NaN centres give NaN, before and after misses are known, and no harm to others."""
    pool = Pool([1, 1])
    for _ in range(50):
        pool.period(np.array([9.0, 9.0]), np.array([9.0, np.nan]))
    assert np.isnan(pool.around()[1]).all()
    assert np.isfinite(pool.around()[0]).all()


def _lived(leads: Sequence[int], days: int = 300) -> Pool:
    rng, pool = np.random.default_rng(9), Pool(leads, horizon=7)
    for _ in range(days):
        pool.period(rng.poisson(9.0, len(leads)).astype(float), rng.uniform(5.0, 12.0, len(leads)))
    return pool


def test_restored_it_goes_on_bit_for_bit() -> None:
    """The same state, and the same quantiles after the same periods."""
    pool, other = _lived([3, 5]), Pool([3, 5], horizon=7)
    other.quantiles.restore(pool.quantiles.state())
    other.at, other.paths = pool.at, pool.paths
    rng = np.random.default_rng(10)
    for _ in range(300):
        assert other.around().tobytes() == pool.around().tobytes()
        values = rng.poisson(9.0, 2).astype(float)
        for one in (pool, other):
            one.period(values, np.full(2, 9.0))
    assert other.quantiles.state() == pool.quantiles.state()


def test_who_stays_keeps_its_quantiles_and_who_comes_borrows() -> None:
    """Series moved within a pool are forecast as before; the lead's sum of another length begins with the pool's."""
    old, new = _lived([3, 5]), Pool([5, 2, 3], horizon=7)
    new.quantiles.adopt(old.quantiles, [1, None, 0])
    new.paths, new.at = np.full((3, 7), 9.0), old.at
    old.paths = np.full((2, 7), 9.0)
    assert np.allclose(new.around()[[2, 0]], old.around(), rtol=0.01)
    assert np.isfinite(new.around()[1]).all()
    restored = PoolQuantiles(7, [5, 2, 3], 7)
    restored.restore(new.quantiles.state())
    again = restored.around(new.slots(), new.paths, np.full(3, HUGE))
    assert again.tobytes() == new.around().tobytes()
    new.period(np.full(3, 9.0), np.full(3, 9.0))


@pytest.mark.parametrize(("before", "after"), [(8, 9), (9, 8), (2, 1), (1, 2)])
def test_a_pool_that_is_cut_into_classes_or_no_longer_goes_on(before: int, after: int) -> None:
    """Whoever stays is forecast nearly as before: classes only change what is borrowed."""
    old, new = _lived([3] * before), Pool([3] * after, horizon=7)
    new.quantiles.adopt(old.quantiles, [place if place < before else None for place in range(after)])
    old.paths, new.paths, new.at = np.full((before, 7), 9.0), np.full((after, 7), 9.0), old.at
    both = min(before, after)
    assert np.allclose(new.around()[:both], old.around()[:both], rtol=0.2, atol=1.0)
    for _ in range(30):
        new.period(np.full(after, 9.0), np.full(after, 9.0))
    assert np.isfinite(new.around()).all()


def test_compiled_loops_say_what_python_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weeks of hours with gaps, spikes and a series that never sells: quantiles and states are equal."""
    found = []
    for use in (lambda _: None, use_plain_loops):
        use(monkeypatch)
        rng, pool, said = np.random.default_rng(8), Pool([2, 1, 5], 24, 168), []
        for hour in range(500):
            values = rng.poisson([0.0, 5.0, 80.0]).astype(float)
            values[rng.random(3) < 0.05] = np.nan
            pool.period(values * (30.0 if hour == 300 else 1.0), rng.uniform(0.5, 1.5, 3) * np.array([0.0, 5.0, 80.0]))
            said.append(pool.around().tobytes() if hour % 50 == 49 else b"")
        found.append((said, pool.quantiles.state()))
    assert found[0] == found[1]
