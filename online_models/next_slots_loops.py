"""Slots of a calendar in, where they lie as numbers out; see `online_models.next_slots`."""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Slot


def lie(slots: tuple[Slot, ...], found: NDArray[np.intp]) -> None:
    """Write where each slot lies, (4, slots): in the week, in the year, 1 of a holiday, 1 of a closed one."""
    for place in range(len(slots)):
        slot = slots[place]
        found[0, place], found[1, place] = slot.of_week, slot.day_of_year
        found[2, place] = 1 if slot.holiday else 0
        found[3, place] = 1 if slot.closed else 0
