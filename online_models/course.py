"""What came in each series of a pool, and what had been said of it, in; what of it may be believed out.

A spike is cut to a few usual misses, a lasting change is not (as in `online_models.surprise`); what was cut is put back
on the mean over weeks (as in `online_models.calibration`). No forecast may lie above three times the largest value that
was accepted: a spike that was not believed does not raise what may be said.
"""

import numpy as np

from online_models.base import Float64s
from online_models.calibration import DAYS, EXCESS_MAX, RATIO_MAX
from online_models.carry import Places, carry
from online_models.forecaster import ERROR_RATE, LARGEST_TIMES
from online_models.surprise import BELIEVED_MAX, IN_A_ROW_MAX, SCALE_RATE

_RATES = np.array([ERROR_RATE, BELIEVED_MAX, float(IN_A_ROW_MAX), SCALE_RATE, EXCESS_MAX, RATIO_MAX])
_ROWS = ("largest", "error", "errors", "count", "came", "believed", "scale", "known", "run")
LARGEST, ERROR, ERRORS, COUNT, CAME, BELIEVED, SCALE, KNOWN, RUN = range(len(_ROWS))


class Course:
    """The running numbers of a pool's series: (numbers, series), in the order of `_ROWS`."""

    def __init__(self, series: int, slots_per_day: int) -> None:
        self._rate = 1.0 / (DAYS * slots_per_day)  # of the calibration
        self._numbers = np.zeros((len(_ROWS), series))

    def take(self, values: Float64s, heard: Float64s, centres: Float64s) -> Float64s:
        """Learn what came in the next period and return what of it is believed, (series,) units; NaN is missing.

        values: (series,) units, what stock-outs hid included; heard: (series,) the same without it
        centres: (series,) what the model had said, units; NaN is nothing
        """
        believed = np.empty(len(values))
        taken(values, heard, centres, self._numbers, _RATES, self._rate, believed)
        return believed

    @property
    def ratio(self) -> Float64s:
        """Return what the means are to be multiplied by, (series,)."""
        ratios = np.empty(self._numbers.shape[1])
        for one in range(len(ratios)):
            ratios[one] = _ratio(one, self._numbers, RATIO_MAX)
        return ratios

    @property
    def ceiling(self) -> Float64s:
        """Return what no forecast of one period may exceed, (series,) units."""
        ceiling: Float64s = LARGEST_TIMES * self._numbers[LARGEST]
        return ceiling

    @property
    def error(self) -> Float64s:
        """Return the discounted mean absolute errors of the forecasts of the next period, (series,) units."""
        return self._numbers[ERROR]

    @property
    def count(self) -> Float64s:
        """Return how many values were learnt, (series,)."""
        return self._numbers[COUNT]

    def adopt(self, old: "Course", places: Places) -> None:
        """Take over what `old` knows of the series that stay."""
        carry(self._numbers, old._numbers, places, axis=1)

    def state(self) -> bytes:
        """Return everything kept."""
        return self._numbers.tobytes()

    def restore(self, state: bytes) -> None:
        """Take over what `state()` of an object of as many series returned."""
        self._numbers[...] = np.frombuffer(state).reshape(self._numbers.shape)


def taken(
    values: Float64s,
    heard: Float64s,
    centres: Float64s,
    numbers: Float64s,
    rates: Float64s,
    calibration_rate: float,
    believed: Float64s,
) -> None:
    """Move `numbers` (numbers, series) on by one period and write what is believed of `values` into `believed`."""
    for one in range(values.shape[0]):
        value, centre = values[one], centres[one]
        believed[one] = value
        if value != value:  # noqa: PLR0124  not a number: missing
            continue
        accepted = value
        if centre == centre:  # noqa: PLR0124  something had been said
            accepted = max(centre + _within(value - centre, one, numbers, rates), 0.0)
            said = centre * _ratio(one, numbers, rates[5])
            error = numbers[ERROR, one]
            came = min(value, accepted + rates[4] * error)
            numbers[BELIEVED, one] += calibration_rate * (accepted - numbers[BELIEVED, one])
            numbers[CAME, one] += calibration_rate * (came - numbers[CAME, one])
            numbers[ERRORS, one] += 1.0
            numbers[ERROR, one] += max(rates[0], 1.0 / numbers[ERRORS, one]) * (abs(value - said) - error)
        numbers[COUNT, one] += 1.0
        numbers[LARGEST, one] = max(numbers[LARGEST, one], min(heard[one], accepted))
        believed[one] = accepted


def _ratio(one: int, numbers: Float64s, ratio_max: float) -> float:
    if numbers[BELIEVED, one] <= 0.0:
        return 1.0
    return min(max(numbers[CAME, one] / numbers[BELIEVED, one], 1.0 / ratio_max), ratio_max)


def _within(miss: float, one: int, numbers: Float64s, rates: Float64s) -> float:
    """Return what of a miss may be learnt, as `online_models.surprise.Surprise.believed`, and remember it."""
    known, limit = miss, rates[1] * numbers[SCALE, one]
    if numbers[KNOWN, one] > 0.0 and abs(miss) > limit:
        side = 1.0 if miss > 0.0 else -1.0
        run = numbers[RUN, one]
        run = run + side if run * side > 0.0 else side
        if abs(run) > rates[2]:
            run = side * rates[2]
        else:
            known = side * limit
        numbers[RUN, one] = run
    elif numbers[KNOWN, one] > 0.0:
        numbers[RUN, one] = 0.0
    numbers[KNOWN, one] += 1.0
    numbers[SCALE, one] += max(rates[3], 1.0 / numbers[KNOWN, one]) * (abs(known) - numbers[SCALE, one])
    return known
