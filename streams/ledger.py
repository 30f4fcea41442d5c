"""Movements of one resource in, stock on hand and on order out. Late movements count too: stock has no buckets."""

import msgspec

from streams.errors import InvalidEventError
from streams.events import OnOrder, Transaction

ON_ORDER_MAX = 1000  # open orders of one resource; more means that receipts do not come through


class Ledger(msgspec.Struct):
    """Stock of one resource. What is on hand is unknown (None) until the first count.

    >>> ledger = Ledger()
    >>> ledger.on_hand_units is None
    True
    """

    on_hand_units: float | None = None
    on_order: dict[str, OnOrder] = msgspec.field(default_factory=dict)  # by action_id

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
            case "count":
                self.on_hand_units = event.quantity_units
            case "sale" | "cancellation" | "return":  # reversals are negative: they bring stock back
                self._move(-event.quantity_units)
            case "receipt":
                self.on_order.pop(event.action_id or "", None)
                self._move(event.quantity_units)
            case "order_accepted":
                self._order(event)

    def _move(self, units: float) -> None:
        if self.on_hand_units is not None:
            self.on_hand_units += units

    def _order(self, event: Transaction) -> None:
        assert event.action_id is not None
        assert event.due_at_s is not None
        self.on_order[event.action_id] = OnOrder(
            action_id=event.action_id, units=event.quantity_units, due_at_s=event.due_at_s
        )
