"""A capped base-stock rule, demand drawn beforehand and starting states in; what `lost_sales.play` gives out, sooner.

The rule looks at stock on hand and on order alone, so no states are laid out: a block of items keeps its running
arrays in the cache, orders wait in a ring, and each step writes into arrays that are there already.
"""

from dataclasses import dataclass

import numpy as np

from simulator.inventory.lost_sales import Played, Units

BLOCK_ITEMS = 8_192  # some ten arrays of 32 KiB
STRETCH_PERIODS = 1_000  # sums of so many periods fit 32 bits as long as fewer than two million units are on hand


@dataclass(frozen=True, slots=True, eq=False)
class CappedBaseStock:
    """Order what is missing to a level, at most a cap; one number for all items, or (n,) one for each."""

    level_units: Units | np.int32
    cap_units: Units | np.int32 | None = None  # None: plain base-stock

    def __call__(self, states: Units) -> Units:
        """Return (n,) the orders in states (n, L), as `lost_sales.play` asks for them.

        >>> CappedBaseStock(np.int32(9), np.int32(5))(np.array([[2, 1], [3, 4]], dtype=np.int32))
        array([5, 2], dtype=int32)
        """
        missing = np.maximum(self.level_units - states.sum(axis=1), 0)
        return np.asarray(missing if self.cap_units is None else np.minimum(missing, self.cap_units), dtype=np.int32)


def play_fast(rule: CappedBaseStock, demand: Units, start: Units) -> Played:
    """Return what items begun in `start` (n, L) live through under `demand` (periods, n), int32.

    >>> played = play_fast(CappedBaseStock(np.int32(6)), np.array([[5], [1]], dtype=np.int32), np.array([[4, 2]]))
    >>> played.states, played.left_units, played.lost_units
    (array([[1, 4]], dtype=int32), array([1]), array([1]))
    """
    items = demand.shape[1]
    level = np.broadcast_to(np.asarray(rule.level_units, dtype=np.int32), (items,))
    cap = None if rule.cap_units is None else np.broadcast_to(np.asarray(rule.cap_units, dtype=np.int32), (items,))
    parts = []
    for first in range(0, items, BLOCK_ITEMS):
        block = slice(first, first + BLOCK_ITEMS)
        running = _Block(level[block], None if cap is None else cap[block], start[block])
        for begin in range(0, len(demand), STRETCH_PERIODS):
            running.play(demand[begin : begin + STRETCH_PERIODS, block])
        parts.append(running)
    return Played(
        states=np.concatenate([one.states() for one in parts]),
        left_units=np.concatenate([one.left for one in parts]),
        lost_units=np.concatenate([one.lost for one in parts]),
        orders=np.concatenate([one.placed for one in parts]),
    )


class _Block:
    """Items side by side, and what they have lived through."""

    def __init__(self, level: Units, cap: Units | None, start: Units) -> None:
        self.level, self.cap = np.ascontiguousarray(level), None if cap is None else np.ascontiguousarray(cap)
        self.on_hand = np.array(start[:, 0], dtype=np.int32)
        self.position = start.sum(axis=1, dtype=np.int32)
        self.ring = [np.array(column, dtype=np.int32) for column in start[:, 1:].T]  # the next to arrive first
        self.ring.append(np.zeros(len(start), dtype=np.int32))  # the next order
        self.left, self.lost, self.placed = (np.zeros(len(start), dtype=np.int64) for _ in range(3))

    def states(self) -> Units:
        """Return (n, L) the states at the start of the next period."""
        return np.stack([self.on_hand, *self.ring[:-1]], axis=1)

    def play(self, demand: Units) -> None:
        """Live through a stretch of periods (periods, n)."""
        on_hand, position, ring, level, cap = self.on_hand, self.position, self.ring, self.level, self.cap
        after, remaining, all_after, all_remaining, orders = (np.zeros_like(on_hand) for _ in range(5))
        placed = np.zeros(len(on_hand), dtype=bool)
        for asked in demand:
            order = ring[-1]
            np.subtract(level, position, out=order)
            np.maximum(order, 0, out=order)
            if cap is not None:
                np.minimum(order, cap, out=order)
            np.not_equal(order, 0, out=placed)
            orders += placed
            np.subtract(on_hand, asked, out=after)  # below 0: lost
            np.maximum(after, 0, out=remaining)
            all_after += after
            all_remaining += remaining
            position += order
            position -= on_hand
            position += remaining
            np.add(remaining, ring[0], out=on_hand)
            ring.append(ring.pop(0))
        self.left += all_remaining
        self.lost += all_remaining.astype(np.int64) - all_after
        self.placed += orders
