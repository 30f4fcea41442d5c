"""Movements of one resource in, stock on hand and on order out. Late movements count too: stock has no buckets.

An order is open with what it was accepted for, less what was received of it, in whichever order the two come. It is
closed once all was received, or given up when it is long overdue: a delivery that never comes must not hold back the
orders that would make up for it.
"""

from math import inf

import msgspec

from streams.dedupe import id64
from streams.errors import InvalidEventError
from streams.events import OnOrder, Transaction

ON_ORDER_MAX = 1000  # open orders of one resource; more means that receipts do not come through
RECEIVED_MAX = 32  # closed orders remembered, for acceptances that come after the last receipt or come again
OVERDUE_LEAD_TIMES = 3  # an order this many times its lead time, and the period it was placed in, past due is given up
UNITS_LEAST = 1e-6  # less than this of an order still to come is rounding


class Ledger(msgspec.Struct, omit_defaults=True):
    """Stock of one resource. What is on hand is unknown (None) until the first count.

    >>> ledger = Ledger()
    >>> ledger.on_hand_units is None
    True
    """

    on_hand_units: float | None = None
    on_order: dict[str, OnOrder] = msgspec.field(default_factory=dict)  # by action_id, with the units still to come
    received_units: dict[int, float] = msgspec.field(default_factory=dict)  # by id64(action_id), newest last; given up:
    # infinite, so that nothing opens it again

    def check(self, event: Transaction) -> None:
        """Raise InvalidEventError when `event` cannot be booked; ask before its id is remembered as seen."""
        if event.kind != "order_accepted":
            return
        if event.action_id is None or event.due_at_s is None:
            raise InvalidEventError("malformed", "an order_accepted has no action_id or no due_at_s")
        if len(self.on_order) >= ON_ORDER_MAX:
            raise InvalidEventError("on-order-limit", f"{event.resource_id} has {ON_ORDER_MAX} open orders already")

    def apply(self, event: Transaction) -> None:
        """Move stock by `event`, which has passed `check`."""
        match event.kind:
            case "sale" | "cancellation" | "return":  # reversals are negative: they bring stock back
                self._move(-event.quantity_units)
            case "count":
                self.on_hand_units = event.quantity_units
            case "receipt":
                self._move(event.quantity_units)
                if event.action_id:
                    self._receive(event.action_id, event.quantity_units)
            case "order_accepted":
                self._order(event)

    def give_up(self, due_before_s: float) -> int:
        """Close the orders that were due before `due_before_s`; return how many."""
        overdue = [order.action_id for order in self.on_order.values() if order.due_at_s < due_before_s]
        for action_id in overdue:
            self._remember(action_id, inf)
            del self.on_order[action_id]
        return len(overdue)

    def _move(self, units: float) -> None:
        if self.on_hand_units is not None:
            self.on_hand_units += units

    def _order(self, event: Transaction) -> None:
        assert event.action_id is not None
        assert event.due_at_s is not None
        left = event.quantity_units - self.received_units.get(id64(event.action_id), 0.0)
        self._keep(OnOrder(action_id=event.action_id, units=left, due_at_s=event.due_at_s))

    def _receive(self, action_id: str, units: float) -> None:
        self._remember(action_id, units)
        order = self.on_order.get(action_id)
        if order is not None:
            self._keep(msgspec.structs.replace(order, units=order.units - units))

    def _keep(self, order: OnOrder) -> None:
        """Keep `order` while something of it is to come."""
        if order.units > UNITS_LEAST:
            self.on_order[order.action_id] = order
        else:
            self.on_order.pop(order.action_id, None)

    def _remember(self, action_id: str, units: float) -> None:
        """Add to what was received of the order; forget the oldest that is closed beyond the bound."""
        number = id64(action_id)
        self.received_units[number] = self.received_units.pop(number, 0.0) + units
        if len(self.received_units) > RECEIVED_MAX:
            still_open = {id64(name) for name in self.on_order}
            closed = next((one for one in self.received_units if one not in still_open and one != number), None)
            if closed is not None:
                del self.received_units[closed]
