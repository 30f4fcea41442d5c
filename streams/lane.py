"""Plain sales and readings in, booked in the buckets that are open anyway; everything else is left to the rules.

Nearly every record is a plain one: of a known resource, in range, in the newest bucket, of a feed that is heard, too
early to close anything. A lane holds what booking such a record of one pool needs, looked up once, and the limits
within which the rules of `streams.pool` come to the same state by a shorter way (held equal by
tests/streams/test_batches.py). `PlainBooking` walks along the log and books what lanes allow.
"""

from collections.abc import Callable, Sequence

from streams.cleaning import LIMITS, QUANTITY_UNITS_MAX, TIME_S_MIN
from streams.clock import TIME_S_MAX, RunClock
from streams.decoding import Decoded
from streams.demand import Accumulator, OpenBucket
from streams.events import SensorReading, Transaction
from streams.ledger import Ledger
from streams.watermark import FeedProgress


class Lane:
    """One pool between two events that are not plain. It owns no state: what it changes is the pool's.

    Its attributes are for `PlainBooking`, which pays for each record, and a method call costs as much as three lines.
    """

    __slots__ = (
        "ahead_s_max", "booked", "bucket", "clock", "closes_at_s", "complete_s", "counters", "digest", "drops_lines",
        "end_s", "feed_id", "feeds", "future_s", "ids", "ledgers", "moves_stock", "now_s", "other_ids", "series",
        "silent_at_s", "start_s",
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
        digest: Callable[[bytes], int],
        drops_lines: frozenset[str],
        ledgers: dict[str, Ledger],
        feeds: dict[str, FeedProgress],
        counters: dict[str, int],
    ) -> None:
        self.clock = clock
        self.ahead_s_max = ahead_s_max
        self.start_s, self.end_s = max(span[0], TIME_S_MIN), min(span[1], closes_at_s)
        self.closes_at_s = closes_at_s
        self.silent_at_s = silent_at_s
        self.bucket = bucket
        self.series = bucket.series
        self.ids = ids
        self.other_ids = other_ids
        self.digest = digest
        self.drops_lines = drops_lines  # feeds that print lines twice
        self.ledgers = ledgers
        self.feeds = feeds
        self.counters = counters
        self.moves_stock = any(ledger.on_hand_units is not None for ledger in ledgers.values())
        self.now_s = self.future_s = -1.0
        self.booked = 0  # events since `settle`
        self.feed_id: str | None = None  # the feed that spoke last ...
        self.complete_s = -1.0  # ... and how far it is

    def move(self, wall_s: float) -> bool:
        """Take note of the time; return False when a feed has fallen silent: nothing is plain any more."""
        self.now_s = self.clock.now_s(wall_s)
        self.future_s = min(self.now_s + self.ahead_s_max, TIME_S_MAX)
        return self.now_s < self.silent_at_s

    def listen(self, feed_id: str) -> bool:
        """Turn to another feed; return False when what it says is not plain."""
        self.settle()
        progress = self.feeds.get(feed_id)
        if progress is None or progress.silent_from_s is not None or progress.complete_until_s is None:
            return False
        if progress.complete_until_s >= self.closes_at_s:
            return False
        self.feed_id, self.complete_s = feed_id, progress.complete_until_s
        return True

    def settle(self) -> None:
        """Write down what was booked since the last time, which is cheaper together."""
        if self.feed_id is not None and self.booked:
            progress = self.feeds[self.feed_id]
            progress.heard_at_s, progress.complete_until_s = self.now_s, self.complete_s
            self.counters["clean"] += self.booked  # the bucket's first event has counted before
        self.booked = 0
        self.feed_id = None

    def is_other(self, number: int) -> bool:
        """Return whether an id is one of the other open buckets'."""
        return any(number in ids for ids in self.other_ids)

    def count(self, what: str) -> None:
        """Count one more of `what`."""
        self.counters[what] = self.counters.get(what, 0) + 1

    def moved(self, event: Transaction) -> bool:
        """Move stock and remember the buyer; return False when the line was printed twice and counts once."""
        if event.document_id is not None and event.feed_id in self.drops_lines:
            line = self.digest(line_of(event).encode())
            if line in self.ids or self.is_other(line):
                self.count("clean")
                self.count("repeated-line")
                return False
            self.ids.add(line)
        ledger = self.ledgers[event.resource_id]
        if ledger.on_hand_units is not None:
            ledger.apply(event)
            if ledger.on_hand_units <= 0:
                self.bucket.stock_outs.add(event.resource_id)
        if event.customer_key is not None:
            bought, key = self.bucket.bought, f"{event.customer_key}|{event.resource_id}"
            bought[key] = bought.get(key, 0.0) + event.quantity_units
        return True


