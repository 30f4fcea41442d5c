"""A pool's demand in, what River's regression makes of each series' level times profile out: `RiverLinear` of all.

The same numbers and the same state, to the bit, in one compiled loop: of what `RiverLinear` costs nearly all are
dictionaries and calls. The default learns with this one; `river-linear` learns with River's own.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places
from online_models.level_loops import Levels
from online_models.linear_loops import Linears
from online_models.next_slots import next_slots
from online_models.pool_river_loops import Rivers
from online_models.river_layout import COLUMNS, LAGS, LEVEL_NUMBERS, NOTHING, NUMBERS, OBSERVED, PERIODS
from online_models.river_linear import COVARIATES_MAX
from online_models.season import LEVEL_DAYS


class PoolRiver:
    """Keeps the contract `online_models.together.PoolMeans`.

    >>> model = PoolRiver(1, 7, 7)
    >>> for day in range(70):
    ...     model.learn(Slot(day % 7), np.array([10.0 + 5.0 * (day % 7 == 6)]), ())
    >>> model.paths([Slot(5), Slot(6)]).round(1).tolist()
    [[10.0, 15.0]]
    """

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        del horizon_periods
        per_day = max(slots_per_week // 7, 1)
        self._slots_per_day = per_day
        self._lags = np.array(sorted({1, 2, per_day, slots_per_week}), np.intp)
        self._profile = np.full((series, slots_per_week), np.nan, np.float32)  # units per period; NaN: never seen
        self._seen = np.zeros((series, slots_per_week), np.uint8)
        self._levels = np.zeros((series, LEVEL_NUMBERS))
        self._intercepts = np.zeros(series)  # scales
        self._learnt = np.zeros((series, 4, LAGS + len(self._lags) + COVARIATES_MAX))
        self._misses = np.zeros((series, slots_per_week), np.float32)  # ring: demand minus base, units
        self._numbers = np.zeros((series, NUMBERS), np.intp)
        self._numbers[:, OBSERVED] = NOTHING
        self._observed = np.zeros((series, COVARIATES_MAX))  # as observed in the last period
        self._which = np.zeros((series, COVARIATES_MAX), np.intp)  # features they are
        self._names: list[str] = ["base", "profile", "level", *(f"miss_{lag}" for lag in self._lags)]  # of features
        self._fixed = len(self._names)
        self._make_room(())

    def _make_room(self, covariates: Sequence[str]) -> None:
        """Let the features be the fixed ones and these, none of which has a column yet."""
        series = len(self._profile)
        self._names[self._fixed :] = covariates
        self._places = np.full((series, len(self._names)), NOTHING, np.intp)
        self._given: tuple[tuple[str, ...], Any] = ((), np.zeros(0, np.intp))  # names given last, and their features
        rate, begun = 1.0 / (LEVEL_DAYS * self._slots_per_day), max(7, self._slots_per_day)
        self._rivers = Rivers(
            Levels(self._profile, self._seen, self._levels, rate, begun), Linears(self._learnt, self._intercepts),
            self._misses, self._numbers, self._places, self._lags, self._observed, self._which,
        )  # fmt: skip

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        told = dict(covariates)
        names = tuple(told)
        if names != self._given[0]:
            self._meet(names)
        self._rivers.learn(values, slot.of_week, self._given[1], np.array(list(told.values()), np.float64))

    def _meet(self, names: tuple[str, ...]) -> None:
        """Look up which features the covariates of these names are; what no series learnt makes room for new ones."""
        marked = [f"x:{name}" for name in names]
        if not set(marked) <= set(self._names):
            self._take([self._of(one) for one in range(len(self._profile))], marked)
        self._given = names, np.array([self._names.index(name) for name in marked], np.intp)

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series in its first days."""
        path = np.empty((len(self._profile), len(slots)))
        self._rivers.path(next_slots(slots).of_week, path)
        return path

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        states = [self._of(one) if before is None else old._of(before) for one, before in enumerate(places)]
        self._take(states, ())

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack: of each series what `RiverLinear` does."""
        return tuple(self._of(one) for one in range(len(self._profile)))

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        self._take(state, ())

    def _of(self, one: int) -> tuple[Any, ...]:
        """Return the state of a series."""
        columns, periods, observed = self._numbers[one, [COLUMNS, PERIODS, OBSERVED]].tolist()
        count, demand, expected, scale, surprises, run = self._levels[one].tolist()
        features = np.argsort(self._places[one], kind="stable")[len(self._names) - columns :].tolist()
        names = tuple(self._names[feature] for feature in features)
        which = [self._names[feature] for feature in self._which[one, : max(observed, 0)].tolist()]
        return (
            (self._profile[one].tobytes(), self._seen[one].tobytes(), int(count), demand, expected),
            (names, self._learnt[one, :, :columns].tobytes(), float(self._intercepts[one])),
            (scale, int(surprises), int(run)),
            self._misses[one].tobytes(),
            periods,
            None if observed == NOTHING else dict(zip(which, self._observed[one].tolist(), strict=False)),
        )

    def _take(self, states: Sequence[tuple[Any, ...]], more: Sequence[str]) -> None:
        """Take over the states of the series, and know covariates of theirs and `more` by name."""
        kept = [name for _, (names, *_), *_, observed in states for name in (*names, *(observed or ()))]
        self._make_room([name for name in dict.fromkeys([*kept, *more]) if name.startswith("x:")])
        for one, (season, (names, learnt, intercept), surprise, misses, periods, observed) in enumerate(states):
            profile, seen, *levels = season
            self._profile[one], self._seen[one] = np.frombuffer(profile, np.float32), np.frombuffer(seen, np.uint8)
            self._levels[one] = *levels, *surprise
            self._places[one, [self._names.index(name) for name in names]] = range(len(names))
            self._learnt[one] = 0.0
            self._learnt[one, :, : len(names)] = np.frombuffer(learnt).reshape(4, -1)
            self._intercepts[one] = intercept
            self._misses[one] = np.frombuffer(misses, np.float32)
            self._numbers[one] = len(names), periods, NOTHING if observed is None else len(observed)
            for place, (name, value) in enumerate((observed or {}).items()):
                self._which[one, place], self._observed[one, place] = self._names.index(name), value
