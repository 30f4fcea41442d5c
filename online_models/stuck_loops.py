"""Which values of a pool's series are a stuck sensor's; see `online_models.stuck`."""

from online_models.base import Float64s
from online_models.stuck_layout import CHANGES, LAST, REPEATS, RUN

CHANCE_MIN = 1e-4  # of a run of repeats: rarer ones are no chance
MEMORY_PERIODS = 1000.0  # that repeats are counted over, about
KNOWN_MIN = 50.0  # values above zero before anything is masked


def mask(values: Float64s, kept: Float64s, week: int, found: Float64s) -> None:
    """Move `kept` (numbers, series) on by one period and write `values` into `found`, NaN where a sensor is stuck."""
    for one in range(values.shape[0]):
        value, last = values[one], kept[LAST, one]
        found[one] = value
        if value != value:  # not a number: missing
            continue
        same = value == last and value > 0.0
        run = kept[RUN, one] + 1.0 if same else 0.0
        total = kept[REPEATS, one] + kept[CHANGES, one]
        kept[RUN, one] = run
        kept[LAST, one] = value
        if same and total >= KNOWN_MIN and run < week and (kept[REPEATS, one] / total) ** run < CHANCE_MIN:
            found[one] = float("nan")
        elif last > 0.0:
            kept[REPEATS, one] = kept[REPEATS, one] * (1.0 - 1.0 / MEMORY_PERIODS) + same
            kept[CHANGES, one] = kept[CHANGES, one] * (1.0 - 1.0 / MEMORY_PERIODS) + (not same)
