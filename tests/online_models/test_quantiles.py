"""Residual quantiles: known errors give known bands, and what was not said or not seen gives none."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from online_models.base import QUANTILE_LEVELS, Float64s
from online_models.plan import RING, knots_of
from online_models.quantiles import ResidualQuantiles

HUGE = 1e9


def _bands(
    residuals: ResidualQuantiles, path: list[float], periods: int, error: float, largest: float
) -> tuple[Float64s, Float64s]:
    bands = residuals.quantiles(np.array(path), periods, error, largest)
    return bands[:-1], bands[-1]


def _run(
    residuals: ResidualQuantiles, values: Sequence[float | None], said: float = 99.0, *, censored: bool = False
) -> ResidualQuantiles:
    path = [said] * residuals.plan.length
    for value in values:
        residuals.learn(value, censored=censored)
        residuals.say(path)
    return residuals


def test_bands_are_the_quantiles_of_past_errors() -> None:
    """Demand uniform around what was said gives bands of that width at every step, and of the sum over the lead."""
    rng = np.random.default_rng(1)
    residuals = _run(ResidualQuantiles(4, 3), [float(one) for one in 99.0 + rng.uniform(-50, 50, 600)])
    bands, lead = _bands(residuals, [99.0] * 4, 4, error=25.0, largest=HUGE)

    low, high = QUANTILE_LEVELS.index(0.1), QUANTILE_LEVELS.index(0.9)
    assert np.abs(bands[:, low] - 59.0).max() < 10.0
    assert np.abs(bands[:, high] - 139.0).max() < 10.0
    assert lead[QUANTILE_LEVELS.index(0.5)] == pytest.approx(297.0, abs=20.0)
    assert 2 * 297.0 / 99.0 < lead[high] - lead[low] < 2 * 80.0


def test_a_step_is_compared_with_the_period_it_was_about() -> None:
    """Demand that alternates, foretold rightly at every step ahead, leaves no error at any step."""
    residuals = ResidualQuantiles(5, 3)
    for place in range(200):
        residuals.learn(100.0 if place % 2 else 20.0, censored=False)
        residuals.say([100.0 if (place + step) % 2 else 20.0 for step in range(1, 6)])
    path = [20.0, 100.0, 20.0, 100.0, 20.0]

    bands, lead = _bands(residuals, path, 5, 0.0, HUGE)
    assert bands == pytest.approx(np.repeat(np.array(path)[:, None], 9, axis=1), abs=1e-4)
    assert lead == pytest.approx(np.full(9, 140.0), abs=1e-4)


def test_before_there_are_errors_the_guess_is_wide() -> None:
    """With nothing known, the 90 % band of 100 units spans at least half of it either way."""
    bands, _ = _bands(ResidualQuantiles(2, 2), [100.0, 100.0], 2, error=0.0, largest=HUGE)

    assert bands[0, QUANTILE_LEVELS.index(0.9)] > 150.0
    assert bands[0, QUANTILE_LEVELS.index(0.1)] < 50.0


def test_missing_periods_leave_no_error() -> None:
    """A silent period is compared with nothing, nor is a lead that contains one."""
    residuals = _run(ResidualQuantiles(1, 2), [99.0, None] * 40)

    assert residuals.counts == [39, 0]


def test_censored_periods_count_only_above_what_was_said() -> None:
    """A bound below the forecast says nothing; one above it is an error of at least that."""
    below = _run(ResidualQuantiles(1, 1), [50.0] * 40, censored=True)
    above = _run(ResidualQuantiles(1, 1), [150.0] * 40, censored=True)

    assert below.counts == [0, 0]
    assert above.counts == [39, 39]


def test_the_ring_forgets_what_is_old() -> None:
    """After RING periods of small errors the large ones before are gone."""
    residuals = _run(ResidualQuantiles(1, 1), [500.0] * 200 + [99.0] * RING)

    assert _bands(residuals, [99.0], 1, 1.0, HUGE)[0].max() == pytest.approx(99.0)


@given(
    values=st.lists(st.none() | st.floats(0, 1e6), max_size=80),
    horizon=st.integers(1, 30),
    lead=st.integers(1, 12),
    said=st.floats(0, 1e6),
)
def test_bands_are_ordered_and_bounded(values: list[float | None], horizon: int, lead: int, said: float) -> None:
    """Whatever came, quantiles are finite, non-decreasing, and within [0, largest]."""
    residuals = _run(ResidualQuantiles(horizon, lead), values, said)
    path = [min(said, 1000.0)] * max(horizon, lead)

    for bands in _bands(residuals, path, horizon, 5.0, 1000.0):
        assert np.isfinite(bands).all()
        assert (np.diff(bands, axis=-1) >= 0).all()
        assert bands.min() >= 0.0
        assert bands.max() <= 1000.0 * lead


@given(st.integers(1, 672))
def test_knots_begin_at_one_and_end_at_the_horizon(horizon: int) -> None:
    """At most eight of them, rising."""
    found = list(knots_of(horizon))

    assert found[0] == 1
    assert found[-1] == horizon
    assert len(found) <= 8
    assert found == sorted(set(found))
