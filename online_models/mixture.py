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

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.plan import knots_of, steps_between
from online_models.together import PoolMeans

KNOTS_MAX = 4  # steps ahead with weights of their own
MEMORY_DAYS = 60.0  # that losses look back over, about
RATE = 1.5  # times the root of the forecasts seen, of the series and of its pool
SCORED_A_DAY = 6  # forecasts, about: of shorter periods not all, at hours that move round the day
AWAKE = 0.01  # of all weight: between scored forecasts, a model that counts for less everywhere is not asked
ROOTED = 3.0 / 8.0  # added before the root is taken: counts then spread alike (Anscombe 1948, Biometrika 35)


class Mixture:
    """Keeps the contract `online_models.together.PoolMeans`."""

    def __init__(self, experts: Sequence[PoolMeans], series: int, slots_per_week: int, horizon_periods: int) -> None:
        self._experts = experts
        self._knots = knots_of(horizon_periods, KNOTS_MAX)
        slots_per_day = max(slots_per_week // 7, 1)
        self._every = slots_per_day // SCORED_A_DAY + 1  # periods from one scored forecast to the next
        self._memory = MEMORY_DAYS * slots_per_day / self._every  # scored forecasts that losses look back over, about
        self._slots_per_week = slots_per_week
        shape = (len(experts), len(self._knots), series)
        reach = self._knots[-1]
        self._said = np.full((reach, *shape), np.nan, dtype=np.float32)  # ring: units, by the period it was said in
        self._loss = np.zeros(shape)  # discounted absolute miss, in units of spread
        self._count = np.zeros(shape)  # forecasts that met their actual
        self._periods = 0
        self._weights = np.ones(shape)  # how much each model counts, not yet summing to 1
        self._ahead: tuple[list[Slot], Float64s] | None = None  # what each model said last, of which slots

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        self._ahead = None
        self._score(values)
        for expert in self._experts:
            expert.learn(slot, values, covariates)
        self._periods += 1
        said = self._said[(self._periods - 1) % len(self._said)]
        said[...] = np.nan
        if self._is_scored:
            slots = [Slot((slot.of_week + step) % self._slots_per_week) for step in range(1, self._knots[-1] + 1)]
            found = self._paths(slots)[..., np.array(self._knots) - 1].transpose(0, 2, 1)
            said[...] = np.where(np.isnan(found), _mixed(found, self._weights), found)

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series that no model knows."""
        near, far, way = (part[:-1] for part in steps_between(self._knots, len(slots)))
        along = self._weights[:, near] + (self._weights[:, far] - self._weights[:, near]) * way
        return _mixed(self._paths(slots), along.transpose(0, 2, 1))

    @property
    def _is_scored(self) -> bool:
        """Return whether the forecasts made now will be held against what comes."""
        return self._periods % self._every == 0

    def _weigh(self) -> None:
        """Take the weights from the losses; a model that nothing is known of yet is as good as the best."""
        seen = np.minimum(self._count, self._memory)
        together = seen.sum(axis=-1, keepdims=True)
        pool = (seen * self._loss).sum(axis=-1, keepdims=True) / np.maximum(together, 1.0)
        evidence = np.sqrt(seen) * _worse(self._loss) + np.sqrt(together) * _worse(pool)
        self._weights = np.exp(-RATE * evidence)

    def _paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return what each model says, (experts, series, slots); NaN of those that are not asked."""
        if self._ahead is None or self._ahead[0] != list(slots):
            unasked = np.full((self._weights.shape[-1], len(slots)), np.nan)
            share = (self._weights / self._weights.sum(axis=0)).max(axis=(1, 2))
            asked = [self._is_scored or one >= AWAKE for one in share.tolist()]
            found = [one.paths(slots) if awake else unasked for one, awake in zip(self._experts, asked, strict=True)]
            self._ahead = list(slots), np.stack(found)
        return self._ahead[1]

    def _score(self, values: Float64s) -> None:
        """Hold what was said of this period against what came."""
        knots = np.arange(len(self._knots))
        said = self._said[(self._periods - np.array(self._knots)) % len(self._said), :, knots].astype(np.float64)
        said = said.transpose(1, 0, 2)  # (experts, knots, series)
        given = ~np.isnan(said) & ~np.isnan(values)
        if not given.any():
            return
        came = np.sqrt(np.maximum(values, 0.0) + ROOTED)
        miss = np.where(given, (np.sqrt(np.maximum(said, 0.0) + ROOTED) - came) ** 2, 0.0)
        self._count += given
        rate = np.maximum(1.0 / self._memory, 1.0 / np.maximum(self._count, 1.0))
        np.add(self._loss, rate * (miss - self._loss), out=self._loss, where=given)
        self._weigh()

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
        arrays = (self._said.tobytes(), self._loss.tobytes(), self._count.tobytes())
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
        self._ahead = None


def _mixed(said: Float64s, weights: Float64s) -> Float64s:
    """Return the weighted mean of what the models say, (experts, ...); NaN says nothing, or nobody says anything."""
    weights = np.where(np.isnan(said), 0.0, weights)
    total = weights.sum(axis=0)
    mixed: Float64s = (weights * np.nan_to_num(said)).sum(axis=0)
    return np.where(total > 0.0, mixed / np.where(total > 0.0, total, 1.0), np.nan)


def _worse(loss: Float64s) -> Float64s:
    """Return by what share each model, the first axis, loses more than the best."""
    least = loss.min(axis=0)
    worse: Float64s = np.where(least > 0.0, loss / np.where(least > 0.0, least, 1.0) - 1.0, 0.0)
    return worse
