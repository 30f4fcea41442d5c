"""Several models of a pool's means in, one out: each series and step ahead weighs them by how they did of late.

Exponential weights (Cesa-Bianchi and Lugosi 2006, "Prediction, Learning, and Games", section 2.2): a model's weight
falls with what it lost more than the best one. A loss is the squared difference of the square roots of what was said
and what came, discounted: it weighs quiet and busy periods alike where demand is counts, and picked better quantiles
than absolute misses did. Losses are compared as ratios, so no scale has to be known, with a rate that grows with the
root of how many were seen; a series' own losses and its pool's both count, so a young series borrows from its pool. A
model that says nothing yet loses what the mixture loses (Freund et al. 1997, "Using and combining predictors that
specialize"), so that none is blamed for starting early.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.mixture_loops import mix, score, weigh
from online_models.plan import knots_of, steps_between
from online_models.together import PoolMeans

KNOTS_MAX = 4  # steps ahead with weights of their own
MEMORY_DAYS = 60.0  # that losses look back over, about
SCORED_A_DAY = 6  # forecasts that count as one each: those of shorter periods tell the same thing several times
RATE = 1.5  # times the root of the forecasts seen, of the series and of its pool

Ints = NDArray[np.intp]


class Mixture:
    """Keeps the contract `online_models.together.PoolMeans`."""

    def __init__(self, experts: Sequence[PoolMeans], series: int, slots_per_week: int, horizon_periods: int) -> None:
        self._experts = experts
        self._knots = np.array(knots_of(horizon_periods, KNOTS_MAX))
        slots_per_day = max(slots_per_week // 7, 1)
        self._share = 1.0 / (slots_per_day // SCORED_A_DAY + 1)  # of a forecast, that one counts as
        self._memory = MEMORY_DAYS * slots_per_day * self._share  # forecasts that losses look back over, about
        shape = (len(experts), len(self._knots), series)
        self._said = np.full((int(self._knots[-1]), *shape), np.nan)  # ring: units, by the period it was said in
        self._loss = np.zeros(shape)  # discounted squared differences of roots
        self._count = np.zeros(shape)  # forecasts that met their actual
        self._weights = np.ones(shape)  # how much each model counts, not yet summing to 1
        self._periods = 0
        self._is_said = True  # what is said after the last learnt period was remembered

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        if score(self._said, self._periods, self._knots, values, self._loss, self._count, self._share / self._memory):
            self._weigh()
        for expert in self._experts:
            expert.learn(slot, values, covariates)
        self._said[self._periods % len(self._said)] = np.nan
        self._periods += 1
        self._is_said = False

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series that no model knows."""
        found = np.stack([expert.paths(slots) for expert in self._experts])
        near, far, way = _between(tuple(self._knots.tolist()), len(slots))
        mixed = np.empty(found.shape[1:])
        mix(found, self._weights, near, far, way, mixed)
        if not self._is_said:
            _remember(found, mixed, self._knots, self._said[(self._periods - 1) % len(self._said)])
            self._is_said = True
        return mixed

    def _weigh(self) -> None:
        """Take the weights from the losses; a model that nothing is known of yet is as good as the best."""
        weigh(self._loss, self._count, self._share, self._memory, RATE, self._weights)

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        for expert, before in zip(self._experts, old._experts, strict=True):
            expert.adopt(before, places)
        for name in ("_said", "_loss", "_count"):
            carry(getattr(self, name), getattr(old, name), places, axis=-1)
        self._periods = old._periods
        self._weigh()

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        arrays = (self._said.astype(np.float32).tobytes(), self._loss.tobytes(), self._count.tobytes())
        return [expert.state() for expert in self._experts], *arrays, self._periods

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same experts and shape returned."""
        experts, said, loss, count, self._periods = state
        for expert, kept in zip(self._experts, experts, strict=True):
            expert.restore(kept)
        self._said[...] = np.frombuffer(said, np.float32).reshape(self._said.shape)
        self._loss[...] = np.frombuffer(loss).reshape(self._loss.shape)
        self._count[...] = np.frombuffer(count).reshape(self._count.shape)
        self._weigh()


def _between(knots: tuple[int, ...], periods: int) -> tuple[Ints, Ints, Float64s]:
    near, far, way = steps_between(knots, periods)
    return near[:-1], far[:-1], way[:-1, 0]


def _remember(said: Float64s, mixed: Float64s, knots: Ints, kept: Float64s) -> None:
    """Keep, (models, knots, series), what each model says of the knots; of one that is silent what the mixture says.

    In single precision, as they are stored.
    """
    for knot in range(knots.shape[0]):
        step = knots[knot] - 1
        if step < said.shape[2]:
            told = said[:, :, step]
            kept[:, knot] = np.where(np.isnan(told), mixed[:, step], told).astype(np.float32)
