"""A series in, a forecast of its mean out: River's linear regression corrects a level times a weekly profile.

The regression predicts by how much demand will miss the base (level x profile), from how much it missed it
of late. With no weight learnt it is plain smoothing, so it starts safely, and a reset costs little.
"""

import functools
import math
from array import array
from typing import Any

import numpy as np
from numpy.typing import NDArray

from online_models.base import Covariates, Float64s, Slots
from online_models.linear import SCALED_MAX, Features, Linear, Term, Terms, bounded
from online_models.season import Season
from online_models.surprise import Surprise

COVARIATES_MAX = 8  # names kept per series, first come
UNKNOWN = Term(0.0, 0.0, 0.0)  # of a feature not learnt yet

Row = tuple[Term, Float64s | NDArray[np.float32]]  # one feature in each of the next periods, units


class RiverLinear:
    """Season (level x profile) and a linear correction of it from lags, profile, level and covariates."""

    __slots__ = ("_covariates", "_lags", "_linear", "_misses", "_periods", "_season", "_surprise")

    def __init__(self, slots_per_week: int) -> None:
        self._season = Season(slots_per_week)
        self._surprise = Surprise()
        self._linear = Linear()
        self._lags = _lags(self._season.slots_per_day, slots_per_week)
        self._misses = array("f", bytes(4 * slots_per_week))  # ring: demand minus base, units
        self._periods = 0  # periods in the ring since the start, missing ones included
        self._covariates: Features | None = None  # as observed in the last period, with a mark before their names

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Learn the next period and return what of it was believed; a missing one stands in the lags as `said`."""
        profile = self._season.at(slot_of_week)
        base = profile * self._season.ratio
        known = value if value is not None else said
        believed = 0.0 if value is None else self._learn(slot_of_week, value, profile, base)
        self._misses[self._periods % len(self._misses)] = 0.0 if known is None else known - base
        self._periods += 1
        self._covariates = self._observed(covariates) if covariates else None
        return believed

    def _learn(self, slot_of_week: int, value: float, profile: float, base: float) -> float:
        ready, scale = self._season.ready, self._unit()
        features = self._features(profile, base, scale) if ready else {}
        miss = self._surprise.believed(value - base)
        if ready:
            self._linear.learn(features, miss / scale)
        self._season.learn(slot_of_week, base + miss)
        return base + miss

    def path(self, slots_of_week: Slots) -> Float64s | None:
        """Return the mean of the next periods by recursion, or None in the first days."""
        if not self._season.ready:
            return None
        scale = self._unit()
        profile = self._season.profile(slots_of_week)
        base = profile * self._season.ratio
        terms, intercept = self._linear.terms()
        rows: list[Row] = [
            (terms[name], values) for name, values in (("base", base), ("profile", profile)) if name in terms
        ]
        rows += [
            (terms[name], self._window(lag, len(base)))
            for lag, name in self._lags[2:]
            if len(base) <= lag <= self._periods and name in terms
        ]
        fixed = self._fixed(rows, scale, intercept, terms) if rows else [intercept] * len(base)
        corrections = np.array(self._recursion(fixed, scale, terms))
        corrections *= scale
        corrections += base
        return corrections

    def _fixed(self, rows: list[Row], scale: float, intercept: float, terms: Terms) -> list[float]:
        """Return what the features that need no recursion add in each period, in scales."""
        ways = np.array([(term.mean * scale, term.per_deviation / scale, term.weight) for term, _ in rows])
        table = np.array([values for _, values in rows])
        table -= ways[:, :1]
        table *= ways[:, 1:2]
        np.minimum(table, SCALED_MAX, out=table)
        np.maximum(table, -SCALED_MAX, out=table)
        table *= ways[:, 2:]
        if "level" in terms:
            intercept += terms["level"].of(self._season.demand / scale)
        fixed: list[float] = (np.add.reduce(table, axis=0) + intercept).tolist()
        for name, observed in (self._covariates or {}).items():  # known for the next period only; masked afterwards
            fixed[0] += terms.get(name, UNKNOWN).of(observed)
        return fixed

    def _recursion(self, fixed: list[float], scale: float, terms: Terms) -> list[float]:
        """Return the corrections in scales; what is forecast for one period is a lag of the later ones.

        The lags 1 and 2 are written out: this loop takes a fifth of a forecast's time.
        """
        weight_1, mean_1, per_1 = terms.get("miss_1", UNKNOWN)
        weight_2, mean_2, per_2 = terms.get("miss_2", UNKNOWN)
        miss_1, miss_2 = self._miss(1) / scale, self._miss(2) / scale
        further = [
            (lag, terms[name])
            for lag, name in self._lags[2:]
            if lag < len(fixed) and lag <= self._periods and name in terms
        ]
        out: list[float] = []
        for step, start in enumerate(fixed):
            scaled_1, scaled_2 = (miss_1 - mean_1) * per_1, (miss_2 - mean_2) * per_2
            if not -SCALED_MAX <= scaled_1 <= SCALED_MAX:
                scaled_1 = bounded(scaled_1)
            if not -SCALED_MAX <= scaled_2 <= SCALED_MAX:
                scaled_2 = bounded(scaled_2)
            correction = start + weight_1 * scaled_1 + weight_2 * scaled_2
            for lag, term in further:
                correction += term.of(out[step - lag] if step >= lag else self._miss(lag - step) / scale)
            miss_1, miss_2 = correction, miss_1
            out.append(correction)
        return out

    def _miss(self, lag: int) -> float:
        return self._misses[(self._periods - lag) % len(self._misses)]

    def _window(self, lag: int, periods: int) -> NDArray[np.float32]:
        """Return the misses `lag` periods before each of the next `periods`, units."""
        size = len(self._misses)
        return np.frombuffer(self._misses, dtype=np.float32).take(_ring((self._periods - lag) % size, periods, size))

    def _features(self, profile: float, base: float, scale: float) -> Features:
        features = {"base": base / scale, "profile": profile / scale, "level": self._season.demand / scale}
        for lag, name in self._lags:
            if lag <= self._periods:
                features[name] = self._miss(lag) / scale
        if self._covariates:
            features.update(self._covariates)
        return features

    def _unit(self) -> float:
        """Return the running scale, units; never so small that a quiet series would blow the features up."""
        return max(self._surprise.scale, 0.02 * self._season.demand, 1e-3)

    def _observed(self, covariates: Covariates) -> Features:
        """Return what is kept for the next period; names beyond the limit are left out, the first ones stay."""
        known = [name for name in self._linear.names if name.startswith("x:")]
        kept: Features = {}
        for name, value in covariates:
            if f"x:{name}" not in known and len(known) < COVARIATES_MAX:
                known.append(f"x:{name}")
            if f"x:{name}" in known and math.isfinite(value):
                kept[f"x:{name}"] = value
        return kept

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        parts = self._season.state(), self._linear.state(), self._surprise.state()
        return *parts, self._misses.tobytes(), self._periods, self._covariates

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same slots per week returned."""
        season, linear, surprise, misses, self._periods, self._covariates = state
        self._season.restore(season)
        self._linear.restore(linear)
        self._surprise.restore(surprise)
        self._misses = array("f", misses)


@functools.lru_cache(maxsize=64)
def _lags(slots_per_day: int, slots_per_week: int) -> tuple[tuple[int, str], ...]:
    """Return the lags, periods back, and the names of their features; 1 and 2 come first."""
    return tuple((lag, f"miss_{lag}") for lag in sorted({1, 2, slots_per_day, slots_per_week}))


@functools.lru_cache(maxsize=4096)
def _ring(start: int, count: int, size: int) -> NDArray[np.intp]:
    """Return the places of `count` neighbours in a ring of `size`."""
    return (start + np.arange(count)) % size
