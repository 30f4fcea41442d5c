"""A pool's demand and covariates in, each series' means ahead out: a seasonal ARMA with covariates that cannot diverge.

In the spirit of River's SNARIMAX (Online Learning of ARIMA: Anava, Hazan, Mannor and Shamir 2013, "Online learning for
time series prediction", COLT): a linear regression on lags of the series and of its own last misses, and on covariates,
carried ahead period by period. Departures, each of which keeps it safe or makes it better:

- Seasonal differencing is against a smoothed week (a seasonal moving average of fixed rate) in place of last week's
  value, whose noise an exact difference would double. What is regressed is how far demand is off it.
- Beside the lags 1 to 3, a day, a week, and one more of each (what a product of seasonal polynomials has), by how many
  times demand ran above the smoothed week in the last two hours and the last week: a busy slot is off by more.
- Recursive least squares in information form with a ridge, solved by Cholesky a few times a day. It starts once a day
  or a week of demand is known. A miss teaches at most `BOUND` usual ones.
- Nothing said leaves the room between none and `CEILING` times the largest demand, step by step, so that no recursion
  grows. Where the smoothed week alone had the smaller discounted error of late, it alone is said: the regression goes
  on learning, and speaks again when it is the better one.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.kept_arrays import packed, unpack
from online_models.next_slots import next_slots
from online_models.observed import Observed
from online_models.snarimax_loops import Arma

MEMORY_DAYS = 200.0  # that the regression looks back over, about
PROFILE_RATE = 0.08  # of a slot's mean: about the last 12 weeks
WINDOW_DAYS = (7.0, 1.0 / 12.0)  # over which demand is held against the week; more windows were no better
WINDOWS_OF_DAYS = (7.0, 3.0)  # the same where a period is a day
ERROR_DAYS = 30.0  # of the discounted errors
RIDGE = 30.0  # usual examples: without evidence a weight is zero
BOUND = 6.0  # usual misses: what is beyond is a spike
RATIO_MAX = 3.0  # demand counts as at most this many times its week, and at least as the inverse
LEAST_SHARE = 0.1  # of the mean: quieter slots count as this in how much their misses weigh
CEILING = 1.5
LEAST_SCALE = 1e-3  # of the mean: a series that follows its week exactly is off by this
SOLVES_A_DAY = 6  # weights move slowly
OTHERS = 4  # features beside lags, windows and covariates: one, the week, the last two misses
NUMBERS = 8


class Snarimax:
    """Keeps the contract `online_models.together.PoolMeans`.

    >>> model = Snarimax(1, 7, 7)
    >>> demand = 50.0
    >>> for day in range(400):  # what a day is off its week carries over to the next one by half
    ...     demand = 50.0 + 0.5 * (demand - 50.0) + 10.0 * (-1) ** (day * day // 7)
    ...     model.learn(Slot(day % 7), np.array([demand]), ())
    >>> model.paths([Slot(day % 7) for day in range(400, 403)]).shape
    (1, 3)
    """

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        del horizon_periods
        per_day = max(slots_per_week // 7, 1)
        near = {1, 2, 3, per_day, per_day + 1, slots_per_week, slots_per_week + 1}
        self._lags = np.array(sorted(lag for lag in near if lag > 0), np.float64)
        self._solve_every = max(per_day // SOLVES_A_DAY, 1)
        periods = [max(days * per_day, 1.0) for days in WINDOW_DAYS] if per_day > 1 else list(WINDOWS_OF_DAYS)
        self._windows = 1.0 / np.array(periods)
        self._runs = np.zeros((2 * len(periods), series))
        self._rates = np.array([
            1.0 / (MEMORY_DAYS * per_day), PROFILE_RATE, 1.0 / (ERROR_DAYS * per_day), RIDGE, BOUND, max(7, per_day),
            RATIO_MAX, LEAST_SHARE, CEILING, LEAST_SCALE,
        ])  # fmt: skip
        self._profile = np.full((series, slots_per_week), np.nan)  # units
        self._ring = np.zeros((series, slots_per_week + 2))  # what demand was off its profile, units
        self._numbers = np.zeros((NUMBERS, series))
        self._information, self._moments, self._weights = np.zeros((3, series, 0))  # see `_widen`
        self._observed = Observed()
        self._known = np.zeros(0)  # covariates of the last period, in deviations
        self._periods = 0
        self._widen()

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        reckons = self._periods % self._solve_every == 0
        values = np.ascontiguousarray(values, np.float64)
        self._loops.learn(values, slot.of_week, self._periods, int(reckons), self._known)
        self._periods += 1
        known = len(self._known)
        self._known = self._observed.learn(covariates)
        if len(self._known) != known:
            self._widen()

    def _widen(self) -> None:
        """Make room for the covariates that are known by now; what was learnt stays, and their rows come last."""
        count = len(self._lags) + OTHERS + len(self._windows) + len(self._known)
        sizes = {"_information": count * (count + 1) // 2, "_moments": count, "_weights": count}
        for name, size in sizes.items():
            held = getattr(self, name)
            setattr(self, name, np.pad(held, ((0, 0), (0, size - held.shape[1]))))
        self._loops = Arma(
            self._lags, self._rates, self._windows, self._profile, self._ring, self._numbers, self._runs,
            self._information, self._moments, self._weights,
        )  # fmt: skip

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series in its first days."""
        path = np.full((len(self._weights), len(slots)), np.nan)
        self._loops.say(next_slots(slots).of_week, self._periods, self._known, path)
        return path

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        self._observed.restore(old._observed.state())
        self._known, self._periods = old._known.copy(), old._periods
        self._widen()
        for name in _KEPT:
            carry(getattr(self, name), getattr(old, name), places, axis=1 if name in {"_numbers", "_runs"} else 0)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return *packed(self, _KEPT), self._observed.state(), self._known.tobytes(), self._periods

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        *arrays, observed, known, self._periods = state
        self._observed.restore(observed)
        self._known = np.frombuffer(known).copy()
        self._widen()
        unpack(self, _KEPT, arrays)


_KEPT = ("_profile", "_ring", "_numbers", "_runs", "_information", "_moments", "_weights")
