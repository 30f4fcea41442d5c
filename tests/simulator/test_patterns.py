"""Every kind of demand has the law it claims, and repeats by seed."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare, geom, nbinom, poisson

from simulator.inventory.chance import Each, Range, amounts
from simulator.inventory.patterns import Pattern
from simulator.inventory.replay import Replayed

PERIODS = 4000


def units(pattern: Pattern, seed: int = 1, items: int = 5) -> np.ndarray:
    """Return (4, items, PERIODS) units."""
    return pattern.draw(np.random.default_rng(seed), 4, items, PERIODS, 100).units


@pytest.mark.parametrize(
    ("pattern", "law"),
    [
        (Pattern("poisson", 5.0), poisson(5)),
        (Pattern("geometric", 5.0), geom(1 / 6, loc=-1)),
        (Pattern("negative-binomial", 5.0, shape=3.0), nbinom(3, 3 / 8)),
    ],
)
def test_counts_follow_the_law_they_are_named_after(pattern: Pattern, law: Any):
    """A chi-square test of 80,000 draws against the exact probabilities; the seed is fixed."""
    drawn = units(pattern).reshape(-1)
    top = int(law.isf(1e-3))
    seen = np.bincount(np.minimum(drawn, top).astype(int), minlength=top + 1)
    expected = np.append(law.pmf(np.arange(top)), law.sf(top - 1)) * drawn.size

    assert chisquare(seen, expected).pvalue > 1e-3


def test_a_season_repeats_with_its_factors():
    """Twelve factors of any scale become factors around 1, and the means follow them."""
    pattern = Pattern(mean_units=50.0, profile=tuple(float(k) for k in range(1, 13)))
    demand = pattern.draw(np.random.default_rng(2), 1, 3, 2400, 100)
    means = demand.units.reshape(3, 200, 12).mean(axis=(0, 1))

    np.testing.assert_allclose(means, 50 * np.arange(1, 13) / 6.5, rtol=0.05)
    np.testing.assert_allclose(demand.mean_units()[0, 0, :12], 50 * np.arange(1, 13) / 6.5)


def test_hidden_regimes_stay_as_long_as_they_should():
    """Two states of 3 and 8 with probability 0.9 to stay: half of the time each, ten periods at a time."""
    pattern = Pattern(mean_units=1.0, regime_factors=(3.0, 8.0), stay_ratio=0.9)
    demand = pattern.draw(np.random.default_rng(3), 10, 4, PERIODS, 100)
    high = demand.level_units == 8.0

    assert demand.hidden
    assert set(np.unique(demand.level_units)) == {3.0, 8.0}
    assert high.mean() == pytest.approx(0.5, abs=0.02)
    assert (high[..., 1:] == high[..., :-1]).mean() == pytest.approx(0.9, abs=0.005)
    assert demand.units[high].mean() == pytest.approx(8, abs=0.05)


def test_drift_moves_the_level_step_by_step():
    """Steps of the logarithm have the spread that was asked for, and no item wanders beyond a factor of three."""
    demand = Pattern(mean_units=20.0, drift=0.02).draw(np.random.default_rng(4), 4, 5, 500, 100)
    steps = np.diff(np.log(demand.level_units))

    assert steps[np.abs(steps) > 0].std() == pytest.approx(0.02, rel=0.05)
    assert np.abs(np.log(demand.level_units / 20.0)).max() <= np.log(3.0) + 1e-9


def test_amounts_are_constants_ranges_or_one_for_each_item():
    """What an item's number comes from, and the message when a pool has other items."""
    rng = np.random.default_rng(5)
    drawn = amounts(rng, Range(2.0, 200.0), (500, 4))

    assert (amounts(rng, 7.0, (2, 3)) == 7.0).all()
    assert drawn.min() >= 2
    assert drawn.max() <= 200
    assert np.median(drawn) == pytest.approx(20, rel=0.2)  # even over the orders of magnitude
    assert amounts(rng, Range(0.0, 1.0), (500, 4)).mean() == pytest.approx(0.5, abs=0.05)
    with pytest.raises(ValueError, match="2 values for 3 items"):
        amounts(rng, Each((3.0, 5.0)), (2, 3))


def test_replayed_series_are_asked_for_again():
    """The first world is the series as recorded, the next ones stretches of them; all of it is there for the asking."""
    recorded = np.arange(2 * 60, dtype=float).reshape(2, 60)
    demand = Replayed(recorded).draw(np.random.default_rng(6), 3, 2, 50, 28)

    np.testing.assert_array_equal(demand.units[0], recorded[:, :50])
    for world in range(1, 3):
        start = int(demand.units[world, 0, 0])
        np.testing.assert_array_equal(demand.units[world], recorded[:, start : start + 50])
    with pytest.raises(ValueError, match="have 60 periods; history and decided periods need 70"):
        Replayed(recorded).draw(np.random.default_rng(6), 1, 2, 70, 28)


def test_what_is_replayed_gives_no_future_away():
    """Level and season of a replayed series are learnt from what came before."""
    recorded = np.random.default_rng(7).poisson(20, (1, 90)).astype(float)
    changed = recorded.copy()
    changed[:, 60:] *= 5
    one, other = (Replayed(series).draw(np.random.default_rng(8), 1, 1, 90, 50) for series in (recorded, changed))

    np.testing.assert_array_equal(one.profile, other.profile)
    np.testing.assert_array_equal(one.level_units[..., :61], other.level_units[..., :61])
    assert (one.level_units[..., 61:] != other.level_units[..., 61:]).all()
