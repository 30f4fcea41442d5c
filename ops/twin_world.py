"""A pool's simulated stock: orders and one period of recorded lines in, the events of that period out. Pure.

The order of a period (Zipkin, as in the simulator): receipts due are on hand, the orders are placed, demand is met
from what is there, what is unmet is lost. A sale line of q units sells min(q, on hand). A line that comes back first
takes from what its customer was never given, and only the rest returns to stock; so nobody returns what he did not
get. Repeats and dirt go to the broker as recorded and touch no stock: cleaning has to deal with them there too.
"""

from dataclasses import dataclass, field

import msgspec

from ops.recorded_demand import RecordedLine, RecordedPeriod
from streams.catalog import PoolSpec
from streams.events import OnOrder, Transaction

COUNT_EVERY_PERIODS = 7  # a stock-take as often shows a ledger that has drifted
JUST_BEFORE_S = 1.0  # counts and receipts of the night are dated this long before the period that they are there for


@dataclass(slots=True)
class Tally:
    """What one resource lived through in one period, in units. Sold is net of what was cancelled within it."""

    demand: float = 0.0
    sold: float = 0.0
    unmet: float = 0.0
    returned: float = 0.0  # of older sales, back in stock
    received: float = 0.0
    ordered: float = 0.0
    ran_out: bool = False  # whether somebody was given less than he asked for
    on_hand: float = 0.0  # at the end of the period


@dataclass(slots=True)
class _Shelf:
    """The mutable state of one resource."""

    on_hand: float
    on_order: list[OnOrder] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    owed_now: dict[str, float] = field(default_factory=dict)  # customer -> units asked this period and not given
    owed_before: dict[str, float] = field(default_factory=dict)  # customer -> units asked earlier and never given


