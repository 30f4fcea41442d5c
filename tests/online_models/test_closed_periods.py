"""What is declared closed is expected to bring nothing, teaches nothing, and does not hide what the open days bring."""

import numpy as np
import pytest

from online_models import registry
from online_models.base import QUANTILE_LEVELS, Forecast, PoolBucket, PoolForecaster, Slot

HORIZON, LEAD = 8, 3
KNOWS_CLOSED = sorted({*registry.POOL_FORECASTERS, registry.SIMPLE})  # the rest learn sums over open leads alone


def slot(place: int, closed: frozenset[int]) -> Slot:
    """Return where the period at `place` lies; `closed` are places."""
    return Slot(place % 7, place % 366, closed=place in closed)


def taught(
    name: str, values: np.ndarray, closed: frozenset[int], *, told: float = np.nan, lead: int = LEAD
) -> tuple[PoolForecaster, list[list[Forecast | None]]]:
    """Return a pool that learnt `values` (periods, series), and what it said after each; closed ones bring `told`."""
    pool = registry.create_pool(name, slots_per_week=7, horizon_periods=HORIZON, lead_periods=[lead] * values.shape[1])
    said = []
    for place, row in enumerate(values):
        ahead = tuple(slot(place + step, closed) for step in range(1, HORIZON + 1))
        heard = np.full(len(row), told) if place in closed else row
        pool.learn(PoolBucket(place * 86_400.0, slot(place, closed), heard, np.zeros(len(row), bool), ahead=ahead))
        said.append(pool.forecast(ahead))
    return pool, said


def demand(periods: int, series: int = 2) -> np.ndarray:
    """Return counts with a shape of the week, (periods, series)."""
    week = np.resize([30.0, 26.0, 24.0, 25.0, 33.0, 45.0, 20.0], periods)
    return np.random.default_rng(4).poisson(week[:, None] * np.linspace(1.0, 2.0, series)).astype(float)


@pytest.mark.parametrize("name", registry.FAMILIES)
def test_nothing_is_expected_of_closed_periods_and_the_lead_shrinks(name: str) -> None:
    """Mean and every quantile are zero there, and the sum over a lead with a closed day is smaller."""
    closed = frozenset({103, 104})
    _, said = taught(name, demand(110), closed)
    _, plain = taught(name, demand(110), frozenset())
    for one, other in zip(said[101], plain[101], strict=True):  # says 102, 103 (closed), 104 (closed), 105, ...
        assert one is not None
        assert other is not None
        assert one.mean[1:3].tolist() == [0.0, 0.0]
        assert not one.quantiles[1:3].any()
        np.testing.assert_allclose(one.mean[[0, 3, 4]], other.mean[[0, 3, 4]])
        middle = QUANTILE_LEVELS.index(0.5)
        assert 0.0 < one.lead_quantiles[middle] < 0.6 * other.lead_quantiles[middle]


@pytest.mark.parametrize("name", registry.FAMILIES)
def test_what_is_heard_on_a_closed_day_teaches_nothing(name: str) -> None:
    """Silence, a zero or a stray sale: the state is the same to the bit, and the next open days are as before."""
    closed, values = frozenset({100}), demand(101)
    states = [taught(name, values, closed, told=told)[0].state() for told in (np.nan, 0.0, 4.0)]
    assert states[0] == states[1] == states[2]
    _, said = taught(name, values, closed)
    for before, after in zip(said[99], said[100], strict=True):
        assert before is not None
        assert after is not None
        np.testing.assert_allclose(after.mean[:6], before.mean[1:7], rtol=0.1)


def test_an_undeclared_closed_day_is_learnt_as_low_demand() -> None:
    """What the declaration saves: the same zero, taken for demand, lowers what is said of that day of the week."""
    values = demand(101)
    values[100] = 0.0
    _, told = taught("mixture", values, frozenset({100}))
    _, untold = taught("mixture", values, frozenset())
    for one, other in zip(told[100], untold[100], strict=True):
        assert one is not None
        assert other is not None
        assert other.mean[:7].sum() < 0.99 * one.mean[:7].sum()


@pytest.mark.parametrize("lead", [1, 3])
@pytest.mark.parametrize("weekdays", [(6,), (5, 6)])
@pytest.mark.parametrize("name", KNOWS_CLOSED)
def test_sums_over_leads_are_learnt_where_every_week_has_closed_days(
    name: str, weekdays: tuple[int, ...], lead: int
) -> None:
    """Bands of single open days and of sums over leads hold what they should; of a lead that is closed, zero."""
    periods = 420
    closed = frozenset(place for place in range(periods + HORIZON) if place % 7 in weekdays)
    values = demand(periods, 4)
    values[sorted(one for one in closed if one < periods)] = 0.0
    _, said = taught(name, values, closed, lead=lead)
    low, high = QUANTILE_LEVELS.index(0.1), QUANTILE_LEVELS.index(0.9)
    inside, sums = [], []
    for place in range(200, periods - lead):
        came, total = values[place + 1], values[place + 1 : place + 1 + lead].sum(axis=0)
        for one, own, whole in zip(said[place], came, total, strict=True):
            assert one is not None
            if closed.issuperset(range(place + 1, place + 1 + lead)):
                assert not one.lead_quantiles.any()
                continue
            sums.append(one.lead_quantiles[low] <= whole <= one.lead_quantiles[high])
            if place + 1 not in closed:
                inside.append(one.quantiles[0, low] <= own <= one.quantiles[0, high])
    assert 0.7 < np.mean(inside) < 0.92
    assert 0.7 < np.mean(sums) < 0.92


@pytest.mark.parametrize("name", registry.FAMILIES)
def test_a_pool_restored_before_closed_days_goes_on_bit_for_bit(name: str) -> None:
    """Closed slots that were told of ahead are part of the state."""
    closed, values = frozenset({61, 64, 68}), demand(75)
    kept, _ = taught(name, values[:60], closed)
    other = registry.restore_pool(name, kept.state())
    for place in range(60, 75):
        ahead = tuple(slot(place + step, closed) for step in range(1, HORIZON + 1))
        for one in (kept, other):
            one.learn(PoolBucket(place * 86_400.0, slot(place, closed), values[place], np.zeros(2, bool), ahead=ahead))
        for mine, theirs in zip(kept.forecast(ahead), other.forecast(ahead), strict=True):
            assert mine is not None
            assert theirs is not None
            assert mine.lead_quantiles.tobytes() == theirs.lead_quantiles.tobytes()
    assert kept.state() == other.state()


@pytest.mark.parametrize("name", registry.FAMILIES)
def test_nothing_is_expected_of_a_closure_that_is_longer_than_the_lead(name: str) -> None:
    """Neither of its days nor of the sum over the lead, of an item that hardly sells either; then all is as before."""
    closed = frozenset(range(100, 111))
    values = np.random.default_rng(5).poisson(0.3, (115, 1)).astype(float)
    _, said = taught(name, values, closed)
    for place in range(99, 107):
        (one,) = said[place]
        assert one is not None
        assert not one.lead_quantiles.any()
    (after,) = said[110]
    assert after is not None
    assert after.lead_quantiles[-1] > 0.0


@pytest.mark.parametrize("name", registry.FAMILIES)
def test_the_simple_model_watches_a_pool_that_is_open_five_days(name: str) -> None:
    """Declared closed, a weekday counts as known: last week's value speaks from the second week on."""
    closed = frozenset(place for place in range(60) if place % 7 in (5, 6))
    pool, _ = taught(name, demand(21), closed)
    simple = getattr(pool, "simple", pool)
    assert all(simple.forecast([slot(place, closed) for place in range(21, 28)]))