class PlainBooking:
    """Books stretches of plain events; `place` is where it stands in the slice, also when something is raised."""

    def __init__(self, lane_of: Callable[[str], Lane | None], name_of: Callable[[int], str]) -> None:
        """`lane_of` gives a pool's lane; `name_of` the event at a place its id, where the producer gave none."""
        self.place = 0
        self._lane_of = lane_of
        self._name_of = name_of

    def book(self, events: Sequence[Decoded], end: int, wall_s: float) -> list[str]:
        """Book events, all appended at `wall_s`, until one is not plain or `end` is reached; return whose they were."""
        lanes: dict[str, Lane] = {}  # those that know what time it is
        self._walk(events, end, wall_s, lanes)
        for lane in lanes.values():
            lane.settle()
        return list(lanes)

    def _walk(  # noqa: PLR0912  one loop, because it is what every record pays for
        self, events: Sequence[Decoded], end: int, wall_s: float, lanes: dict[str, Lane]
    ) -> None:
        for place in range(self.place, end):
            self.place = place
            event = events[place]
            if type(event) is Transaction:
                value, at_s, price = event.quantity_units, event.occurred_at_s, event.unit_price
                if event.kind != "sale" or not 0.0 < value <= QUANTITY_UNITS_MAX or not (price is None or price > 0):
                    return
            elif type(event) is SensorReading:
                value, at_s = event.value, event.observed_at_s
                low, high = LIMITS[event.quantity]
                if not low <= value <= high:
                    return
            else:
                return
            lane = lanes.get(event.pool_id) or self._enter(event.pool_id, lanes, wall_s)
            if lane is None or not lane.start_s <= at_s < lane.end_s or at_s > lane.future_s:
                return
            resource_id = event.resource_id
            accumulator = lane.series.get(resource_id)
            if accumulator is None and resource_id not in lane.ledgers:
                return
            if event.feed_id != lane.feed_id and not lane.listen(event.feed_id):
                return
            number = lane.digest((event.event_id or self._name_of(place)).encode())
            if number in lane.ids or (lane.other_ids and lane.is_other(number)):
                lane.count("duplicate")
                continue
            lane.ids.add(number)
            if (
                type(event) is Transaction
                and (lane.moves_stock or event.document_id is not None or event.customer_key is not None)
                and not lane.moved(event)
            ):
                continue
            lane.booked += 1
            if accumulator is None:
                accumulator = lane.series[resource_id] = Accumulator()
            accumulator.total += value  # these lines are `Accumulator.add`, whose call would cost as much again
            accumulator.count += 1
            if value > accumulator.maximum:  # noqa: PLR1730  every event pays for a call of max
                accumulator.maximum = value
            if at_s >= accumulator.last_at_s:
                accumulator.last, accumulator.last_at_s = value, at_s
            if at_s > lane.complete_s:  # noqa: PLR1730
                lane.complete_s = at_s
        self.place = end

    def _enter(self, pool_id: str, lanes: dict[str, Lane], wall_s: float) -> Lane | None:
        lane = self._lane_of(pool_id)
        if lane is None or not lane.move(wall_s):
            return None
        lanes[pool_id] = lane
        return lane


def line_of(event: Transaction) -> str:
    """Return what two prints of one line of a document have in common."""
    line = f"{event.document_id}|{event.resource_id}|{event.kind}|{event.quantity_units}|{event.unit_price}"
    return f"line|{line}|{event.occurred_at_s}"
