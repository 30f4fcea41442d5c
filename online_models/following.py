"""Where periods lie in the week in, where the next ones will lie out: the one after each as it mostly followed of late.

A shop that is shut on Saturdays has no bucket of them: after Friday comes Sunday, and a forecast two periods ahead is of
Monday. Until a slot has been seen the next one of the clock is expected.
"""

from array import array

SURE_MAX = 3  # times in a row that something else may follow, before it is what is expected


class Following:
    """Which slot of the week follows each slot: the majority of late (Boyer and Moore 1991, "MJRTY").

    >>> following = Following(slots_per_week=7)
    >>> for slot in (3, 4, 6, 0, 1, 2, 3):
    ...     following.learn(slot)
    >>> following.ahead(4)
    (4, 6, 0, 1)
    """

    __slots__ = ("_last", "_next", "_sure")

    def __init__(self, slots_per_week: int) -> None:
        self._next = array("H", [(slot + 1) % slots_per_week for slot in range(slots_per_week)])
        self._sure = array("B", bytes(slots_per_week))
        self._last = -1  # slot of the last period; none yet

    def learn(self, slot_of_week: int) -> None:
        """Take note of the next period's slot."""
        last, self._last = self._last, slot_of_week
        if last < 0:
            return
        if self._next[last] == slot_of_week:
            self._sure[last] = min(self._sure[last] + 1, SURE_MAX)
        elif self._sure[last]:
            self._sure[last] -= 1
        else:
            self._next[last], self._sure[last] = slot_of_week, 1

    def ahead(self, periods: int) -> tuple[int, ...]:
        """Return the slots of the week of the next periods; none before the first one."""
        found, slot = [], self._last
        for _ in range(periods if slot >= 0 else 0):
            slot = self._next[slot]
            found.append(slot)
        return tuple(found)

    def state(self) -> tuple[bytes, bytes, int]:
        """Return everything kept, as plain values for msgpack."""
        return self._next.tobytes(), self._sure.tobytes(), self._last

    def restore(self, state: tuple[bytes, bytes, int]) -> None:
        """Take over what `state()` of an object of as many slots returned."""
        following, sure, self._last = state
        self._next, self._sure = array("H", following), array("B", sure)
