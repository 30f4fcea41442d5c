"""The numbers that are kept of each series of a pool, and how a period moves them; see `online_models.course`."""

from online_models.base import Float64s
from online_models.course_layout import (
    BELIEVED,
    CAME,
    COUNT,
    ERROR,
    ERRORS,
    KNOWN,
    LARGEST,
    RUN,
    SAID,
    SCALE,
)

TOGETHER_MAX = 1.25  # times, that a pool's means may be corrected by
NAN = float("nan")


class Courses:
    """The numbers of a pool, (numbers, series), held as C sees them.

    rates: see `_taken` and `_within`; calibration_rate: of the means' correction; times: the largest value that was
    accepted, that no forecast may exceed
    """

    def __init__(self, numbers: Float64s, rates: Float64s, calibration_rate: float, times: float) -> None:
        self.numbers, self.rates, self.calibration_rate, self.times = numbers, rates, calibration_rate, times

    def accept(self, values: Float64s, largest: float, found: Float64s) -> None:
        """Write `values` (series,) within [0, `largest`] into `found`, NaN in place of what is no finite number."""
        for one in range(values.shape[0]):
            value = values[one]
            finite = value - value == 0.0
            found[one] = min(max(value, 0.0), largest) if finite else NAN

    def take(self, values: Float64s, heard: Float64s, centres: Float64s, believed: Float64s) -> None:
        """Do what `_taken` does."""
        _taken(values, heard, centres, self.numbers, self.rates, self.calibration_rate, believed)

    def bound(self, paths: Float64s) -> None:
        """Bring `paths` (series, steps) within their bounds; a series with a hole, or that learnt nothing, is NaN."""
        for one in range(paths.shape[0]):
            is_whole, ceiling = self.numbers[COUNT, one] > 0.0, self.times * self.numbers[LARGEST, one]
            for step in range(paths.shape[1]):
                is_whole = is_whole and paths[one, step] == paths[one, step]
            for step in range(paths.shape[1]):
                paths[one, step] = min(max(paths[one, step], 0.0), ceiling) if is_whole else NAN

    def correct(self, paths: Float64s, means: Float64s) -> None:
        """Write the corrected means of the first periods of `paths`, within their bounds, into `means`."""
        together = _together(self.numbers, self.calibration_rate)
        for one in range(means.shape[0]):
            ratio = together * _ratio(one, self.numbers, self.rates[5])
            ceiling = self.times * self.numbers[LARGEST, one]
            for step in range(means.shape[1]):
                means[one, step] = min(paths[one, step] * ratio, ceiling)

    def ratios(self, found: Float64s) -> None:
        """Write by how much the mean of each series is to be corrected into `found`, (series,)."""
        together = _together(self.numbers, self.calibration_rate)
        for one in range(found.shape[0]):
            found[one] = together * _ratio(one, self.numbers, self.rates[5])


def _taken(
    values: Float64s,
    heard: Float64s,
    centres: Float64s,
    numbers: Float64s,
    rates: Float64s,
    calibration_rate: float,
    believed: Float64s,
) -> None:
    """Move `numbers` (numbers, series) on by one period and write what is believed of `values` into `believed`."""
    together = _together(numbers, calibration_rate)
    for one in range(values.shape[0]):
        value, centre = values[one], centres[one]
        believed[one] = value
        if value != value:  # not a number: missing
            continue
        accepted = value
        if centre == centre:  # something had been said
            accepted = max(centre + _within(value - centre, one, numbers, rates), 0.0)
            said = centre * together * _ratio(one, numbers, rates[5])
            error = numbers[ERROR, one]
            came = min(value, accepted + rates[4] * error)
            numbers[SAID, one] += calibration_rate * (centre - numbers[SAID, one])
            numbers[BELIEVED, one] += calibration_rate * (accepted - numbers[BELIEVED, one])
            numbers[CAME, one] += calibration_rate * (came - numbers[CAME, one])
            numbers[ERRORS, one] += 1.0
            numbers[ERROR, one] += max(rates[0], 1.0 / numbers[ERRORS, one]) * (abs(value - said) - error)
        numbers[COUNT, one] += 1.0
        numbers[LARGEST, one] = max(numbers[LARGEST, one], min(heard[one], accepted))
        believed[one] = accepted


def _together(numbers: Float64s, calibration_rate: float) -> float:
    """Return by how much the pool as a whole was believed to be above what was said, trusted as far as it is known."""
    said = believed = known = 0.0
    for one in range(numbers.shape[1]):
        said += numbers[SAID, one]
        believed += numbers[BELIEVED, one]
        known = max(known, numbers[ERRORS, one])
    ratio = min(max(believed / said, 1.0 / TOGETHER_MAX), TOGETHER_MAX) if said > 0.0 else 1.0
    return 1.0 + (ratio - 1.0) * min(calibration_rate * known, 1.0)


def _ratio(one: int, numbers: Float64s, ratio_max: float) -> float:
    if numbers[BELIEVED, one] <= 0.0:
        return 1.0
    ratio: float = min(max(numbers[CAME, one] / numbers[BELIEVED, one], 1.0 / ratio_max), ratio_max)
    return ratio


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
