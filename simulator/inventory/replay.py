"""Recorded series in, demand of worlds out: what was asked once is asked again."""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.demand import PERIODS_PER_WEEK, Demand
from simulator.inventory.smoothing import smoothed_level
from simulator.inventory.types import Float64s


@dataclass(frozen=True, eq=False, slots=True)
class Replayed:
    """Series of the same length; each world takes `items` of them, and a stretch of them where they are longer.

    The first world takes the first series and the earliest stretch; the next ones go on in the list and draw theirs.
    """

    units: Float64s  # (series, periods) asked for, >= 0
    season_periods: int = PERIODS_PER_WEEK

    def draw(self, rng: np.random.Generator, worlds: int, items: int, periods: int, history_periods: int) -> Demand:
        """Return the demand of `worlds` pools; raise ValueError when the series are too short."""
        length = self.units.shape[1]
        if length < periods:
            raise ValueError(f"the series have {length} periods; history and decided periods need {periods}")
        starts = rng.integers(0, length - periods + 1, size=worlds)
        starts[0] = 0
        rows = np.arange(worlds * items).reshape(worlds, items) % len(self.units)
        columns = starts[:, np.newaxis] + np.arange(periods)
        units = self.units[rows[..., np.newaxis], columns[:, np.newaxis, :]]
        profile = self._profile(units[..., :history_periods])
        season = profile[..., np.arange(periods) % self.season_periods]
        return Demand(smoothed_level(units, season, history_periods), profile, units, hidden=True)

    def _profile(self, history: Float64s) -> Float64s:
        """Return (worlds, n, season) factors of mean 1, drawn towards 1 where the history says little."""
        slots = np.arange(history.shape[-1]) % self.season_periods
        mean = history.mean(axis=-1, keepdims=True)
        seen = np.stack([history[..., slots == slot].sum(axis=-1) for slot in range(self.season_periods)], axis=-1)
        count = np.array([(slots == slot).sum() for slot in range(self.season_periods)])
        factors = (seen + mean) / ((count + 1) * np.maximum(mean, 1e-9))  # one period of an average day on top
        return np.asarray(factors / factors.mean(axis=-1, keepdims=True), dtype=np.float64)
