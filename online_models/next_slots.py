"""The slots of the next periods in, where they lie as arrays out: the same ones to every model of a pool."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from online_models.base import Float64s, Slot
from online_models.next_slots_loops import lie


class NextSlots:
    """Where slots lie in the pool's calendar; nobody writes to the arrays."""

    __slots__ = ("closed", "day_of_year", "is_holiday", "of_week", "slots")

    def __init__(self, slots: tuple[Slot, ...]) -> None:
        found: NDArray[np.intp] = np.empty((4, len(slots)), np.intp)
        self.slots = slots
        lie(slots, found)
        self.of_week, self.day_of_year, self.is_holiday, is_closed = found  # (slots,) each
        self.closed = np.flatnonzero(is_closed)  # places of those that are

    def close(self, found: Float64s) -> None:
        """Let nothing be expected in closed periods; found: (series, slots or more, ...) units, NaN stays."""
        if len(self.closed):
            found[:, self.closed] *= 0.0

    def close_sums(self, sums: Float64s, leads: NDArray[np.intp]) -> None:
        """Let nothing be expected of sums, (series, ...), over `leads` (series,) of which all periods are closed."""
        if len(self.closed):
            whole = int(np.flatnonzero(np.append(self.closed, -1) != np.arange(len(self.closed) + 1))[0])
            sums[leads <= whole] *= 0.0


class _Asked:
    last = NextSlots(())  # replaced whole, so that threads may share it


def next_slots(slots: Sequence[Slot]) -> NextSlots:
    """Return where `slots` lie; the last answer stands until others are asked for, as all models of a pool ask alike.

    >>> next_slots((Slot(5), Slot(6, holiday=True))).is_holiday.tolist()
    [0, 1]
    """
    known = _Asked.last
    if known.slots is not slots:
        known = _Asked.last = NextSlots(tuple(slots))
    return known
