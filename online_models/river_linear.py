"""A series in, a forecast of its mean out: River's linear regression corrects a level times a weekly profile.

The regression predicts by how much demand will miss the base (level x profile), from how much it missed it
of late. With no weight learnt it is plain smoothing, so it starts safely, and a reset costs little.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from online_models.base import Float64s
from online_models.forecaster import Covariates
from online_models.linear import SCALED_MAX, Features, Linear
from online_models.season import Season

SCALE_RATE = 0.02  # of the running scale: about the last 50 periods
SURPRISE_MAX = 6.0  # scales: a spike teaches level and profile no more than this
COVARIATES_MAX = 8  # names kept per series, first come


class RiverLinear:
    """Season (level x profile) and a linear correction of it from lags, profile, level and covariates."""

    def __init__(self, slots_per_week: int) -> None:
        self._season = Season(slots_per_week)
        self._linear = Linear()
        self._lags = sorted({1, 2, self._season.slots_per_day, slots_per_week})  # periods back
        self._misses = np.zeros(slots_per_week, dtype=np.float32)  # ring: demand minus base, units
        self._periods = 0  # periods in the ring since the start, missing ones included
        self._scale = 0.0  # smoothed absolute miss, units
        self._covariates: Features = {}  # as observed in the last period

    def learn(self, slot_of_week: int, value: float | None, said: float | None, covariates: Covariates) -> None:
        """Learn the next period; `value` None: nothing may be learnt, `said` stands in for it in the lags."""
        base = self._base([slot_of_week]).item()
        if value is not None:
            self._learn(slot_of_week, value, base)
        elif said is not None:
            value = said
        self._misses[self._periods % len(self._misses)] = 0.0 if value is None else value - base
        self._periods += 1
        self._observe(covariates)

    def _learn(self, slot_of_week: int, value: float, base: float) -> None:
        scale = self._unit()
        if self._season.ready:
            miss = min(max(value - base, -SURPRISE_MAX * scale), SURPRISE_MAX * scale)
            self._linear.learn(self._features(slot_of_week, base, scale), miss / scale)
            value = base + miss
        else:
            miss = value - base
        self._scale += max(SCALE_RATE, 1.0 / (self._season.count + 1)) * (abs(miss) - self._scale)
        self._season.learn(slot_of_week, value)

    def path(self, slots_of_week: Sequence[int]) -> Float64s | None:
        """Return the mean of the next periods by recursion, or None in the first days."""
        if not self._season.ready:
            return None
        scale = self._unit()
        base = self._base(slots_of_week)
        terms, intercept = self._linear.terms()
        fixed = intercept + self._fixed(slots_of_week, base, scale, terms)
        recursive = [(lag, *terms[f"miss_{lag}"]) for lag in self._lags if f"miss_{lag}" in terms]
        correction = self._recursion(fixed.tolist(), recursive, scale)
        return base + scale * np.array(correction)

    def _recursion(
        self, fixed: list[float], recursive: list[tuple[int, float, float, float]], scale: float
    ) -> list[float]:
        """Return the corrections in scales; what is forecast for one period is the lag of a later one."""
        known, size = self._periods, len(self._misses)
        out: list[float] = []
        for step, value in enumerate(fixed):
            for lag, weight, mean, deviation in recursive:
                if lag > known + step or not deviation:
                    continue
                ahead = step - lag
                miss = out[ahead] if ahead >= 0 else self._misses[(known + ahead) % size].item() / scale
                value += weight * min(max((miss - mean) / deviation, -SCALED_MAX), SCALED_MAX)  # noqa: PLW2901
            out.append(value)
        return out

    def _fixed(
        self,
        slots_of_week: Sequence[int],
        base: Float64s,
        scale: float,
        terms: dict[str, tuple[float, float, float]],
    ) -> Float64s:
        """Return what the features that need no recursion add in each period, in scales."""
        total = np.zeros(len(base))
        values: dict[str, Float64s] = {
            "base": base / scale,
            "profile": self._season.profile(slots_of_week) / scale,
            "level": np.full(len(base), self._season.demand / scale),
        }
        for name, observed in self._covariates.items():  # known for the next period only; masked afterwards
            values[name] = np.array([observed])
        for name, one in values.items():
            weight, mean, deviation = terms.get(name, (0.0, 0.0, 0.0))
            if deviation:
                total[: len(one)] += weight * np.clip((one - mean) / deviation, -SCALED_MAX, SCALED_MAX)
        return total

    def _features(self, slot_of_week: int, base: float, scale: float) -> Features:
        features = {
            "base": base / scale,
            "profile": self._season.profile([slot_of_week]).item() / scale,
            "level": self._season.demand / scale,
        }
        for lag in self._lags:
            if lag <= self._periods:
                features[f"miss_{lag}"] = self._misses[(self._periods - lag) % len(self._misses)].item() / scale
        return features | self._covariates

    def _base(self, slots_of_week: Sequence[int]) -> Float64s:
        return self._season.profile(slots_of_week) * self._season.ratio

    def _unit(self) -> float:
        """Return the running scale, units; never so small that a quiet series would blow the features up."""
        return max(self._scale, 0.02 * self._season.demand, 1e-3)

    def _observe(self, covariates: Covariates) -> None:
        known = set(self._linear.names)
        room = COVARIATES_MAX - sum(name.startswith("x:") for name in known)
        self._covariates = {}
        for name, value in covariates:
            if not math.isfinite(value):
                continue
            if f"x:{name}" not in known:
                if room <= 0:
                    continue
                room -= 1
            self._covariates[f"x:{name}"] = value

    def state(self, restored: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return everything kept, after taking over `restored` if it is given."""
        if restored is not None:
            self._season.restore(restored["season"])
            self._linear.restore(restored["linear"])
            self._misses = np.frombuffer(restored["misses"], dtype=np.float32).copy()
            self._periods = int(restored["periods"])
            self._scale = float(restored["scale"])
            self._covariates = dict(restored["covariates"])
        return {
            "season": self._season.state(),
            "linear": self._linear.state(),
            "misses": self._misses.tobytes(),
            "periods": self._periods,
            "scale": self._scale,
            "covariates": list(self._covariates.items()),
        }