class PoolWorld:
    """The simulated stock of one pool. Gives the same events for the same lines and orders, whoever asks."""

    def __init__(self, spec: PoolSpec, feed_id: str | None = None) -> None:
        """Start with each resource's initial stock; what the world itself says, it says as `feed_id`."""
        self.spec = spec
        self._feed_id = feed_id or spec.feeds[0].id
        self._shelves = {one.id: _Shelf(one.initial_on_hand_units) for one in spec.resources}
        self._nights = 0
        self._emitted: dict[str, Transaction | None] = {}  # this period's recorded id -> what was said of it

    def on_hand(self, resource_id: str) -> float:
        """Return the units ready to be sold."""
        return self._shelves[resource_id].on_hand

    def on_order(self, resource_id: str) -> tuple[OnOrder, ...]:
        """Return what was ordered and has not arrived, soonest first."""
        return tuple(self._shelves[resource_id].on_order)

    def count(self, at_s: float) -> list[Transaction]:
        """Return a count of each resource's stock, dated `at_s`."""
        return [self._counted("count", resource_id, at_s) for resource_id in self._shelves]

    def order(self, action_id: str, resource_id: str, units: float, *, at_s: float, due_at_s: float) -> Transaction:
        """Take an order that arrives at the start of the period `due_at_s`; return the event that says so."""
        shelf = self._shelves[resource_id]
        shelf.on_order.append(OnOrder(action_id=action_id, units=units, due_at_s=due_at_s))
        shelf.on_order.sort(key=lambda one: (one.due_at_s, one.action_id))
        shelf.tally.ordered += units
        said = self._say("order_accepted", resource_id, units, at_s, f"accepted/{action_id}")
        return msgspec.structs.replace(said, action_id=action_id, due_at_s=due_at_s)

    def play(self, period: RecordedPeriod) -> tuple[list[Transaction], dict[str, Tally]]:
        """Live through `period` and the night after it; return its events and what each resource lived through.

        An empty shelf is counted as empty, when somebody finds it so and at night: without a sale nothing else would
        tell that demand could not be seen.
        """
        events = self._receive(period.start_s, at_s=period.start_s)  # what was ordered without lead time
        events += self._live(period)
        night_s = period.end_s - JUST_BEFORE_S
        events += [self._counted("empty", one, night_s) for one, shelf in self._shelves.items() if shelf.on_hand <= 0]
        tallies = self._close()
        events += self._receive(period.end_s, at_s=night_s)
        self._nights += 1
        if self._nights % COUNT_EVERY_PERIODS == 0:
            events += self.count(night_s)
        return events, tallies

    def _receive(self, due_by_s: float, *, at_s: float) -> list[Transaction]:
        """Put what is due by `due_by_s` on the shelves; return the receipts, dated `at_s`."""
        receipts = []
        for resource_id, shelf in self._shelves.items():
            due = [one for one in shelf.on_order if one.due_at_s <= due_by_s]
            shelf.on_order = shelf.on_order[len(due) :]  # soonest first
            for order in due:
                shelf.on_hand += order.units
                shelf.tally.received += order.units
                said = self._say("receipt", resource_id, order.units, at_s, f"receipt/{order.action_id}")
                receipts.append(msgspec.structs.replace(said, action_id=order.action_id))
        return receipts

    def _live(self, period: RecordedPeriod) -> list[Transaction]:
        """Meet the period's demand as far as stock goes; return what the tills would have said of it."""
        self._emitted.clear()
        said = (self._meet(recorded) for recorded in period.lines)
        return [event for event in said if event is not None]

    def _close(self) -> dict[str, Tally]:
        """Return what each resource lived through since the last close, and begin anew."""
        closed = {}
        for resource_id, shelf in self._shelves.items():
            shelf.tally.on_hand = shelf.on_hand
            closed[resource_id], shelf.tally = shelf.tally, Tally()
            for customer, units in shelf.owed_now.items():
                shelf.owed_before[customer] = shelf.owed_before.get(customer, 0.0) + units
            shelf.owed_now.clear()
        return closed

    def _meet(self, recorded: RecordedLine) -> Transaction | None:
        line = recorded.line
        if recorded.part in ("dirt", "foreign"):
            return line if recorded.part == "dirt" else None
        if recorded.part == "repeat":  # as the original was told, so that cleaning knows it again
            told = self._emitted.get(recorded.original_id)
            return told and msgspec.structs.replace(told, event_id=line.event_id)
        shelf = self._shelves[line.resource_id]
        seen_empty = shelf.tally.ran_out
        given = self._sell(shelf, line) if recorded.part == "sale" else -self._take_back(shelf, recorded)
        self._emitted[line.event_id] = event = _cut(line, given) if given else None
        if event is None and shelf.tally.ran_out and not seen_empty:
            return self._counted("found-empty", line.resource_id, line.occurred_at_s)
        return event

    def _sell(self, shelf: _Shelf, line: Transaction) -> float:
        asked = line.quantity_units
        given = min(asked, shelf.on_hand)
        shelf.on_hand -= given
        shelf.tally.demand += asked
        shelf.tally.sold += given
        if given < asked:
            shelf.tally.unmet += asked - given
            shelf.tally.ran_out = True
            customer = line.customer_key or ""  # the unnamed are one: what they were not given, they cannot return
            shelf.owed_now[customer] = shelf.owed_now.get(customer, 0.0) + asked - given
        return given

    def _take_back(self, shelf: _Shelf, recorded: RecordedLine) -> float:
        """Return the units that go back on the shelf: what was cancelled less what had never been given."""
        customer, voided = recorded.line.customer_key or "", recorded.voided_units
        never_given = _draw(shelf.owed_now, customer, voided)
        shelf.tally.demand -= voided
        shelf.tally.unmet -= never_given
        shelf.tally.sold -= voided - never_given
        older = -recorded.line.quantity_units - voided
        older -= _draw(shelf.owed_before, customer, older)
        shelf.tally.returned += older
        shelf.on_hand += voided - never_given + older
        return voided - never_given + older

    def _counted(self, why: str, resource_id: str, at_s: float) -> Transaction:
        name = f"{why}/{self.spec.pool_id}/{resource_id}/{self.spec.periods.text(at_s)}"
        return self._say("count", resource_id, self._shelves[resource_id].on_hand, at_s, name)

    def _say(self, kind: str, resource_id: str, units: float, at_s: float, event_id: str) -> Transaction:
        return Transaction(
            event_id=event_id,
            pool_id=self.spec.pool_id,
            resource_id=resource_id,
            feed_id=self._feed_id,
            kind=kind,  # type: ignore[arg-type]  # one of the five, from this file only
            quantity_units=units,
            occurred_at_s=at_s,
        )


def _cut(line: Transaction, given: float) -> Transaction:
    """Return the line as the till would write it. A part delivery is a document of its own: it repeats no line."""
    if given == line.quantity_units:
        return line
    return msgspec.structs.replace(line, quantity_units=given, document_id=f"{line.document_id}/{line.event_id}")


def _draw(owed: dict[str, float], customer: str, units: float) -> float:
    """Take up to `units` from what `customer` is owed; return how much that was."""
    drawn = min(units, owed.get(customer, 0.0))
    if drawn:
        owed[customer] -= drawn
    return drawn
