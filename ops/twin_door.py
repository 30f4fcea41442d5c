"""Where decisions enter the twin: allocations from the gateway's thread in, one decision a pool and period out.

An action id acts once, and a known id gets its first answer again. What comes before its period is open or after
it was taken is refused: that truck has left.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ops.gateway import LineResult
from streams.events import ActionLine, Allocation
from streams.periods import utc_text

LOOK_S = 0.5  # how often a wait looks whether it is still worth it


@dataclass(slots=True)
class _Turn:
    """A pool that waits to be told what to order."""

    period_start_s: float
    allocation: Allocation | None = None


class Door:
    """Implements `ops.gateway.Receiver`; shared by the gateway's thread and the twin's."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: dict[str, _Turn] = {}  # by pool
        self._lines: dict[str, list[ActionLine]] = {}  # by pool: accepted in the open turn
        self._answers: dict[str, LineResult] = {}  # by action id; a run has as many as it has orders

    def open(self, pool_id: str, period_start_s: float) -> None:
        """Wait for what `pool_id` orders at the start of the period."""
        with self._changed:
            self._open[pool_id] = _Turn(period_start_s)
            self._lines[pool_id] = []

    def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
        """See `ops.gateway.Receiver`."""
        with self._changed:
            turn = self._open.get(allocation.pool_id)
            if turn is not None and turn.period_start_s == allocation.period_start_s:
                turn.allocation = allocation
            else:
                turn = None
            results = [self._answer(allocation, line, is_open=turn is not None) for line in lines]
            self._changed.notify_all()
            return results

    def wait(self, pool_ids: Iterable[str], wait_s: float, worth_it: Callable[[], bool]) -> None:
        """Return when every pool was told, after `wait_s` of wall time, or when it is not `worth_it` any more."""
        wanted = list(pool_ids)
        until_s = time.monotonic() + wait_s
        with self._changed:
            while any(self._open[pool_id].allocation is None for pool_id in wanted) and worth_it():
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    return
                self._changed.wait(min(left_s, LOOK_S))

    def take(self, pool_id: str) -> tuple[Allocation | None, list[ActionLine]]:
        """Close the pool's turn; return what was decided, None when nothing came, and the lines to carry out."""
        with self._changed:
            return self._open.pop(pool_id).allocation, self._lines.pop(pool_id)

    def _answer(self, allocation: Allocation, line: ActionLine, *, is_open: bool) -> LineResult:
        known = self._answers.get(line.action_id)
        if known is not None:
            return known
        if is_open:
            self._lines[allocation.pool_id].append(line)
            answer = LineResult(line.action_id, "applied", line.order_units, "ordered")
        else:
            told = f"the twin takes no orders for the period from {utc_text(allocation.period_start_s)} now"
            answer = LineResult(line.action_id, "rejected", 0.0, told)
        self._answers[line.action_id] = answer
        return answer
