"""A series in, a forecast of its mean out: River's linear regression corrects a level times a weekly profile.

The regression predicts by how much demand will miss the base (level x profile), from how much it missed it
of late. With no weight learnt it is plain smoothing, so it starts safely, and a reset costs little.
"""

import functools
import math
from array import array
from collections.abc import Sequence
from typing import Any

from online_models.base import Covariates
from online_models.linear import Features, Linear
from online_models.river_linear_loops import follow, summed
from online_models.season import Season
from online_models.surprise import Surprise

COVARIATES_MAX = 8  # names kept per series, first come


class RiverLinear:
    """Season (level x profile) and a linear correction of it from lags, profile, level and covariates."""

    __slots__ = ("_covariates", "_lags", "_linear", "_misses", "_periods", "_season", "_surprise")

    def __init__(self, slots_per_week: int, linear: type[Linear] = Linear) -> None:
        self._season = Season(slots_per_week)
        self._surprise = Surprise()
        self._linear = linear()
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

    def path(self, slots_of_week: Sequence[int]) -> list[float] | None:
        """Return the mean of the next periods by recursion, or None in the first days.

        What is forecast for one period is a lag of the later ones.
        """
        if not self._season.ready:
            return None
        linear, scale = self._linear, self._unit()
        start = linear.intercept + self._added({"level": self._season.demand / scale})
        known = array("d", [start]) * len(slots_of_week)
        if self._covariates and known:  # they are known of the next period only; masked afterwards
            known[0] += self._added(self._covariates)
        path = array("d", self._season.profile(slots_of_week))
        places, lags = _places(linear.names, self._lags)
        follow(known, linear.learnt, places, lags, self._misses, self._periods, self._season.ratio, scale, path)
        return path.tolist()

    def _added(self, features: Features) -> float:
        """Return what these features add to a prediction, in scales; nothing where one was never seen."""
        names, learnt = self._linear.names, self._linear.learnt
        return summed(learnt, _places_of(tuple(features), names), array("d", features.values()))

    def _miss(self, lag: int) -> float:
        return self._misses[(self._periods - lag) % len(self._misses)]

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


@functools.lru_cache(maxsize=1024)
def _places(names: tuple[str, ...], lags: tuple[tuple[int, str], ...]) -> tuple["array[int]", "array[int]"]:
    """Return where base, profile and the lags stand among `names`, -1 of what was never seen, and the lags seen."""
    seen = [(lag, name) for lag, name in lags if name in names]
    places = _places_of(("base", "profile", *(name for _, name in seen)), names)
    return places, array("q", [lag for lag, _ in seen])


@functools.lru_cache(maxsize=1024)
def _places_of(wanted: tuple[str, ...], names: tuple[str, ...]) -> "array[int]":
    """Return where each of `wanted` stands among `names`, -1 of what was never seen."""
    return array("q", [names.index(name) if name in names else -1 for name in wanted])


@functools.lru_cache(maxsize=64)
def _lags(slots_per_day: int, slots_per_week: int) -> tuple[tuple[int, str], ...]:
    """Return the lags, periods back, and the names of their features; 1 and 2 come first."""
    return tuple((lag, f"miss_{lag}") for lag in sorted({1, 2, slots_per_day, slots_per_week}))
