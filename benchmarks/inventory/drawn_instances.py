"""Ranges of lost-sales instances and a seed in, one network for all of them out.

Instances are drawn over continuous ranges of everything that tells them apart; the network is told nothing but what
`policies.features` shows of their forecasts and costs.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from simulator.inventory.chance import log_uniform
from simulator.inventory.types import Float64s, Int64s
from simulator.training.known_instances import Known, known
from simulator.training.lost_sales_bed import Bed


@dataclass(frozen=True, slots=True)
class Reach:
    """From which ranges instances are drawn."""

    mean_units: tuple[float, float] = (2.0, 14.0)  # per period, logarithmic
    dispersion: tuple[float, float] = (0.0, 1.25)  # (variance - mean) / mean^2: 0 is Poisson, 1 geometric
    poisson_ratio: float = 0.3  # of the instances are Poisson
    lost_sale_cost: tuple[float, float] = (3.0, 50.0)  # times the holding cost, logarithmic
    lead_time_periods: tuple[int, int] = (1, 10)  # both ends belong to it


@dataclass(frozen=True, slots=True)
class MixedLaws:
    """Negative binomial demand, each row with its own mean and dispersion."""

    mean_units: Float64s  # (n,)
    dispersion: Float64s  # (n,)

    def draw(self, rng: np.random.Generator, rows: Int64s, periods: int) -> Float64s:
        """Return (periods, n) units: Poisson, with a gamma mean where there is dispersion."""
        mean, dispersion = self.mean_units[rows], self.dispersion[rows]
        lumpy = np.flatnonzero(dispersion > 0)
        means = np.broadcast_to(mean, (periods, len(rows))).copy()
        shape = 1.0 / dispersion[lumpy]
        means[:, lumpy] = rng.gamma(shape, mean[lumpy] / shape, size=(periods, len(lumpy)))
        return rng.poisson(means).astype(np.float64)

    def probability(self, periods: Int64s, units: int) -> Float64s:
        """Return (n, units) the probabilities of 0, 1, .. units in so many periods (n,)."""
        mean, counts = (self.mean_units * periods)[:, np.newaxis], np.arange(units)
        shape = (periods / np.maximum(self.dispersion, 1e-9))[:, np.newaxis]
        lumpy = stats.nbinom.pmf(counts, shape, shape / (shape + mean))
        steady = stats.poisson.pmf(counts, mean)
        return np.asarray(np.where(self.dispersion[:, np.newaxis] > 0, lumpy, steady), dtype=np.float64)


def drawn(rng: np.random.Generator, instances: int, reach: Reach) -> tuple[Known, MixedLaws]:
    """Return what is known of instances drawn from `reach`, and their demand."""
    mean = log_uniform(rng, reach.mean_units, (instances,))
    dispersion = rng.uniform(*reach.dispersion, size=instances) * (rng.random(instances) >= reach.poisson_ratio)
    lead = rng.integers(reach.lead_time_periods[0], reach.lead_time_periods[1] + 1, size=instances)
    lost_sale_cost = log_uniform(rng, reach.lost_sale_cost, (instances,))
    laws = MixedLaws(mean, dispersion)
    one = np.ones(instances, dtype=np.int64)
    return known(
        laws.probability(one, _enough(mean, dispersion, one)),
        laws.probability(lead + 1, _enough(mean, dispersion, lead + 1)),
        lead,
        lost_sale_cost,
        np.ones(instances),
    ), laws


def _enough(mean: Float64s, dispersion: Float64s, periods: Int64s) -> int:
    """Return so many units that almost no demand of any instance is above them."""
    spread = np.sqrt(periods * (mean + dispersion * mean**2))
    return int((periods * mean + 12.0 * spread).max()) + 20


def training_bed(rng: np.random.Generator, instances: int, stretch_rows: int, reach: Reach) -> Bed:
    """Return a world of `instances` rows of as many instances."""
    beforehand, laws = drawn(rng, instances, reach)
    return Bed(beforehand, laws, np.arange(instances), stretch_rows)
