"""What last year did from here is what the level is multiplied by, once there was a last year."""

import numpy as np
import pytest

from online_models.base import Slot
from online_models.yearly import RATIO_MAX, Yearly

DAYS = 900


def slot(day: int) -> Slot:
    """Return the place of a day, of years of 365 days."""
    return Slot(day % 7, day % 365)


def demand(day: int) -> float:
    """Return a year that has its peak in its last month."""
    return 40.0 if day % 365 >= 335 else 20.0


def taught(days: int, skipped: frozenset[int] = frozenset()) -> Yearly:
    """Return the model of two series after so many days, on some of which the shop was shut."""
    model = Yearly(2, 7, 28)
    for day in range(days):
        if day % 7 not in skipped:
            model.learn(slot(day), np.array([demand(day), 3.0 * demand(day)]), ())
    return model


def ahead(day: int, steps: int = 28) -> list[Slot]:
    """Return the places of the days after `day`."""
    return [slot(day + step) for step in range(1, steps + 1)]


def test_nothing_is_said_in_the_first_year() -> None:
    """Not of any day ahead, however long the horizon; then of all."""
    assert np.isnan(taught(300).paths(ahead(299))).all()
    assert np.isfinite(taught(420).paths(ahead(419))).all()


@pytest.mark.parametrize("skipped", [frozenset(), frozenset({5, 6})])
def test_the_peak_of_last_year_is_expected_again(skipped: frozenset[int]) -> None:
    """Three weeks before it, with and without days on which the shop is shut; all series alike."""
    day = 365 + 320
    path = taught(day + 1, skipped).paths(ahead(day))

    assert path[0, :5] == pytest.approx(20.0, rel=0.15)
    assert path[0, 22:] == pytest.approx(40.0, rel=0.15)
    assert path[1] == pytest.approx(3.0 * path[0], rel=1e-3)


def test_last_year_moves_the_level_within_limits() -> None:
    """A year in which demand began from nothing says no more than the limit."""
    model = Yearly(1, 7, 28)
    for day in range(DAYS):
        model.learn(slot(day), np.array([10.0 if day >= 400 else 0.01]), ())
    level = 10.0
    assert model.paths(ahead(380 + 365))[0].max() <= RATIO_MAX * level * 1.01


def test_a_restored_model_goes_on_bit_for_bit() -> None:
    """In the middle of a day's place in the ring too, and after a series has come."""
    kept, other = taught(500), Yearly(2, 7, 28)
    other.restore(kept.state())
    grown = Yearly(3, 7, 28)
    for day in range(500, 520):
        for model in (kept, other):
            model.learn(slot(day), np.array([demand(day), np.nan]), ())
    grown.adopt(kept, [1, None, 0])

    assert kept.paths(ahead(519)).tobytes() == other.paths(ahead(519)).tobytes()
    assert kept.state() == other.state()
    assert np.isnan(grown.paths(ahead(519))[1]).all()
    assert np.array_equal(grown.paths(ahead(519))[[2, 0]], kept.paths(ahead(519)))
