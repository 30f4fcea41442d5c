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
from online_models.linear import SCALED_MAX, Features, Linear, Term, Terms, added
from online_models.season import Season
from online_models.surprise import Surprise

COVARIATES_MAX = 8  # names kept per series, first come
UNKNOWN: Term = (0.0, 0.0, 0.0)  # of a feature not learnt yet

Line = tuple[float, float, float, float]  # what a feature adds a unit and at zero, between which values
NOTHING: Line = (0.0, 0.0, -math.inf, math.inf)


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

    def path(self, slots_of_week: Sequence[int]) -> list[float] | None:
        """Return the mean of the next periods by recursion, or None in the first days."""
        if not self._season.ready:
            return None
        scale = self._unit()
        profile = self._season.profile(slots_of_week)
        terms, start = self._linear.terms()
        if "level" in terms:
            start += added(terms["level"], self._season.demand / scale)
        known = [scale * start] * len(profile)
        if self._covariates:  # they are known of the next period only; masked afterwards
            known[0] += scale * sum([added(terms.get(name, UNKNOWN), one) for name, one in self._covariates.items()])
        quick = self._along_lines(profile, scale, terms, known)
        return self._step_by_step(profile, scale, terms, known) if quick is None else quick

    def _step_by_step(self, profile: list[float], scale: float, terms: Terms, known: list[float]) -> list[float]:
        """Return the path; what is forecast for one period is a lag of the later ones. In scales, as River has them."""
        ratio = self._season.ratio
        base, shape = terms.get("base", UNKNOWN), terms.get("profile", UNKNOWN)
        lags = [(lag, terms[name]) for lag, name in self._lags if lag <= self._periods and name in terms]
        misses: list[float] = []  # in scales
        for step, value in enumerate(profile):
            miss = known[step] / scale + added(base, ratio * value / scale) + added(shape, value / scale)
            for lag, term in lags:
                miss += added(term, misses[step - lag] if step >= lag else self._miss(lag - step) / scale)
            misses.append(miss)
        return [ratio * value + scale * miss for value, miss in zip(profile, misses, strict=True)]

    def _along_lines(self, profile: list[float], scale: float, terms: Terms, known: list[float]) -> list[float] | None:
        """Return what `_step_by_step` does in half of its time; None where a long lag recurs.

        Within its bounds a feature adds along a line, and lines add up. All in units; `known` a period beforehand.
        """
        windows = self._windows(len(profile), terms)
        if windows is None:
            return None
        (day_term, days), (week_term, weeks) = windows
        ratio, (weight, mean, per_deviation) = self._season.ratio, terms.get("base", UNKNOWN)
        base_term = weight, mean / ratio, per_deviation * ratio  # of the profile, as a base is `ratio` of it
        base, base_0, known = _along(base_term, profile, scale, known)
        shape, shape_0, known = _along(terms.get("profile", UNKNOWN), profile, scale, known)
        day, day_0, known = _along(day_term, days, scale, known)
        week, week_0, known = _along(week_term, weeks, scale, known)
        term_1, term_2 = terms.get("miss_1", UNKNOWN), terms.get("miss_2", UNKNOWN)
        near, near_0, near_low, near_high = _line(term_1, scale)
        next_to, next_to_0, next_to_low, next_to_high = _line(term_2, scale)
        low, high = max(near_low, next_to_low), min(near_high, next_to_high)
        shape, at, short_0 = base + shape, base_0 + shape_0 + day_0 + week_0, near_0 + next_to_0
        last, before = self._miss(1), self._miss(2)
        path: list[float] = []
        for one, value, a_day_ago, a_week_ago in zip(known, profile, days, weeks, strict=True):
            miss = one + at + shape * value + day * a_day_ago + week * a_week_ago
            if low <= last <= high and low <= before <= high:
                miss += short_0 + near * last + next_to * before
            else:
                miss += scale * (added(term_1, last / scale) + added(term_2, before / scale))
            before, last = last, miss
            path.append(ratio * value + miss)
        return path

    def _windows(self, periods: int, terms: Terms) -> list[tuple[Term, list[float]]] | None:
        """Return two terms of long lags and their misses in each of the next periods; None where one would recur."""
        found = []
        for lag, name in self._lags[2:]:
            if lag < periods:
                return None
            if name in terms:
                found.append((terms[name], self._window(lag, periods)))
        return found + [(UNKNOWN, [0.0] * periods)] * (2 - len(found))

    def _miss(self, lag: int) -> float:
        return self._misses[(self._periods - lag) % len(self._misses)]

    def _window(self, lag: int, periods: int) -> list[float]:
        """Return the misses `lag` periods before each of the next `periods`, units."""
        first = (self._periods - lag) % len(self._misses)
        found = self._misses[first : first + periods].tolist()
        return found + self._misses[: periods - len(found)].tolist() if len(found) < periods else found

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


def _line(term: Term, scale: float) -> Line:
    """Return the line along which a feature adds, all in units."""
    weight, mean, per_deviation = term
    if per_deviation == 0.0:
        return NOTHING
    mean, reach, slope = mean * scale, SCALED_MAX * scale / per_deviation, weight * per_deviation
    return slope, -slope * mean, mean - reach, mean + reach


def _along(term: Term, values: list[float], scale: float, known: list[float]) -> tuple[float, float, list[float]]:
    """Return by how much what a feature adds rises a unit, what it adds at zero, and `known`.

    Where a value meets a bound there is no line to go along: all that the feature adds is known then. All in units.
    """
    slope, at_zero, low, high = _line(term, scale)
    if min(values) < low or max(values) > high:
        return 0.0, 0.0, [one + scale * added(term, value / scale) for one, value in zip(known, values, strict=True)]
    return slope, at_zero, known
