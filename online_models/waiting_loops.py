"""What was said and what came in, both side by side out: the loops of `online_models.waiting`, compiled where they can.

Arrays: values, is_bound (series,); delays, said, came (series, rows); firsts (rows,); waiting (series, places);
kept, kept_bounds (series, longest lead).
"""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s

Places64 = NDArray[np.intp]
Float32s = NDArray[np.float32]
Bytes = NDArray[np.uint8]


NOTHING = float("nan")
BOUND, CLOSED = 1, 2  # of a kept period: its demand is a lower bound, or there was none to be


class Waits:
    """The arrays of `online_models.waiting`, held as C sees them; `said` and `came` are of the last learnt period."""

    def __init__(
        self,
        delays: Places64,
        firsts: Places64,
        waiting: Float32s,
        kept: Float32s,
        kept_bounds: Bytes,
        said: Float64s,
        came: Float64s,
    ) -> None:
        self.delays, self.firsts, self.waiting = delays, firsts, waiting
        self.kept, self.kept_bounds, self.said, self.came = kept, kept_bounds, said, came

    def meet(self, values: Float64s, is_bound: Bytes, is_closed: int, periods: int) -> None:
        """Do what `meet` does."""
        meet(
            values, is_bound, is_closed, self.delays, self.firsts, self.waiting, self.kept, self.kept_bounds, periods,
            self.said, self.came,
        )  # fmt: skip

    def keep_said(self, paths: Float64s, periods: int) -> None:
        """Do what `keep_said` does."""
        keep_said(paths, self.delays, self.firsts, self.waiting, periods)


def meet(
    values: Float64s,
    is_bound: Bytes,
    is_closed: int,
    delays: Places64,
    firsts: Places64,
    waiting: Float32s,
    kept: Float32s,
    kept_bounds: Bytes,
    periods: int,
    said: Float64s,
    came: Float64s,
) -> None:
    """Write what came of each row and what was said of it; `came` is NaN of what is missing or unsaid.

    A lower bound counts only where it lies above what was said. In a closed period nothing was asked for, as was known:
    its values are NaN and compared with nothing, but the sum over the lead goes on, unless all of it was closed.
    """
    for one in range(delays.shape[0]):
        last = delays.shape[1] - 1
        lead = delays[one, last]
        kept[one, periods % lead] = 0.0 if is_closed else values[one]
        kept_bounds[one, periods % lead] = CLOSED if is_closed else is_bound[one]
        for row in range(last + 1):
            bound = int(is_bound[one])
            value = float(values[one])
            if row == last:
                value, bound = _summed(kept, one, lead), _how(kept_bounds, one, lead)
                value = NOTHING if bound == CLOSED else value
            before = float(waiting[one, firsts[row] + periods % delays[one, row]])
            known = before >= 0.0 and value >= 0.0 and (bound == 0 or value > before)
            said[one, row] = before
            came[one, row] = value if known else NOTHING


def _summed(kept: Float32s, one: int, lead: int) -> float:
    total = 0.0
    for place in range(lead):
        total += float(kept[one, place])
    return total


def _how(kept_bounds: Bytes, one: int, lead: int) -> int:
    """Return BOUND where any period of the lead is a lower bound, CLOSED where all are closed, else 0."""
    bounds, closed = 0, 0
    for place in range(lead):
        bounds += int(kept_bounds[one, place] == BOUND)
        closed += int(kept_bounds[one, place] == CLOSED)
    return BOUND if bounds > 0 else CLOSED if closed == lead else 0


def keep_said(paths: Float64s, delays: Places64, firsts: Places64, waiting: Float32s, periods: int) -> None:
    """Keep of each path what its knots and the sum of its lead say, where `meet` finds it; `periods` were learnt."""
    for one in range(delays.shape[0]):
        last = delays.shape[1] - 1
        for row in range(last):
            delay = delays[one, row]
            waiting[one, firsts[row] + (periods + delay - 1) % delay] = paths[one, delay - 1]
        lead = delays[one, last]
        total = 0.0
        for step in range(lead):
            total += float(paths[one, step])
        waiting[one, firsts[last] + (periods + lead - 1) % lead] = total
