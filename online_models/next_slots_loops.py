"""Slots of a calendar in, where they lie as numbers out; see `online_models.next_slots`."""

import numpy as np
from numpy.typing import NDArray

from online_models.base import Slot


def lie(slots: tuple[Slot, ...], found: NDArray[np.intp]) -> None:
    """Write of each slot the place in the week, the day of the year and 1 of a holiday, (3, slots)."""
    for place in range(len(slots)):
        slot = slots[place]
        found[0, place], found[1, place] = slot.of_week, slot.day_of_year
        found[2, place] = 1 if slot.holiday else 0
