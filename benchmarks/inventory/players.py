"""Who plays InventoryBench: its paper's rule, a rule that forgets, and the policy that was trained on generated demand.

A player is made for the instances it plays and holds what it has learnt of them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from benchmarks.inventory.instances import Instances
from policies.inventory.streaming import AGES, Streaming

Float64s = NDArray[np.float64]

CAP_QUANTILE = float(norm.ppf(0.95))
MEAN_RATE, VARIANCE_RATE = 0.4, 0.15  # weights of the newest period
KNOWN_PERIODS = 5


class CappedBaseStock:
    """The rule of the benchmark's paper: mean and deviation of all demand so far, a promised lead time, a cap.

    Source: arXiv 2602.12631.
    """

    def __init__(self, instances: Instances) -> None:
        """Begin with no demand known."""
        terms = instances.terms
        self._lead = instances.promised_periods
        self._quantile = norm.ppf(terms.unit_profit / (terms.unit_profit + terms.holding_cost))
        self._past: list[Float64s] = []

    def learn(self, demand_units: Float64s) -> None:
        """Keep the demand."""
        self._past.append(demand_units)

    def decide(self, on_hand: Float64s, outstanding_units: Float64s) -> Float64s:
        """Return what is missing to the level, at most the cap."""
        mean, deviation = self._moments()
        protected = self._lead + 1.0
        level = protected * mean + self._quantile * np.sqrt(protected) * deviation
        missing = level - on_hand - self._coming(outstanding_units)
        return np.floor(np.maximum(np.minimum(missing, mean + CAP_QUANTILE * deviation), 0.0))

    def _moments(self) -> tuple[Float64s, Float64s]:
        past = np.array(self._past)
        return past.mean(axis=0), past.std(axis=0, ddof=1)

    def _coming(self, outstanding_units: Float64s) -> Float64s:
        return np.asarray(outstanding_units.sum(axis=1), dtype=np.float64)


class ForgettingBaseStock(CappedBaseStock):
    """The same rule on exponential moments; a late order counts as far as it may still come."""

    def __init__(self, instances: Instances) -> None:
        """Begin with no demand known."""
        super().__init__(instances)
        self._stochastic = instances.stochastic[:, np.newaxis]
        self._mean = self._variance = np.zeros(0)

    def learn(self, demand_units: Float64s) -> None:
        """Move mean and variance; they begin at the first known period and the variance of all known ones."""
        self._past.append(demand_units)
        if len(self._past) < KNOWN_PERIODS:
            return
        recent = [demand_units]
        if len(self._past) == KNOWN_PERIODS:
            self._mean, self._variance = self._past[0], np.var(self._past, axis=0, ddof=1)
            recent = self._past[1:]
        for demand in recent:
            surprise = demand - self._mean
            self._mean = self._mean + MEAN_RATE * surprise
            self._variance = (1.0 - VARIANCE_RATE) * self._variance + VARIANCE_RATE * surprise**2

    def _moments(self) -> tuple[Float64s, Float64s]:
        return self._mean, np.sqrt(self._variance)

    def _coming(self, outstanding_units: Float64s) -> Float64s:
        """Return the units that are expected: of age k, (4 - k) / (5 - k) where a quarter is lost."""
        age = np.arange(1.0, outstanding_units.shape[1] + 1.0)
        chance = np.where(age < AGES, (AGES - age) / np.maximum(AGES + 1 - age, 1.0), 0.0)
        return np.asarray((outstanding_units * np.where(self._stochastic, chance, 1.0)).sum(axis=1), dtype=np.float64)


class Learned:
    """The trained policy, through the lines that serve it."""

    def __init__(self, instances: Instances, policy: Streaming) -> None:
        """Begin with no demand known."""
        self._policy, self._terms = policy, instances.terms
        self._remembered = policy.begin(len(instances.family))

    def learn(self, demand_units: Float64s) -> None:
        """Let the policy remember."""
        self._remembered = self._policy.learn(self._remembered, demand_units)

    def decide(self, on_hand: Float64s, outstanding_units: Float64s) -> Float64s:
        """Return what the policy orders; it does not ask for orders older than it can tell apart."""
        return self._policy.decide(self._remembered, self._terms, on_hand, outstanding_units[:, :AGES])
