"""Plain sales and readings of one pool in, booked in the bucket that is open anyway; everything else is left alone.

Nearly every record is a plain one: of a known resource, in range, in the newest bucket, of a feed that is heard, too
early to close anything. A lane holds what booking such a record needs, looked up once, and the limits within which
the rules of `streams.pool` come to the same state by a shorter way (held equal by tests/streams/test_batches.py).
"""

from collections.abc import Callable

from streams.cleaning import LIMITS, QUANTITY_UNITS_MAX, TIME_S_MIN
from streams.clock import TIME_S_MAX, RunClock
from streams.demand import Accumulator, OpenBucket
from streams.events import SensorReading, Transaction
from streams.ledger import Ledger
from streams.watermark import FeedProgress


class Lane:
    """One pool between two events that are not plain. It owns no state: what it changes is the pool's."""

    __slots__ = (
        "_ahead_s_max", "_bucket", "_clock", "_closes_at_s", "_counters", "_drops_lines", "_end_s", "_feeds",
        "_future_s", "_id_of", "_ids", "_ledgers", "_now_s", "_other_ids", "_series", "_silent_at_s",
        "_start_s", "_wall_s",
    )  # fmt: skip

    def __init__(
        self,
        *,
        clock: RunClock,
        ahead_s_max: float,
        span: tuple[float, float],
        closes_at_s: float,
        silent_at_s: float,
        bucket: OpenBucket,
        ids: set[int],
        other_ids: tuple[set[int], ...],
        id_of: Callable[[str], int],
        drops_lines: frozenset[str],
        ledgers: dict[str, Ledger],
        feeds: dict[str, FeedProgress],
        counters: dict[str, int],
    ) -> None:
        self._clock = clock
        self._ahead_s_max = ahead_s_max
        self._start_s, self._end_s = max(span[0], TIME_S_MIN), min(span[1], closes_at_s)
        self._closes_at_s = closes_at_s
        self._silent_at_s = silent_at_s
        self._bucket = bucket
        self._series = bucket.series
        self._ids = ids
        self._other_ids = other_ids
        self._id_of = id_of
        self._drops_lines = drops_lines  # feeds that print lines twice
        self._ledgers = ledgers
        self._feeds = feeds
        self._counters = counters
        self._wall_s = self._now_s = self._future_s = -1.0

    def take(self, event: Transaction | SensorReading, event_id: str, wall_s: float) -> bool:
        """Book a plain event and return True; return False, with nothing changed, when `event` is not plain.

        One long function, because it is what every record pays for: a call of a method costs as much as three lines.
        """
        if type(event) is Transaction:
            at_s, value = event.occurred_at_s, event.quantity_units
            plain = event.kind == "sale" and 0.0 < value <= QUANTITY_UNITS_MAX
            if not plain or not (event.unit_price is None or event.unit_price > 0):
                return False
        else:
            assert type(event) is SensorReading
            at_s, value = event.observed_at_s, event.value
            low, high = LIMITS[event.quantity]
            if not low <= value <= high:
                return False
        if wall_s != self._wall_s:
            self._move(wall_s)
        resource_id = event.resource_id
        ledger, progress = self._ledgers.get(resource_id), self._feeds.get(event.feed_id)
        if (
            ledger is None
            or not self._start_s <= at_s < self._end_s
            or at_s > self._future_s
            or progress is None
            or (complete_s := progress.complete_until_s) is None
            or complete_s >= self._closes_at_s
            or progress.silent_from_s is not None
        ):
            return False
        number = self._id_of(event_id)
        if number in self._ids or (self._other_ids and self._is_other(number)):
            self._count("duplicate")
            return True
        self._ids.add(number)
        self._counters["clean"] += 1  # the bucket's first event has counted before
        if (
            type(event) is Transaction
            and (ledger.on_hand_units is not None or event.document_id is not None or event.customer_key is not None)
            and not self._moved(event, ledger)
        ):
            return True
        accumulator = self._series.get(resource_id)
        if accumulator is None:
            accumulator = self._series[resource_id] = Accumulator()
        accumulator.add(value, at_s)
        progress.heard_at_s = self._now_s
        if at_s > complete_s:
            progress.complete_until_s = at_s
        return True

    def _move(self, wall_s: float) -> None:
        """Take note of the time; when a feed falls silent nothing is plain any more."""
        self._wall_s = wall_s
        self._now_s = self._clock.now_s(wall_s)
        self._future_s = min(self._now_s + self._ahead_s_max, TIME_S_MAX)
        if self._now_s >= self._silent_at_s:
            self._end_s = -1.0

    def _moved(self, event: Transaction, ledger: Ledger) -> bool:
        """Move stock and remember the buyer; return False when the line was printed twice and counts once."""
        if event.document_id is not None and event.feed_id in self._drops_lines:
            line = self._id_of(line_of(event))
            if line in self._ids or self._is_other(line):
                self._count("repeated-line")
                return False
            self._ids.add(line)
        if ledger.on_hand_units is not None:
            ledger.apply(event)
            if ledger.on_hand_units <= 0:
                self._bucket.stock_outs.add(event.resource_id)
        if event.customer_key is not None:
            bought, key = self._bucket.bought, f"{event.customer_key}|{event.resource_id}"
            bought[key] = bought.get(key, 0.0) + event.quantity_units
        return True

    def _is_other(self, number: int) -> bool:
        return any(number in ids for ids in self._other_ids)

    def _count(self, what: str) -> None:
        self._counters[what] = self._counters.get(what, 0) + 1


def line_of(event: Transaction) -> str:
    """Return what two prints of one line of a document have in common."""
    line = f"{event.document_id}|{event.resource_id}|{event.kind}|{event.quantity_units}|{event.unit_price}"
    return f"line|{line}|{event.occurred_at_s}"
