"""Drawn futures of AutoETS against what statsforecast tells of single periods, for every form that it chooses."""

import numpy as np
import pytest
from statsforecast.ets import ets_f, forecast_ets

from ops.backtest.peers.paths import paths, sum_quantiles

FORMS = [
    ("ANN", False), ("AAN", False), ("AAN", True), ("ANA", False), ("AAA", False), ("AAA", True), ("MNN", False),
    ("MAN", False), ("MNA", False), ("MNM", False), ("MAM", True),
]  # fmt: skip


def seen() -> np.ndarray:
    """Return twenty weeks with a trend, a season and noise."""
    days = np.arange(140)
    noise = np.random.default_rng(0).normal(0.0, 2.0, 140)
    found: np.ndarray = 50.0 + 0.2 * days + 8.0 * np.sin(days * 2.0 * np.pi / 7.0) + noise
    return found


@pytest.mark.parametrize(("form", "damped"), FORMS)
def test_single_periods_are_spread_as_statsforecast_says(form: str, *, damped: bool) -> None:
    """Means and deviations agree; of multiplicative seasons its formula is an approximation."""
    model = ets_f(seen(), 7, model=form, damped=damped)
    told = forecast_ets(model, h=10, level=[80])
    deviation = (told["hi-80"] - told["lo-80"]) / 2.0 / 1.28155
    drawn = paths(model, 10)

    assert np.allclose(drawn.mean(axis=0), told["mean"], atol=0.15 * deviation.max())
    assert np.allclose(drawn.std(axis=0), deviation, rtol=0.2 if form.endswith("M") else 0.06)


def test_a_sum_is_wider_than_of_independent_periods() -> None:
    """All periods of a path share the level that it wandered to: the analytic deviation of simple smoothing.

    Of the sum of m periods it is sigma times the root of the sum over i < m of (1 + alpha i) squared.
    """
    model = ets_f(seen(), 7, model="ANN", damped=False)
    reach = 1.0 + model["par"][0] * np.arange(7)
    deviation = np.sqrt(model["sigma2"] * (reach**2).sum())
    low, high = sum_quantiles(model, [True] * 7, (0.1, 0.9))

    assert (high - low) / 2.0 / 1.28155 == pytest.approx(deviation, rel=0.06)
    assert deviation > 1.3 * np.sqrt(7 * model["sigma2"])
    assert np.array_equal(sum_quantiles(model, [True] * 7, (0.1, 0.9)), [low, high])
