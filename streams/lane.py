"""Plain sales and readings of one pool in, booked in the bucket that is open anyway; everything else is left alone.

Nearly every record is a plain one: of a known resource, in range, in the newest bucket, of a feed that is heard, too
early to close anything. A lane holds what booking such a record needs, looked up once, and the limits within which
the rules of `streams.pool` come to the same state by a shorter way (held equal by tests/streams/test_batches.py).
"""

from streams.cleaning import LIMITS, QUANTITY_UNITS_MAX, TIME_S_MIN
from streams.clock import TIME_S_MAX, RunClock
from streams.dedupe import id64
from streams.demand import Accumulator, OpenBucket
from streams.events import SensorReading, Transaction
from streams.ledger import Ledger
from streams.watermark import FeedProgress


class Lane:
    """One pool between two events that are not plain. It owns no state: what it changes is the pool's."""

    __slots__ = (
        "_ahead_s_max", "_bucket", "_clock", "_closes_at_s", "_counters", "_drops_lines", "_end_s", "_feeds",
        "_future_s", "_ids", "_ledgers", "_now_s", "_other_ids", "_recent_ids", "_series", "_silent_at_s",
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
        recent_ids: dict[int, None],
        drops_lines: frozenset[str],
        ledgers: dict[str, Ledger],
        feeds: dict[str, FeedProgress],
        counters: dict[str, int],
    ) -> None:
        self._clock = clock
        self._ahead_s_max = ahead_s_max
        self._start_s, self._end_s = max(span[0], TIME_S_MIN), span[1]
        self._closes_at_s = closes_at_s
        self._silent_at_s = silent_at_s
        self._bucket = bucket
        self._series = bucket.series
        self._ids = ids
        self._other_ids = other_ids
        self._recent_ids = recent_ids
        self._drops_lines = drops_lines  # feeds that print lines twice
        self._ledgers = ledgers
        self._feeds = feeds
        self._counters = counters
        self._wall_s = self._now_s = self._future_s = -1.0

    def take(self, event: Transaction | SensorReading, event_id: str, wall_s: float) -> bool:
        """Book a plain event and return True; return False, with nothing changed, when `event` is not plain."""
        if type(event) is Transaction:
            return self._sell(event, event_id, wall_s)
        assert type(event) is SensorReading
        return self._read(event, event_id, wall_s)

    def _sell(self, event: Transaction, event_id: str, wall_s: float) -> bool:
        at_s, units = event.occurred_at_s, event.quantity_units
        ledger = self._ledgers.get(event.resource_id)
        if (
            event.kind != "sale"
            or ledger is None
            or not 0.0 < units <= QUANTITY_UNITS_MAX
            or not (event.unit_price is None or event.unit_price > 0)
        ):
            return False
        progress = self._heard(event.feed_id, at_s, wall_s)
        if progress is None:
            return False
        if not self._is_new(event_id):
            return True
        if event.document_id is not None and event.feed_id in self._drops_lines:
            line = id64(line_of(event))
            if self._is_known(line):
                self._counters["repeated-line"] = self._counters.get("repeated-line", 0) + 1
                return True
            self._ids.add(line)
        if ledger.on_hand_units is not None:
            ledger.apply(event)
            if ledger.on_hand_units <= 0:
                self._bucket.stock_outs.add(event.resource_id)
        self._add(event.resource_id, units, at_s)
        if event.customer_key is not None:
            bought, key = self._bucket.bought, f"{event.customer_key}|{event.resource_id}"
            bought[key] = bought.get(key, 0.0) + units
        self._hear(progress, at_s)
        return True

    def _read(self, event: SensorReading, event_id: str, wall_s: float) -> bool:
        at_s = event.observed_at_s
        low, high = LIMITS[event.quantity]
        if event.resource_id not in self._ledgers or not low <= event.value <= high:
            return False
        progress = self._heard(event.feed_id, at_s, wall_s)
        if progress is None:
            return False
        if self._is_new(event_id):
            self._add(event.resource_id, event.value, at_s)
            self._hear(progress, at_s)
        return True

    def _heard(self, feed_id: str, at_s: float, wall_s: float) -> FeedProgress | None:
        """Return the progress of a feed that may speak of `at_s` now without closing or waking anything, or None."""
        if wall_s != self._wall_s:
            self._wall_s = wall_s
            self._now_s = self._clock.now_s(wall_s)
            self._future_s = min(self._now_s + self._ahead_s_max, TIME_S_MAX)
        progress = self._feeds.get(feed_id)
        if (
            progress is None
            or progress.silent_from_s is not None
            or progress.complete_until_s is None
            or progress.complete_until_s >= self._closes_at_s
            or not self._start_s <= at_s < self._end_s
            or at_s >= self._closes_at_s
            or at_s > self._future_s
            or self._now_s >= self._silent_at_s
        ):
            return None
        return progress

    def _is_new(self, event_id: str) -> bool:
        number, counters = id64(event_id), self._counters
        if self._is_known(number):
            counters["duplicate"] = counters.get("duplicate", 0) + 1
            return False
        self._ids.add(number)
        counters["clean"] = counters.get("clean", 0) + 1
        return True

    def _is_known(self, number: int) -> bool:
        return (
            number in self._ids
            or number in self._recent_ids
            or (bool(self._other_ids) and any(number in ids for ids in self._other_ids))
        )

    def _add(self, resource_id: str, value: float, at_s: float) -> None:
        accumulator = self._series.get(resource_id)
        if accumulator is None:
            accumulator = self._series[resource_id] = Accumulator()
        accumulator.add(value, at_s)

    def _hear(self, progress: FeedProgress, at_s: float) -> None:
        progress.heard_at_s = self._now_s
        assert progress.complete_until_s is not None
        progress.complete_until_s = max(progress.complete_until_s, at_s)


def line_of(event: Transaction) -> str:
    """Return what two prints of one line of a document have in common."""
    line = f"{event.document_id}|{event.resource_id}|{event.kind}|{event.quantity_units}|{event.unit_price}"
    return f"line|{line}|{event.occurred_at_s}"
