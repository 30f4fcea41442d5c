"""Quantiles of a pool: new series borrow, classes differ, and what covers too little is widened."""

import numpy as np
import pytest

from online_models import pool_spread, registry
from online_models.base import QUANTILE_LEVELS, PoolBucket, PoolForecaster, Slot
from online_models.plan import RING, TRUSTED
from online_models.pool_spread import PoolSpread
from online_models.quantiles import UNFILLED

LOW, HIGH = QUANTILE_LEVELS.index(0.1), QUANTILE_LEVELS.index(0.9)


class Rings:
    """A pool's residuals of one step ahead, fed a period at a time."""

    def __init__(self, series: int) -> None:
        self.spread = PoolSpread(series, 1, slots_per_day=1)
        self.kept = np.full((series, 1, RING), UNFILLED, dtype=np.float32)
        self.counts = np.zeros((series, 1), dtype=np.intp)

    def learn(self, residuals: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Learn one period and return whether each residual lay in the band said before it, (series,)."""
        table = self.spread.table[:, 0]
        inside = (residuals >= table[:, LOW]) & (residuals <= table[:, HIGH])
        for one in np.flatnonzero(~np.isnan(residuals)).tolist():
            self.kept[one, 0, self.counts[one, 0] % RING] = residuals[one]
            self.counts[one, 0] += 1
        self.spread.learn(residuals[:, None], values, self.kept.copy(), np.minimum(self.counts, RING))
        return inside


def test_a_new_series_borrows_from_its_pool_until_it_knows_itself() -> None:
    """With no residual of its own it is forecast by those of its class, with a full ring mostly by its own."""
    rng = np.random.default_rng(4)
    rings = Rings(4)
    widths = np.array([1.0, 1.0, 1.0, 5.0])
    for day in range(400):
        residuals = rng.normal(0.0, widths)
        residuals[3] = residuals[3] if day >= 200 else np.nan
        rings.learn(residuals, np.full(4, 10.0))
        if day == 199:
            assert rings.spread.is_known.all()
            assert np.allclose(rings.spread.table[3, 0], rings.spread.table[:3, 0].mean(axis=0), atol=0.4)
    assert rings.spread.table[3, 0, HIGH] > 3.0 * rings.spread.table[0, 0, HIGH]


def test_classes_of_volume_have_spreads_of_their_own() -> None:
    """Quiet series spread otherwise than busy ones, and a new quiet one borrows from the quiet."""
    rng = np.random.default_rng(5)
    rings = Rings(12)
    volumes = np.repeat([1.0, 10.0, 100.0], 4)
    for _ in range(200):
        residuals = rng.normal(0.0, np.sqrt(volumes))
        residuals[[0, 11]] = np.nan
        rings.learn(residuals, volumes)
    widths = rings.spread.table[:, 0, HIGH] - rings.spread.table[:, 0, LOW]
    assert widths[11] > 5.0 * widths[0]


def test_what_covers_too_little_is_widened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bands of a world that grows by and by cover more with the correction than without."""
    coverage = {}
    for correction in (0.0, pool_spread.CORRECTION * 10.0):
        monkeypatch.setattr(pool_spread, "CORRECTION", correction)
        rng, rings, inside = np.random.default_rng(6), Rings(6), []
        for day in range(900):
            found = rings.learn(rng.normal(0.0, np.exp(day / 150.0), 6), np.full(6, 10.0))
            inside += found.tolist() if day > 300 else []
        coverage[correction] = float(np.mean(inside))
    before, after = coverage.values()
    assert before < 0.76
    assert before + 0.01 < after < 0.84


def pool(series: int) -> PoolForecaster:
    """Return a new mixture of daily series."""
    return registry.create_pool("mixture", slots_per_week=7, horizon_periods=7, lead_periods=[3] * series)


def test_bands_of_counts_cover_what_they_say() -> None:
    """Seven days ahead and one, of quiet and busy shops, and the sum over the lead time."""
    rng = np.random.default_rng(7)
    rates = np.array([2.0, 3.0, 4.0, 20.0, 30.0, 40.0, 200.0, 300.0, 400.0])
    week = np.array([1.0, 0.9, 0.8, 0.9, 1.4, 1.6, 0.4])
    values = rng.poisson(rates * np.resize(week, 600)[:, None]).astype(float)
    models, inside = pool(9), {1: [], 7: [], "lead": []}
    for day in range(590):
        models.learn(PoolBucket(day * 86_400.0, Slot(day % 7), values[day], np.zeros(9, bool)))
        said = models.forecast([Slot((day + step) % 7) for step in range(1, 8)])
        if day < 200:
            continue
        for one, forecast in enumerate(said):
            assert forecast is not None
            for ahead in (1, 7):
                low, high = forecast.quantiles[ahead - 1, [LOW, HIGH]]
                inside[ahead].append(low <= values[day + ahead, one] <= high)
            low, high = forecast.lead_quantiles[[LOW, HIGH]]
            inside["lead"].append(low <= values[day + 1 : day + 4, one].sum() <= high)
    for found in inside.values():
        assert 0.76 < np.mean(found) < 0.90


def test_nothing_is_known_of_nothing() -> None:
    """Before twenty residuals, own or of the class, the wide guess stands."""
    rings = Rings(2)
    for _ in range(TRUSTED // 2 - 1):
        rings.learn(np.zeros(2), np.ones(2))
    assert not rings.spread.is_known.any()
    rings.learn(np.zeros(2), np.ones(2))
    rings.learn(np.zeros(2), np.ones(2))
    assert rings.spread.is_known.all()
