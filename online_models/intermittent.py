"""A pool's sales, few and far between, in; how often times how much each series will sell out.

Sources: Teunter, Syntetos and Babai 2011, "Intermittent demand: Linking forecasting to inventory obsolescence",
European Journal of Operational Research 214(3), TSB: the chance of a sale is smoothed in every period, its size with
every sale, and their product is the mean, so that what sells no more fades away. Beside it Croston 1972, "Forecasting
and stock control for intermittent demands", Operational Research Quarterly 23(3): size by interval, smoothed with every
sale. Departures: nothing is fitted; candidates, of `ALPHAS` x `BETAS` and Croston's, are weighed for each series by
their discounted squared errors. A first value counts whole and the k-th at least 1 / k, until rates are reached.

How often and how much the pool sells in a slot of the week against the rest of it is learnt from all of its series:
a day on which the shop is never open is expected to sell nothing, so its zeros are no lack of demand.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from online_models.base import Covariates, Float64s, Slot
from online_models.carry import Places, carry
from online_models.intermittent_loops import learn, say, weigh
from online_models.kept_arrays import packed, unpack
from online_models.next_slots import next_slots

ALPHAS = (0.02, 0.05, 0.15)  # of the size
BETAS = (0.01, 0.03, 0.1, 0.3)  # of the chance
CROSTON_RATE = 0.1  # of the interval
ERROR_RATE = 0.01  # of the discounted squared errors: about the last 100 periods, as few of them have a sale
WEEK_RATE = 0.05  # of a slot's sales: about the last 20 weeks
PRIOR_SALES = 1.0  # with which a slot is taken to be as any other, until the pool has shown that it is not
FACTOR_MAX = 4.0  # a slot that is open sells at most this many times the usual, and at least its inverse
CLOSED_SALES = 6.0  # missed in a row in a slot: by chance that happens once in four hundred times
BEGUN_PERIODS = 7.0  # learnt, until something is said
_CANDIDATES = len(ALPHAS) * len(BETAS) + len(ALPHAS)
_RATES = np.array([*ALPHAS, *BETAS, CROSTON_RATE])
_LIMITS = np.array([ERROR_RATE, WEEK_RATE, PRIOR_SALES, FACTOR_MAX, BEGUN_PERIODS, CLOSED_SALES])


class Intermittent:
    """Keeps the contract `online_models.together.PoolMeans`.

    >>> model = Intermittent(1, 7, 7)
    >>> for day in range(700):  # closed at weekends; on every fourth day that it is open six are sold
    ...     open_day = day // 7 * 5 + day % 7
    ...     model.learn(Slot(day % 7), np.array([6.0 if day % 7 < 5 and open_day % 4 == 0 else 0.0]), ())
    >>> model.paths([Slot(day) for day in range(7)]).round(1).tolist()
    [[1.4, 1.5, 1.5, 1.4, 1.4, 0.0, 0.0]]
    """

    def __init__(self, series: int, slots_per_week: int, horizon_periods: int) -> None:
        del horizon_periods
        self._week = np.zeros((5, slots_per_week))  # sales, expected ones, sizes in usual sizes, how many; missed ones
        self._factors = np.ones((2, slots_per_week))  # times the usual: how often, how much
        self._sizes = np.zeros((len(ALPHAS), series))  # units a sale
        self._chances = np.zeros((len(BETAS), series))  # of a sale in a period
        self._gaps = np.zeros((2, series))  # periods: the smoothed interval, and since the last sale
        self._errors = np.zeros((_CANDIDATES, series))  # squared units, discounted
        self._counts = np.zeros((2, series))  # periods and sales learnt

    def learn(self, slot: Slot, values: Float64s, covariates: Covariates) -> None:
        """Learn the next period: values (series,), units; NaN is missing."""
        del covariates
        learn(
            values, slot.of_week, self._week, self._factors, self._sizes, self._chances, self._gaps, self._errors,
            self._counts, _RATES, _LIMITS,
        )  # fmt: skip

    def paths(self, slots: Sequence[Slot]) -> Float64s:
        """Return the mean of the next periods, (series, slots), units; NaN of a series in its first days."""
        path = np.empty((self._counts.shape[1], len(slots)))
        path.fill(np.nan)
        places = next_slots(slots).of_week
        say(
            places, self._factors, self._sizes, self._chances, self._gaps, self._errors, self._counts, _LIMITS,
            np.empty(_CANDIDATES), path,
        )  # fmt: skip
        return path

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old`, of another number of series but else alike, learnt of those that stay."""
        self._week[...] = old._week
        weigh(self._week, self._factors, _LIMITS)
        for name in _KEPT[1:]:
            carry(getattr(self, name), getattr(old, name), places, axis=-1)

    def state(self) -> tuple[Any, ...]:
        """Return everything kept, as plain values for msgpack."""
        return packed(self, _KEPT)

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take over what `state()` of an object of the same shape returned."""
        unpack(self, _KEPT, state)
        weigh(self._week, self._factors, _LIMITS)


_KEPT = ("_week", "_sizes", "_chances", "_gaps", "_errors", "_counts")
