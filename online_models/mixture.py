"""Several models of a pool's means in, one out: each series and step ahead weighs them by how they did of late.

Exponential weights (Cesa-Bianchi and Lugosi 2006, "Prediction, Learning, and Games", section 2.2) of a model's regret:
by how much the mixture would have lost less, had it gone half-way to what the model said. All the way would single out
one model; a step of no length, the gradient, looks for the best mean of all, and pays for that where little is known.
Regrets are counted in their own standard deviations, so that no scale has to be known (the second-order rate of
Gaillard, Stoltz and van Erven 2014, "A second-order bound with excess losses"); a series' own and its pool's count,
so a young series borrows from its pool. A model that says nothing is taken to say what the mixture says, and neither
gains nor loses by it (Freund et al. 1997, "Using and combining predictors that specialize"). The first of the models
begins ahead of the others: a prior, which costs little where it is wrong and saves a year of days where it is right.

A loss is the squared difference of the square roots of what was said and what came: it weighs quiet and busy periods
alike where demand is counts, and picked better quantiles than absolute misses did.
"""

import functools
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.mixture_loops import Regrets
from online_models.plan import knots_of, nearest_knots, steps_between
from online_models.together import PoolMeans

KNOTS_MAX = 4  # steps ahead with weights of their own
MEMORY_DAYS = 240.0  # that regrets look back over, about; 60 forecasts worse by half a percent, 500 is slow to turn
SCORED_A_DAY = 6  # forecasts, about: of shorter periods not all, at hours that move round the day
AWAKE = 0.01  # of all weight: between scored forecasts, a model that counts for less everywhere is not asked
RATE = 0.5  # times the regret of a series and of its pool, in standard deviations
HEAD_START = 30.0  # times the weight of each other, that the first model begins with: it was best on most spans

Ints = NDArray[np.intp]


class Mixture:
    """Keeps the contract `online_models.together.PoolMeans`."""

    def __init__(self, experts: Sequence[PoolMeans], series: int, slots_per_week: int, horizon_periods: int) -> None:
        self._experts = experts
        self._steps = knots_of(horizon_periods, KNOTS_MAX)
        self._knots = np.array(self._steps)
        slots_per_day = max(slots_per_week // 7, 1)
        self._every = slots_per_day // SCORED_A_DAY + 1  # periods from one scored forecast to the next
        forgetting = self._every / (MEMORY_DAYS * slots_per_day)  # of a regret, with each scored forecast
        shape = (len(experts), len(self._knots), series)
        ring = (int(self._knots[-1]), len(experts) + 1, *shape[1:])
        # What was said, units, by the period it was said in; the mixture's own last.
        self._said = np.full(ring, np.nan, dtype=np.float32)
        self._regret = np.zeros(shape)  # discounted
        self._square = np.zeros(shape)  # of its steps, discounted
        self._error = np.zeros(shape[1:])  # discounted squared differences of roots, of the mixture
        self._count = np.zeros(shape[1:])  # forecasts that met their actual
        self._weights = np.ones(shape)  # how much each model counts, not yet summing to 1
        self._weights[0] = HEAD_START
        self._awake = np.ones(len(experts), np.uint8)
        self._regrets = Regrets(
            self._knots, self._said, self._regret, self._square, self._error, self._count, self._weights, self._awake,
            np.array([forgetting, RATE, HEAD_START, AWAKE]),
        )  # fmt: skip
        self._periods = 0
        self._is_said = True  # what is said after the last learnt period was remembered

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        self._regrets.learn(values, self._periods)
        for expert in self._experts:
            expert.learn(slot, values, covariates)
        self._periods += 1
        self._is_said = False

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series that no model knows."""
        found = np.empty((len(self._experts), self._weights.shape[2], len(slots)))
        is_scored, awake = self._periods % self._every == 0, self._awake.tolist()
        for place, expert in enumerate(self._experts):
            found[place] = expert.paths(slots) if is_scored or awake[place] else np.nan
        between, mixed = _between(self._steps, len(slots)), np.empty(found.shape[1:])
        if not self._regrets.mix(found, *between, mixed) and not is_scored:
            for place, expert in enumerate(self._experts):  # those that count know too little of some series
                found[place] = found[place] if awake[place] else expert.paths(slots)
            self._regrets.mix(found, *between, mixed)
        if is_scored and not self._is_said:
            self._regrets.remember(found, mixed, self._periods - 1)
        self._is_said = True
        return mixed

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of other series or another horizon but else alike, learnt of those that stay.

        Of another horizon, what was said and waits for its actual is let go of, and a step begins with the nearest's.
        """
        for expert, before in zip(self._experts, old._experts, strict=True):
            expert.adopt(before, places)
        if self._steps == old._steps:
            carry(self._said, old._said, places, axis=-1)
        near = nearest_knots(self._steps, old._steps)
        for name in _KEPT:
            carry(getattr(self, name), np.take(getattr(old, name), near, axis=-2), places, axis=-1)
        self._periods = old._periods
        self._regrets.weigh()

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        arrays = packed(self, _KEPT)
        return (
            [expert.state() for expert in self._experts],
            self._said.tobytes(),
            arrays,
            self._periods,
        )

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same experts and shape returned."""
        experts, said, arrays, self._periods = state
        for expert, kept in zip(self._experts, experts, strict=True):
            expert.restore(kept)
        self._said[...] = np.frombuffer(said, np.float32).reshape(self._said.shape)
        unpack(self, _KEPT, arrays)
        self._regrets.weigh()


_KEPT = ("_regret", "_square", "_error", "_count")


@functools.lru_cache(maxsize=256)
def _between(knots: tuple[int, ...], periods: int) -> tuple[Ints, Ints, Float64s]:
    near, far, way = steps_between(knots, periods)
    return near[:-1], far[:-1], way[:-1, 0].copy()
