"""A series in, a forecast of its mean out: River's linear regression corrects a level times a weekly profile.

The regression predicts by how much demand will miss the base (level x profile), from how much it missed it
of late. With no weight learnt it is plain smoothing, so it starts safely, and a reset costs little.
"""

import math
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np

from online_models.base import Float64s
from online_models.forecaster import Covariates
from online_models.linear import Features, Linear, Terms
from online_models.season import Season
from online_models.surprise import Surprise

COVARIATES_MAX = 8  # names kept per series, first come


class RiverLinear:
    """Season (level x profile) and a linear correction of it from lags, profile, level and covariates."""

    def __init__(self, slots_per_week: int) -> None:
        self._season = Season(slots_per_week)
        self._surprise = Surprise()
        self._linear = Linear()
        self._lags = sorted({1, 2, self._season.slots_per_day, slots_per_week})  # periods back
        self._misses = array("f", [0.0] * slots_per_week)  # ring: demand minus base, units
        self._periods = 0  # periods in the ring since the start, missing ones included
        self._covariates: Features = {}  # as observed in the last period, by their name with a mark in front

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> float:
        """Learn the next period and return what of it was believed; a missing one stands in the lags as `said`."""
        base = self._season.at(slot_of_week) * self._season.ratio
        known = value if value is not None else said
        believed = 0.0 if value is None else self._learn(slot_of_week, value, base)
        self._misses[self._periods % len(self._misses)] = 0.0 if known is None else known - base
        self._periods += 1
        self._observe(covariates)
        return believed

    def _learn(self, slot_of_week: int, value: float, base: float) -> float:
        ready, scale = self._season.ready, self._unit()
        features = self._features(slot_of_week, base, scale) if ready else {}
        miss = self._surprise.believed(value - base)
        if ready:
            self._linear.learn(features, miss / scale)
        self._season.learn(slot_of_week, base + miss)
        return base + miss

    def path(self, slots_of_week: Sequence[int]) -> Float64s | None:
        """Return the mean of the next periods by recursion, or None in the first days."""
        if not self._season.ready:
            return None
        scale = self._unit()
        profile = self._season.profile(slots_of_week)
        base = profile * self._season.ratio
        terms, intercept = self._linear.terms()
        fixed = intercept + self._fixed(profile, base, scale, terms)
        return base + scale * np.array(self._recursion(fixed.tolist(), scale, terms))

    def _fixed(self, profile: Float64s, base: Float64s, scale: float, terms: Terms) -> Float64s:
        """Return what the features that need no recursion add in each period, in scales."""
        total = np.zeros(len(base))
        for name, values in (("base", base), ("profile", profile)):
            if name in terms:
                total += terms[name].of_all(values / scale)
        if "level" in terms:
            total += terms["level"].of(self._season.demand / scale)
        for name, observed in self._covariates.items():  # known for the next period only; masked afterwards
            if name in terms:
                total[0] += terms[name].of(observed)
        return total

    def _recursion(self, fixed: list[float], scale: float, terms: Terms) -> list[float]:
        """Return the corrections in scales; what is forecast for one period is a lag of the later ones."""
        known, size = self._periods, len(self._misses)
        lags = [(lag, terms[f"miss_{lag}"]) for lag in self._lags if lag <= known and f"miss_{lag}" in terms]
        out: list[float] = []
        for step, start in enumerate(fixed):
            correction = start
            for lag, term in lags:
                back = step - lag
                correction += term.of(out[back] if back >= 0 else self._misses[(known + back) % size] / scale)
            out.append(correction)
        return out

    def _features(self, slot_of_week: int, base: float, scale: float) -> Features:
        features = {
            "base": base / scale,
            "profile": self._season.at(slot_of_week) / scale,
            "level": self._season.demand / scale,
        }
        for lag in self._lags:
            if lag <= self._periods:
                features[f"miss_{lag}"] = self._misses[(self._periods - lag) % len(self._misses)] / scale
        features.update(self._covariates)
        return features

    def _unit(self) -> float:
        """Return the running scale, units; never so small that a quiet series would blow the features up."""
        return max(self._surprise.scale, 0.02 * self._season.demand, 1e-3)

    def _observe(self, covariates: Covariates) -> None:
        """Keep what was observed for the next period; names beyond the limit are left out, the first ones stay."""
        self._covariates = {}
        if not covariates:
            return
        known = [name for name in self._linear.names if name.startswith("x:")]
        for name, value in covariates:
            if f"x:{name}" not in known and len(known) < COVARIATES_MAX:
                known.append(f"x:{name}")
            if f"x:{name}" in known and math.isfinite(value):
                self._covariates[f"x:{name}"] = value

    def state(self, restored: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return everything kept, after taking over `restored` if it is given."""
        if restored is not None:
            self._season.restore(restored["season"])
            self._linear.restore(restored["linear"])
            self._misses = array("f", restored["misses"])
            self._periods = int(restored["periods"])
            self._surprise.restore(restored["surprise"])
            self._covariates = dict(restored["covariates"])
        return {
            "season": self._season.state(),
            "linear": self._linear.state(),
            "misses": self._misses.tobytes(),
            "periods": self._periods,
            "surprise": self._surprise.state(),
            "covariates": list(self._covariates.items()),
        }
