"""The seasonal regression: its solution is least squares with a ridge, it helps, and nothing makes it diverge."""

from collections.abc import Iterator

import numpy as np
import pytest

from online_models import snarimax
from online_models.base import Float64s, Slot
from online_models.smoothing import Smoothing
from online_models.snarimax import CEILING, RIDGE, Snarimax
from online_models.together import PoolMeans
from tests.online_models.apart import Apart

HORIZON = 24


def said_of(model: PoolMeans, values: Float64s, covariate: Float64s | None = None) -> Iterator[Float64s]:
    """Teach hourly `values`, (periods,), and yield what is said of the next day after each."""
    for hour, value in enumerate(values):
        known = () if covariate is None else (("heat", float(covariate[hour])),)
        model.learn(Slot(hour % 168), np.array([value]), known)
        yield model.paths([Slot((hour + step) % 168) for step in range(1, HORIZON + 1)])[0]


def carried(periods: int, seed: int = 2) -> tuple[Float64s, Float64s]:
    """Return demand with a daily shape, of which what is off carries over, and a covariate that it follows."""
    rng = np.random.default_rng(seed)
    shape = 100.0 + 60.0 * np.sin(np.arange(periods) * 2.0 * np.pi / 24.0)
    heat, off = rng.standard_normal(periods), np.zeros(periods)
    for hour in range(1, periods):
        off[hour] = 0.8 * off[hour - 1] + 6.0 * heat[hour - 1] + rng.normal(0.0, 3.0)
    return np.maximum(shape + off, 0.0), heat


def one_step(model: PoolMeans, values: Float64s, covariate: Float64s | None = None) -> float:
    """Return the mean absolute error of what is said an hour before, over the second half."""
    said = np.array([path[0] for path in said_of(model, values, covariate)])
    half = len(values) // 2
    return float(np.abs(said[half:-1] - values[half + 1 :]).mean())


def test_what_carries_over_and_covariates_are_learnt() -> None:
    """An hour ahead a third less is missed than by smoothing, and of the rest a third less with the covariate."""
    values, heat = carried(168 * 12)
    smoothed = one_step(Apart(Smoothing, 1, 168), values)
    alone = one_step(Snarimax(1, 168, HORIZON), values)

    assert alone < 0.7 * smoothed
    assert one_step(Snarimax(1, 168, HORIZON), values, heat) < 0.7 * alone


@pytest.mark.parametrize("seed", range(4))
def test_nothing_makes_it_diverge(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth, random walks, shifts, spikes, gaps and silence without a ridge worth the name: bounded, finite."""
    monkeypatch.setattr(snarimax, "RIDGE", 1e-3)
    rng = np.random.default_rng(seed)
    walk = np.abs(np.cumsum(rng.normal(0.0, 10.0, 1500)))
    growth = 1.02 ** np.arange(600.0)
    values = np.concatenate([walk, growth, np.zeros(400), 1e6 * (rng.random(500) < 0.02), np.full(300, 7.0)])
    values[rng.random(len(values)) < 0.1] = np.nan
    model, largest = Snarimax(1, 168, HORIZON), 0.0
    for value, path in zip(values, said_of(model, values), strict=True):
        largest = max(largest, 0.0 if np.isnan(value) else value)
        if not np.isnan(path).any():
            assert (path >= 0.0).all()
            assert (path <= CEILING * largest + 1e-6).all()
    assert np.isfinite(model._weights).all()


def test_weights_are_those_of_least_squares_with_a_ridge() -> None:
    """As NumPy solves the same normal equations."""
    values, _ = carried(501)
    model = Snarimax(1, 168, HORIZON)
    list(said_of(model, values))  # the last hour is one of those after which weights are solved for
    used = model._weights.shape[1]
    lower = np.zeros((used, used))
    lower[np.tril_indices(used)] = model._information[0]
    normal = lower + np.tril(lower, -1).T + RIDGE * np.eye(used)

    assert np.abs(lower).max() > 100.0
    assert model._weights[0] == pytest.approx(np.linalg.solve(normal, model._moments[0]), rel=1e-9)


def test_where_the_week_alone_is_better_it_alone_is_said() -> None:
    """A regression that lost of late is silent, and what is said is the smoothed week."""
    values, _ = carried(600)
    model = Snarimax(1, 168, HORIZON)
    path = list(said_of(model, values))[-1]
    slots = [Slot((599 + step) % 168) for step in range(1, HORIZON + 1)]
    week = model._profile[0, [slot.of_week for slot in slots]]
    assert (path != week).any()
    model._numbers[2] = 2.0 * model._numbers[3] + 1.0
    assert model.paths(slots)[0].tolist() == week.tolist()
