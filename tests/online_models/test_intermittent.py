"""Slow movers: the formulas are the papers', closed days are no lack of demand, large sales are believed."""

import numpy as np
import pytest

from online_models import intermittent
from online_models.base import Float64s, Slot
from online_models.intermittent import ALPHAS, BETAS, CROSTON_RATE, Intermittent


def taught(values: Float64s, slots_per_week: int = 7) -> Intermittent:
    """Return a model of a pool that has learnt `values`, (periods, series)."""
    model = Intermittent(values.shape[1], slots_per_week, 7)
    for place, row in enumerate(values):
        model.learn(Slot(place % slots_per_week), row.copy(), ())
    return model


def sold(periods: int, chance: float, seed: int = 3) -> Float64s:
    """Return one series of sales now and then, of one to forty units, (periods, 1)."""
    rng = np.random.default_rng(seed)
    return (rng.random((periods, 1)) < chance) * rng.geometric(0.15, (periods, 1)).astype(float)


def test_without_a_week_it_is_the_formulas_of_the_papers(monkeypatch: pytest.MonkeyPatch) -> None:
    """TSB's size and chance and Croston's interval, with rates of 1 / k at first."""
    flat = intermittent._LIMITS.copy()
    flat[2] = flat[5] = 1e12  # sales with which a slot is as any other: no evidence moves it
    monkeypatch.setattr(intermittent, "_LIMITS", flat)
    values = sold(400, 0.2)
    model = taught(values)
    size, chance, interval, gap, sales = 0.0, 0.0, 0.0, 0, 0
    for place, value in enumerate(values[:, 0], start=1):
        gap += 1
        chance += max(BETAS[1], 1 / place) * ((value > 0) - chance)
        if value > 0:
            sales += 1
            size += max(ALPHAS[1], 1 / sales) * (value - size)
            interval += max(CROSTON_RATE, 1 / sales) * (gap - interval)
            gap = 0

    assert model._sizes[1, 0] == pytest.approx(size, rel=1e-9)
    assert model._chances[1, 0] == pytest.approx(chance, rel=1e-9)
    assert model._gaps[0, 0] == pytest.approx(interval, rel=1e-9)
    assert said_by(model, len(ALPHAS) + 1) == pytest.approx(size * chance)
    assert said_by(model, len(ALPHAS) * len(BETAS) + 1) == pytest.approx(size / interval)


def said_by(model: Intermittent, candidate: int) -> float:
    """Return what one candidate says: the errors are set so that it is the best."""
    model._errors[...] = 1.0
    model._errors[candidate] = 0.0
    return float(model.paths([Slot(0)])[0, 0])


def test_closed_days_are_no_lack_of_demand() -> None:
    """Of a shop that is closed at weekends, open days are forecast as they are, closed ones as nothing."""
    values = np.repeat(sold(1000, 0.25), 3, axis=1)
    for series in range(3):
        values[:, series] = np.roll(values[:, series], 311 * series)
    open_days = np.arange(1000) % 7 < 5
    values[~open_days] = 0.0
    path = taught(values).paths([Slot(day) for day in range(7)])

    assert path[:, 5:].max() < 0.05 * path[:, :5].mean()
    assert path[:, :5].mean() == pytest.approx(values[open_days][-300:].mean(), rel=0.25)


def test_large_sales_are_believed() -> None:
    """Sizes from one to a hundred at one day in thirty: the mean is kept, none is cut as a spike."""
    rng = np.random.default_rng(5)
    values = (rng.random((6000, 4)) < 1 / 30) * np.ceil(rng.pareto(2.5, (6000, 4)) * 10.0)
    model, said = Intermittent(4, 7, 7), []
    for place, row in enumerate(values):
        model.learn(Slot(place % 7), row.copy(), ())
        said.append(model.paths([Slot((place + 1) % 7)])[:, 0])

    assert np.array(said[1000:-1]).mean() == pytest.approx(values[1001:].mean(), rel=0.1)


def test_what_sells_no_more_fades() -> None:
    """A year after the last sale next to nothing is forecast, where Croston's interval stands still."""
    values = np.vstack([sold(400, 0.3), np.zeros((365, 1))])
    model = taught(values)

    assert model.paths([Slot(0)])[0, 0] < 0.05 * values[:400].mean()
    assert model._gaps[0, 0] < 10.0
