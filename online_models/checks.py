"""A forecaster's maker in, an AssertionError out when it breaks a promise of `online_models.base.Forecaster`.

The suite runs on everything in the registry, so a model is tested because it exists. Each check takes a function
that makes a new forecaster of 7 slots a week, 8 periods ahead, 3 lead periods, unless it says otherwise.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from online_models.base import QUANTILE_LEVELS, Bucket, Forecast, Forecaster

Make = Callable[[], Forecaster]
Restore = Callable[[bytes], Forecaster]

SLOTS_PER_WEEK = 7
HORIZON_PERIODS = 8
LEAD_PERIODS = 3
DAY_S = 86_400.0


def buckets(
    values: Sequence[float | None],
    *,
    censored: frozenset[int] = frozenset(),
    covariates: Callable[[int], tuple[tuple[str, float], ...]] | None = None,
) -> Iterator[Bucket]:
    """Yield daily buckets of `values`, the first on a Monday; `censored` are places among them."""
    for place, value in enumerate(values):
        yield Bucket(
            place * DAY_S, place % SLOTS_PER_WEEK, value, place in censored, covariates(place) if covariates else ()
        )


def slots_after(place: int) -> list[int]:
    """Return the slots of the week of the periods after the bucket at `place`."""
    return [(place + step) % SLOTS_PER_WEEK for step in range(1, HORIZON_PERIODS + 1)]


def demand(periods: int, seed: int = 0) -> list[float | None]:
    """Return Poisson demand with a weekly shape and a closed Saturday."""
    shape = np.array([30.0, 26.0, 24.0, 25.0, 33.0, 0.0, 12.0])
    return [float(one) for one in np.random.default_rng(seed).poisson(np.resize(shape, periods))]


def assert_sane(forecast: Forecast, largest: float) -> None:
    """Assert shapes, order and bounds of one forecast, given the largest demand learnt."""
    ceiling = 3.0 * largest * (1 + 1e-9)
    assert forecast.mean.shape == (HORIZON_PERIODS,)
    assert forecast.quantiles.shape == (HORIZON_PERIODS, len(QUANTILE_LEVELS))
    assert forecast.lead_quantiles.shape == (len(QUANTILE_LEVELS),)
    for values, bound in (
        (forecast.mean, ceiling),
        (forecast.quantiles, ceiling),
        (forecast.lead_quantiles, LEAD_PERIODS * ceiling),
    ):
        assert np.isfinite(values).all()
        assert (values >= 0.0).all()
        assert (values <= bound).all()
    assert (np.diff(forecast.quantiles, axis=1) >= 0.0).all()
    assert (np.diff(forecast.lead_quantiles) >= 0.0).all()
    assert np.isfinite(forecast.error)
    assert forecast.error >= 0.0


def run(forecaster: Forecaster, stream: Iterator[Bucket]) -> list[Forecast | None]:
    """Learn the whole stream, asserting that every forecast on the way is sane; return them all."""
    said: list[Forecast | None] = []
    largest = 0.0
    for place, bucket in enumerate(stream):
        forecaster.learn(bucket)
        largest = max(largest, bucket.value or 0.0)
        forecast = forecaster.forecast(slots_after(place))
        if forecast is not None:
            assert_sane(forecast, largest)
        said.append(forecast)
    return said


def _last(said: list[Forecast | None]) -> Forecast:
    assert said[-1] is not None, "no forecast after enough was learnt"
    return said[-1]


def check_nothing_is_said_before_data(make: Make, restore: Restore) -> None:
    """No forecast before the first bucket, nor from missing ones alone; one after three weeks."""
    del restore
    assert make().forecast(slots_after(-1)) is None
    assert run(make(), buckets([None] * 30)) == [None] * 30
    assert _last(run(make(), buckets(demand(21)))).count == 21


def check_the_weekly_shape_is_learnt(make: Make, restore: Restore) -> None:
    """After twenty weeks a Friday is forecast above a Sunday, and a closed Saturday is near zero."""
    del restore
    mean = _last(run(make(), buckets(demand(140)))).mean  # the next period is a Monday
    assert mean[4] > mean[6] > mean[5]
    assert mean[5] < 3.0


def check_quantiles_cover(make: Make, restore: Restore) -> None:
    """Over two years, 80 to 100 % of demand and of demand over the lead periods lies below the 90 % quantiles."""
    del restore
    values = demand(728)
    said = run(make(), buckets(values))
    level = QUANTILE_LEVELS.index(0.9)
    below, lead_below = [], []
    for place, forecast in enumerate(said[:-LEAD_PERIODS]):
        if place < 100 or forecast is None:
            continue
        came = [value or 0.0 for value in values[place + 1 : place + 1 + LEAD_PERIODS]]
        below.append(came[0] <= forecast.quantiles[0, level])
        lead_below.append(sum(came) <= forecast.lead_quantiles[level])
    assert 0.8 <= np.mean(below) < 1.0
    assert 0.8 <= np.mean(lead_below) < 1.0


def check_missing_buckets_teach_nothing(make: Make, restore: Restore) -> None:
    """Two silent weeks leave the count as it was and the forecast of the same weekdays within its own spread."""
    del restore
    values = demand(140)
    before = _last(run(make(), buckets(values)))
    after = _last(run(make(), buckets([*values, *[None] * 14])))
    assert after.count == before.count
    assert after.error == before.error
    assert (after.mean >= 0.5 * before.mean - 1.0).all()
    assert (after.mean <= 1.5 * before.mean + 1.0).all()


def check_all_zero_seasons_pass(make: Make, restore: Restore) -> None:
    """Ten weeks of zeros are forecast as zero; demand that then starts is forecast within eight weeks."""
    del restore
    quiet = _last(run(make(), buckets([0.0] * 70)))
    assert quiet.mean.max() == 0.0
    woken = _last(run(make(), buckets([*[0.0] * 70, *[10.0] * 56])))
    assert woken.mean.min() > 2.0


def check_spikes_stay_bounded(make: Make, restore: Restore) -> None:
    """A day of a thousand times the demand is survived: three weeks on, forecasts are as if it had not been."""
    del restore
    values = demand(140)
    spiked = [*values[:100], 1000.0 * 30.0, *values[101:122]]
    after = _last(run(make(), buckets(spiked)))
    usual = _last(run(make(), buckets(values[:122])))
    assert after.mean.max() < 3.0 * usual.mean.max()


def check_a_lasting_change_is_followed(make: Make, restore: Restore) -> None:
    """Ten times the demand from one day on is forecast within ten weeks, and so is a tenth of it."""
    del restore
    for factor in (10.0, 0.1):
        values = [*[20.0] * 140, *[20.0 * factor] * 70]
        mean = _last(run(make(), buckets(values))).mean
        assert (np.abs(mean / (20.0 * factor) - 1.0) < 0.5).all()


def check_restored_state_goes_on_alike(make: Make, restore: Restore) -> None:
    """A forecaster restored in mid-life says the same as the original for 500 buckets, to the last bit."""
    values: list[float | None] = demand(800)
    values[333] = values[401] = None
    stream = list(buckets(values, censored=frozenset({350, 420}), covariates=lambda place: (("price", place % 5.0),)))
    original = make()
    for bucket in stream[:300]:
        original.learn(bucket)
    copy = restore(original.state())
    assert copy.state() == original.state()
    for place, bucket in enumerate(stream[300:], start=300):
        original.learn(bucket)
        copy.learn(bucket)
        assert_equal(original.forecast(slots_after(place)), copy.forecast(slots_after(place)))
    assert copy.state() == original.state()


def assert_equal(one: Forecast | None, other: Forecast | None) -> None:
    """Assert that two forecasts are the same bit for bit."""
    assert one is not None
    assert other is not None
    for left, right in (
        (one.mean, other.mean),
        (one.quantiles, other.quantiles),
        (one.lead_quantiles, other.lead_quantiles),
    ):
        assert left.tobytes() == right.tobytes()
    assert (one.error, one.count) == (other.error, other.count)


def check_asking_changes_nothing(make: Make, restore: Restore) -> None:
    """Whether and how often a forecast is asked for leaves no trace in the state."""
    del restore
    asked, left_alone = make(), make()
    for place, bucket in enumerate(buckets(demand(90))):
        asked.learn(bucket)
        left_alone.learn(bucket)
        for _ in range(place % 3):
            asked.forecast(slots_after(place))
            asked.forecast(slots_after(place + 2))
    assert asked.state() == left_alone.state()


def check_the_state_is_bounded(make: Make, restore: Restore) -> None:
    """Four years of days, twenty covariates and 5,000 buckets do not let the state grow beyond 36 kB."""
    del restore
    forecaster = make()
    sizes = []
    values = [*demand(1460), *demand(3540, seed=1)]
    for place, bucket in enumerate(buckets(values, covariates=lambda place: ((f"name-{place % 20}", 1.0 * place),))):
        forecaster.learn(bucket)
        if place in (2500, 4999):
            sizes.append(len(forecaster.state()))
    assert sizes[1] < 36_864  # last year's days (3 kB), what its pool shares, covariates and the simple model included
    assert sizes[1] <= sizes[0] + 64  # counters may take more digits


def check_stock_outs_start_no_spiral(make: Make, restore: Restore) -> None:
    """Eight weeks in which stock ran out at half the forecast do not lower it; a bound above it raises it."""
    del restore
    values = demand(140)
    before = _last(run(make(), buckets(values)))
    for value in (0.0, 5.0):
        starved = [*values, *[value] * 56]
        after = _last(run(make(), buckets(starved, censored=frozenset(range(140, 196)))))
        assert after.mean[:5].sum() >= 0.9 * before.mean[:5].sum()
    sold_out = _last(run(make(), buckets([*values, *[60.0] * 56], censored=frozenset(range(140, 196)))))
    assert sold_out.mean.sum() > 1.3 * before.mean.sum()


def check_covariates_may_vanish(make: Make, restore: Restore) -> None:
    """A covariate heard for twenty weeks and then no more is masked, not taken for zero: nothing jumps."""
    del restore
    values = demand(146)
    heard = run(make(), buckets(values, covariates=lambda place: (("kelvin", 290.0 + place % 9),) * (place < 140)))
    for before, after in pairwise(one.mean.sum() for one in heard[-8:] if one is not None):
        assert 0.6 * before < after < 1.6 * before
    run(make(), buckets(values, covariates=lambda place: (("kelvin", float("nan")), ("wind", place * float("inf")))))


CHECKS: dict[str, Callable[[Make, Restore], None]] = {
    name.removeprefix("check_"): function
    for name, function in sorted(globals().items())
    if name.startswith("check_") and callable(function)
}
