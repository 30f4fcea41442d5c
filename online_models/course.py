"""What came in each series of a pool, and what had been said of it, in; what of it may be believed out.

A spike is cut to a few usual misses, a lasting change is not (as in `online_models.surprise`); what was cut is put back
on the mean over weeks (as in `online_models.calibration`), and so is what a pool's models say too little or too much of
all its series together. No forecast may lie above three times the largest value that was accepted: a spike that was not
believed does not raise what may be said.
"""

from typing import Self

import numpy as np

from online_models.base import Float64s
from online_models.calibration import DAYS, EXCESS_MAX, RATIO_MAX
from online_models.carry import Places, carry
from online_models.course_layout import COUNT, ERROR, LARGEST, NUMBERS
from online_models.course_loops import Courses
from online_models.forecaster import ERROR_RATE, LARGEST_TIMES, VALUE_MAX
from online_models.surprise import BELIEVED_MAX, IN_A_ROW_MAX, SCALE_RATE

_RATES = np.array([ERROR_RATE, BELIEVED_MAX, float(IN_A_ROW_MAX), SCALE_RATE, EXCESS_MAX, RATIO_MAX])


class Course:
    """The running numbers of a pool's series: (numbers, series), as `online_models.course_loops` names them."""

    def __init__(self, series: int, slots_per_day: int) -> None:
        self._numbers = np.zeros((NUMBERS, series))
        self._loops = Courses(self._numbers, _RATES, 1.0 / (DAYS * slots_per_day), LARGEST_TIMES)

    def take(self, values: Float64s, heard: Float64s, centres: Float64s) -> Float64s:
        """Learn what came in the next period and return what of it is believed, (series,) units; NaN is missing.

        values: (series,) units, what stock-outs hid included; heard: (series,) the same without it
        centres: (series,) what the model had said, units; NaN is nothing
        """
        believed = np.empty(len(values))
        self._loops.take(values, heard, centres, believed)
        return believed

    def accepted(self, values: Float64s) -> Float64s:
        """Return `values` (series,) units, NaN in place of what is not finite, and within what can be counted."""
        found = np.empty(len(values))
        self._loops.accept(np.ascontiguousarray(values, np.float64), VALUE_MAX, found)
        return found

    def bound(self, paths: Float64s) -> None:
        """Bring the centres `paths` (series, steps) within their bounds; NaN of a series that has learnt nothing."""
        self._loops.bound(paths)

    def means(self, paths: Float64s, periods: int) -> Float64s:
        """Return the corrected means, (series, periods) units, of centres `paths` (series, periods or more)."""
        found = np.empty((len(paths), periods))
        self._loops.correct(paths, found)
        return found

    @property
    def ratio(self) -> Float64s:
        """Return what the means are to be multiplied by, (series,)."""
        found = np.empty(self._numbers.shape[1])
        self._loops.ratios(found)
        return found

    @property
    def ceiling(self) -> Float64s:
        """Return what no forecast of one period may exceed, (series,) units."""
        ceiling: Float64s = LARGEST_TIMES * self._numbers[LARGEST]
        return ceiling

    @property
    def error(self) -> Float64s:
        """Return the discounted mean absolute errors of the forecasts of the next period, (series,) units."""
        error: Float64s = self._numbers[ERROR]
        return error

    @property
    def count(self) -> Float64s:
        """Return how many values were learnt, (series,)."""
        count: Float64s = self._numbers[COUNT]
        return count

    def adopt(self, old: Self, places: Places) -> None:
        """Take over what `old` knows of the series that stay."""
        carry(self._numbers, old._numbers, places, axis=1)

    def state(self) -> bytes:
        """Return everything kept."""
        return self._numbers.tobytes()

    def restore(self, state: bytes) -> None:
        """Take over what `state()` of an object of as many series returned."""
        self._numbers[...] = np.frombuffer(state).reshape(self._numbers.shape)
