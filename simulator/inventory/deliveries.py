"""Promised lead times in, what orders really take and which never come out, drawn before the first order."""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.chance import Amount, amounts
from simulator.inventory.types import Float64s, Int64s


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How suppliers keep their promises; the default is exactly."""

    late_ratio: Amount = 0.0  # share of orders that take another time than promised
    delay_periods: tuple[int, int] = (1, 3)  # how much longer these take, all alike, both ends belong to it
    crossing: bool = True  # whether an order may overtake an earlier one
    lost_ratio: Amount = 0.0  # share of orders that never come
    patience_periods: int = 4  # after the promised date an order that has not come is written off

    @property
    def kept(self) -> bool:
        """Return whether every order takes the time it was promised."""
        return self.late_ratio == 0.0 and self.lost_ratio == 0.0

    def draw(self, rng: np.random.Generator, promised: Int64s, periods: int) -> "Drawn":
        """Return lead times and losses of orders placed in each of `periods`; nothing is drawn where all is kept."""
        if self.kept:
            shape = (*promised.shape, periods)
            return Drawn(np.broadcast_to(promised[..., np.newaxis], shape), np.broadcast_to(1.0, shape))
        low, high = self.delay_periods
        shape = (*promised.shape, periods)
        late = rng.random(shape) < amounts(rng, self.late_ratio, promised.shape)[..., np.newaxis]
        delay = np.where(late, rng.integers(low, high + 1, size=shape), 0)
        lead = np.maximum(promised[..., np.newaxis] + delay, 0)
        lost = rng.random(shape) < amounts(rng, self.lost_ratio, promised.shape)[..., np.newaxis]
        return Drawn(lead if self.crossing else _in_order(lead), np.where(lost, 0.0, 1.0))


AS_PROMISED = Deliveries()


@dataclass(frozen=True, slots=True)
class Drawn:
    """What becomes of an order placed in each period."""

    lead_time_periods: Int64s  # (worlds, n, periods)
    arrived_ratio: Float64s  # (worlds, n, periods) 1.0, or 0.0 of an order that never comes


def _in_order(lead: Int64s) -> Int64s:
    """Return lead times with which no order arrives before an earlier one.

    Source: Kaplan 1970, "A dynamic inventory model with stochastic lead times", Management Science 16(7), whose orders
    do not cross.

    >>> _in_order(np.array([3, 0, 0, 2]))
    array([3, 2, 1, 2])
    """
    moments = np.maximum.accumulate(lead + np.arange(lead.shape[-1]), axis=-1)
    return np.asarray(moments - np.arange(lead.shape[-1]), dtype=np.int64)
