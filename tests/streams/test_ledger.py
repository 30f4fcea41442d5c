"""Orders and receipts in any order, whole or in parts, come to the same stock and the same open orders."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams import ledger as ledger_module
from streams.catalog import ResourceSpec
from streams.events import Transaction
from streams.ledger import RECEIVED_MAX, Ledger
from tests.streams.pools import DAY_S, START_S, declared, sale, shop

DUE_S = START_S + 2 * DAY_S


def accepted(action_id: str, units: float, *, due_at_s: float = DUE_S, event_id: str = "") -> Transaction:
    """Return the word of the world that it will deliver."""
    return sale(
        START_S, units, kind="order_accepted", action_id=action_id, due_at_s=due_at_s,
        event_id=event_id or f"accepted {action_id}",
    )  # fmt: skip


def receipt(action_id: str | None, units: float, *, event_id: str = "") -> Transaction:
    """Return a delivery."""
    return sale(
        START_S, units, kind="receipt", action_id=action_id, event_id=event_id or f"received {units} of {action_id}"
    )


def folded(*events: Transaction, on_hand_units: float | None = 0.0) -> Ledger:
    """Return the ledger after these events."""
    ledger = Ledger(on_hand_units=on_hand_units)
    for event in events:
        ledger.check(event)
        ledger.apply(event)
    return ledger


def to_come(ledger: Ledger) -> dict[str, float]:
    """Return the units still to come by order."""
    return {name: order.units for name, order in ledger.on_order.items()}


def test_an_acceptance_after_its_own_receipt_opens_nothing() -> None:
    """The two come over different ways; what is there is not on order."""
    ledger = folded(receipt("a", 7.0), accepted("a", 7.0))

    assert (ledger.on_hand_units, to_come(ledger)) == (7.0, {})


def test_a_partial_receipt_leaves_the_rest_on_order() -> None:
    """Until the rest has come; an acceptance that comes again does not fill the order up again."""
    ledger = folded(accepted("a", 10.0), receipt("a", 4.0))
    assert to_come(ledger) == {"a": 6.0}

    ledger.apply(accepted("a", 10.0))
    assert to_come(ledger) == {"a": 6.0}
    ledger.apply(receipt("a", 6.0))
    ledger.apply(accepted("a", 10.0))

    assert (ledger.on_hand_units, to_come(ledger)) == (10.0, {})


def test_an_overdue_order_is_given_up_and_counted() -> None:
    """Three times lead time and its own period past due it no longer holds back others; its goods still count."""
    log = declared(shop(resources=(ResourceSpec(id="mug", lead_time_periods=2),)))
    log.promise(START_S)
    log.add(sale(START_S, 0, kind="count", event_id="count"))
    log.add(accepted("late", 5.0))
    log.promise(START_S + 11 * DAY_S)
    still = log.shard.view("shop")
    log.promise(START_S + 12 * DAY_S)
    given_up = log.shard.view("shop")
    log.add(accepted("late", 5.0, event_id="told again"))
    log.add(sale(START_S + 12 * DAY_S, 5.0, kind="receipt", action_id="late", event_id="came at last"))
    came = log.shard.view("shop")

    assert [order.action_id for order in still.series[0].on_order] == ["late"]
    assert (given_up.series[0].on_order, given_up.counters["orders:overdue"]) == ((), 1)
    assert (came.series[0].on_order, came.series[0].on_hand_units) == ((), 5.0)


def test_what_is_remembered_is_bounded_and_never_an_open_order() -> None:
    """Years of deliveries leave `RECEIVED_MAX` ids; an order half received is not forgotten for them."""
    ledger = folded(accepted("half", 10.0), receipt("half", 4.0))
    for number in range(10 * RECEIVED_MAX):
        ledger.apply(accepted(f"order {number}", 1.0))
        ledger.apply(receipt(f"order {number}", 1.0))
    ledger.apply(accepted("half", 10.0))

    assert len(ledger.received_units) <= RECEIVED_MAX + 1
    assert to_come(ledger) == {"half": 6.0}


def test_a_ledger_of_an_older_snapshot_is_read() -> None:
    """It has no memory of receipts; and one without orders takes no more room than before."""
    old = msgspec.msgpack.encode({"on_hand_units": 3.0, "on_order": {}})

    assert msgspec.msgpack.decode(old, type=Ledger) == Ledger(on_hand_units=3.0)
    assert len(msgspec.msgpack.encode(Ledger(on_hand_units=3.0))) <= len(old)


@st.composite
def deliveries(draw: st.DrawFn) -> list[Transaction]:
    """Draw what is told of some orders: acceptances, receipts in parts, with repetitions, in any order."""
    told: list[Transaction] = []
    for name in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        parts = draw(st.lists(st.integers(1, 40), max_size=4))
        told.append(accepted(name, float(draw(st.integers(1, 100)))))
        told += [receipt(name, float(units), event_id=f"{name}{place}") for place, units in enumerate(parts)]
    again = draw(st.lists(st.sampled_from(told), max_size=5))
    return draw(st.permutations(told + again))


@given(told=deliveries(), given_up_at=st.one_of(st.none(), st.integers(0, 15)))
def test_any_order_and_repetition_comes_to_the_same(told: list[Transaction], given_up_at: int | None) -> None:
    """Through the shard, which drops repetitions: on order is never below zero, and in the end always the same."""
    log = declared(shop(resources=(ResourceSpec(id="mug", lead_time_periods=2),)))
    log.promise(START_S)
    log.add(sale(START_S, 0, kind="count", event_id="count"))
    for place, event in enumerate(told):
        if place == given_up_at:
            log.promise(START_S + 12 * DAY_S)
        log.add(event)
        assert all(order.units > 0 for order in log.shard.view("shop").series[0].on_order)
    if given_up_at is not None:  # twice: what is accepted after it was due is given up with the next period
        log.promise(START_S + 12 * DAY_S)
        log.promise(START_S + 13 * DAY_S)

    once = {event.event_id: event for event in told}.values()
    ordered = {event.action_id: event.quantity_units for event in once if event.kind == "order_accepted"}
    for event in once:
        if event.kind == "receipt":
            ordered[event.action_id] -= event.quantity_units
    open_units = {} if given_up_at is not None else {name: units for name, units in ordered.items() if units > 0}
    series = log.shard.view("shop").series[0]
    assert {order.action_id: order.units for order in series.on_order} == open_units
    assert series.on_hand_units == sum(event.quantity_units for event in once if event.kind == "receipt")


def test_more_than_the_limit_of_open_orders_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts do not come through: told by the dead letters, not by memory that grows."""
    monkeypatch.setattr(ledger_module, "ON_ORDER_MAX", 1)
    ledger = folded(accepted("a", 1.0))

    with pytest.raises(ledger_module.InvalidEventError, match="has 1 open orders already"):
        ledger.check(accepted("b", 1.0))
