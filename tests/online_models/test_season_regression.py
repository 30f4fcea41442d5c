"""What the pool's regression knows of holidays, and what it keeps."""

import numpy as np

from online_models.base import Float64s, Slot
from online_models.season_regression import SeasonRegression


def hours(count: int) -> Float64s:
    """Return counts of two series by hours, with a shape of the day, gaps and a spike; holidays are quiet."""
    rng = np.random.default_rng(8)
    hour = np.arange(count)
    rates = np.where(hour // 24 % 11 == 10, 4.0, 30.0 + 20.0 * np.sin(hour / 24.0 * 2.0 * np.pi))
    values = rng.poisson(rates[:, None] * [1.0, 0.2]).astype(float)
    values[rng.random(values.shape) < 0.05] = np.nan
    values[300] *= 30.0
    return values


def is_holiday(hour: int) -> bool:
    """Return whether an hour lies in a holiday: every eleventh day."""
    return hour // 24 % 11 == 10


def slots(first: int, count: int) -> list[Slot]:
    """Return where hours lie."""
    return [Slot(hour % 168, 0, is_holiday(hour)) for hour in range(first, first + count)]


def test_a_holiday_is_foreseen() -> None:
    """Once a few quiet holidays were seen, the next one is said to be quiet a day ahead."""
    values, model = hours(2640), SeasonRegression(2, 168, 24)
    for hour, row in enumerate(values[: 24 * 109 - 12]):
        model.learn(slots(hour, 1)[0], row, ())
        model.paths(slots(hour + 1, 24))
    known = model.paths(slots(24 * 109 - 12, 24))
    unknown = model.paths([Slot(slot.of_week) for slot in slots(24 * 109 - 12, 24)])

    assert is_holiday(24 * 109)
    assert known[0, 12:].mean() < 0.6 * unknown[0, 12:].mean()


def test_weights_are_finite_whatever_comes() -> None:
    """Zeros, a constant, gaps and huge values leave finite means."""
    rng, model = np.random.default_rng(9), SeasonRegression(3, 7, 5)
    for day in range(400):
        huge = 10.0 ** rng.integers(0, 12)
        row = np.array([0.0, 5.0, huge if day % 3 else np.nan])
        model.learn(Slot(day % 7), row, (("rain", huge),))
        model.paths([Slot((day + step) % 7) for step in range(1, 6)])

    assert np.isfinite(model.paths([Slot(day) for day in range(7)])).all()
