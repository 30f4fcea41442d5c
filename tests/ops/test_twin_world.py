"""The twin's stock against hand-made days, against the fold that reads its events, and against the simulator."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.recorded_demand import recorded_periods
from ops.twin_world import PoolWorld, Tally
from simulator.inventory.dynamics import Stock, advance, meet, place
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import LIVE, RunClock
from streams.effects import Effects
from streams.events import Cut, Heartbeat, Transaction
from streams.pool import Pool

DAY_S = 86_400.0
START_S = 1_278_028_800.0  # 2010-07-02 00:00 UTC
RESOURCES = ("mug", "bag")


def pool(lead: int = 2, initial: float = 10.0) -> PoolSpec:
    """Return a pool of two resources fed by a till that repeats lines."""
    return PoolSpec(
        pool_id="gifts",
        controlled=True,
        feeds=(FeedSpec(id="till", repeated_lines="drop"),),
        resources=tuple(
            ResourceSpec(id=name, lead_time_periods=lead, initial_on_hand_units=initial) for name in RESOURCES
        ),
    )


def line(quantity: float, *, hour: float = 9.0, day: int = 0, name: str = "", **changes: object) -> Transaction:
    """Return one recorded line of a document of its own, unless told otherwise."""
    values: dict[str, object] = {
        "event_id": name or f"{day}/{hour}/{quantity}",
        "pool_id": "gifts",
        "resource_id": "mug",
        "feed_id": "till",
        "kind": "sale" if quantity > 0 else "cancellation",
        "quantity_units": quantity,
        "occurred_at_s": START_S + day * DAY_S + hour * 3600,
        "document_id": f"i{name}/{day}/{hour}/{quantity}",
        "unit_price": 2.0,
        "customer_key": "c1",
    }
    return Transaction(**values | changes)  # type: ignore[arg-type]


def play(lines: list[Transaction], spec: PoolSpec, days: int = 1) -> tuple[PoolWorld, list[Transaction], list[Tally]]:
    """Play `days` without orders; return the world, all events and the mug's tallies."""
    world, events, tallies = PoolWorld(spec), [], []
    for period in recorded_periods(lines, spec, from_s=START_S, until_s=START_S + days * DAY_S):
        said, tally = world.play(period)
        events += said
        tallies.append(tally["mug"])
    return world, events, tallies


def test_a_line_sells_what_is_there_and_the_rest_is_lost() -> None:
    """10 on hand: 6 are sold, then 4 of 7, then nothing, in the order in which they were recorded."""
    lines = [line(6, hour=9), line(7, hour=10), line(3, hour=11)]
    world, events, (tally,) = play(lines, pool())

    sales = [event for event in events if event.kind == "sale"]
    assert [(event.event_id, event.quantity_units) for event in sales] == [("0/9/6", 6), ("0/10/7", 4)]
    assert (tally.demand, tally.sold, tally.unmet, tally.on_hand) == (16, 10, 6, 0)
    assert tally.ran_out
    assert world.on_hand("mug") == 0


def test_an_untouched_line_is_the_recorded_one() -> None:
    """What stock can meet passes as it was recorded, field by field."""
    lines = [line(6)]
    assert play(lines, pool())[1] == lines


def test_an_empty_shelf_is_counted() -> None:
    """A day that starts empty has no sale to tell it: the first who finds it so does, and the evening."""
    events = play([line(4), line(5, hour=10)], pool(initial=0.0))[1]
    assert [(event.event_id, event.kind, event.quantity_units) for event in events] == [
        ("found-empty/gifts/mug/2010-07-02", "count", 0),
        ("empty/gifts/mug/2010-07-02", "count", 0),
        ("empty/gifts/bag/2010-07-02", "count", 0),
    ]


def test_a_repeated_line_is_told_as_its_original_was() -> None:
    """The repeat of a line that was met in part has the part's quantity and document, so that cleaning drops it."""
    events = play([line(30, name="a", document_id="i1"), line(30, name="b", document_id="i1")], pool())[1]
    told = [event for event in events if event.kind == "sale"]
    assert [(one.event_id, one.quantity_units) for one in told] == [("a", 10), ("b", 10)]
    assert told[0].document_id == told[1].document_id


def test_two_lines_that_become_equal_when_cut_are_not_taken_for_a_repeat() -> None:
    """5 of 5 and then 5 of 9 in one document are two sales: the part delivery is a document of its own."""
    lines = [line(5, name="a", document_id="i1"), line(9, name="b", document_id="i1")]
    told = [event for event in play(lines, pool())[1] if event.kind == "sale"]
    assert [one.quantity_units for one in told] == [5, 5]
    assert told[0].document_id != told[1].document_id


def test_a_cancellation_of_the_same_day_voids_what_was_never_given_first() -> None:
    """40 asked, 10 given, 36 cancelled: nobody brings 36 back; 6 return, 4 stay sold, nothing is unmet."""
    world, events, (tally,) = play([line(40, hour=9), line(-36, hour=10)], pool())
    assert [event.quantity_units for event in events if event.kind == "cancellation"] == [-6]
    assert (tally.demand, tally.sold, tally.unmet, tally.returned) == (4, 4, 0, 0)
    assert world.on_hand("mug") == 6


def test_a_late_cancellation_brings_back_only_what_was_given() -> None:
    """The lost sale of yesterday stays lost: of 40 asked and 10 given, 10 can come back."""
    world, events, (first, second) = play([line(40), line(-40, day=1)], pool(), days=2)
    assert [event.quantity_units for event in events if event.kind == "cancellation"] == [-10]
    assert (first.unmet, second.demand, second.returned) == (30, 0, 10)
    assert world.on_hand("mug") == 10


def test_a_return_of_an_older_sale_goes_back_on_the_shelf() -> None:
    """Somebody else's return is not netted against today's demand."""
    world, _, (tally,) = play([line(4), line(-3, hour=10, customer_key="c2")], pool())
    assert (tally.demand, tally.sold, tally.returned) == (4, 4, 3)
    assert world.on_hand("mug") == 9


@pytest.mark.parametrize(
    "dirt",
    [
        line(-3, kind="sale"),
        line(5, resource_id="POST"),
        line(5, unit_price=0.0),
        line(float("nan")),
        line(0.0, kind="sale"),
        line(3, kind="cancellation"),
    ],
    ids=["negative-sale", "no-product", "no-price", "nan", "zero", "positive-reversal"],
)
def test_dirt_passes_as_recorded_and_moves_nothing(dirt: Transaction) -> None:
    """Cleaning has to meet in the broker what was in the till."""
    world, events, (tally,) = play([dirt], pool())
    assert events[0] is dirt
    assert len(events) == 1
    assert (tally.demand, tally.sold, world.on_hand("mug")) == (0, 0, 10)


def test_recorded_receipts_are_not_of_this_world() -> None:
    """Only the twin's own orders arrive."""
    world, events, _ = play([line(50, kind="receipt")], pool())
    assert events == []
    assert world.on_hand("mug") == 10


def test_an_order_arrives_in_the_night_before_its_period() -> None:
    """Lead time 2: ordered at the start of day 0, there at the start of day 2, dated just before."""
    spec = pool(lead=2)
    world = PoolWorld(spec)
    days = recorded_periods([line(4, day=2)], spec, from_s=START_S, until_s=START_S + 3 * DAY_S)
    accepted = world.order("a1", "mug", 5.0, at_s=START_S, due_at_s=days[2].start_s)
    assert (accepted.kind, accepted.action_id, accepted.due_at_s) == ("order_accepted", "a1", days[2].start_s)
    world.play(days[0])
    assert (world.on_hand("mug"), len(world.on_order("mug"))) == (10, 1)
    events, _ = world.play(days[1])
    assert [(one.kind, one.action_id, one.occurred_at_s) for one in events] == [("receipt", "a1", days[2].start_s - 1)]
    assert (world.on_hand("mug"), world.on_order("mug")) == (15, ())
    assert world.play(days[2])[1]["mug"].received == 5


def test_a_stock_take_comes_every_seventh_night() -> None:
    """So that a ledger that has drifted is seen."""
    _, events, _ = play([], pool(), days=14)
    assert [one.quantity_units for one in events if one.kind == "count"] == [10] * 4


def test_periods_follow_the_clocks() -> None:
    """The day on which the clocks go forward has 23 hours and its own lines."""
    spec = PoolSpec(pool_id="gifts", timezone="Europe/London", feeds=(FeedSpec(id="till"),), resources=pool().resources)
    midnight_s = spec.periods.start_of(1_269_738_000.0)
    days = recorded_periods([], spec, from_s=midnight_s, until_s=midnight_s + 2 * DAY_S)
    assert [day.end_s - day.start_s for day in days] == [82_800, 86_400]


def test_control_must_start_with_a_period() -> None:
    """A start in the middle of a day is refused by name."""
    with pytest.raises(ValueError, match="no start of a day"):
        recorded_periods([], pool(), from_s=START_S + 1, until_s=START_S + DAY_S)


Drawn = tuple[int, int, int, str | None, str, str]  # day, hour, quantity, customer, document, resource
days_of_lines = st.lists(
    st.tuples(
        st.integers(0, 3),  # day
        st.integers(0, 23),  # hour
        st.integers(-12, 15),  # quantity
        st.sampled_from(["c1", "c2", None]),
        st.sampled_from(["i1", "i2"]),
        st.sampled_from(RESOURCES),
    ),
    max_size=40,
)


def recorded(drawn: list[Drawn]) -> list[Transaction]:
    """Return the drawn lines in time order, repeats and zero quantities among them."""
    lines = [
        line(
            float(quantity),
            name=str(place),
            day=day,
            hour=float(hour),
            customer_key=customer,
            document_id=document,
            resource_id=resource,
        )
        for place, (day, hour, quantity, customer, document, resource) in enumerate(drawn)
    ]
    return sorted(lines, key=lambda one: one.occurred_at_s)


@settings(max_examples=100, deadline=None)
@given(drawn=days_of_lines, orders=st.lists(st.integers(0, 20), min_size=4, max_size=4), lead=st.integers(0, 3))
def test_stock_is_conserved_and_the_fold_agrees(drawn: list[Drawn], orders: list[int], lead: int) -> None:
    """Initial + received - sold + returned = on hand; and the ledger and buckets of the live fold say the same."""
    spec = pool(lead=lead)
    world, fold = PoolWorld(spec), Pool.new(spec, now_s=START_S)
    fold.run_clock = RunClock(event_origin_s=START_S, speed_up=0.0)
    cut = Cut(topic="transactions", partition=0, epoch=0, next_offset=0)
    hear(fold, [Heartbeat(pool_id="gifts", feed_id="till", complete_until_s=START_S)], now_s=START_S)
    hear(fold, world.count(START_S), now_s=START_S)
    stock = {name: world.on_hand(name) for name in RESOURCES}
    days = recorded_periods(recorded(drawn), spec, from_s=START_S, until_s=START_S + 4 * DAY_S)
    for number, day in enumerate(days):
        due_at_s = day.start_s + lead * DAY_S
        said = [world.order(f"a{number}", "mug", orders[number], at_s=day.start_s, due_at_s=due_at_s)]
        events, tallies = world.play(day)
        hear(fold, [*said, *events], now_s=day.end_s)
        hear(fold, [Heartbeat(pool_id="gifts", feed_id="till", complete_until_s=day.end_s)], now_s=day.end_s)
        effects = Effects()
        fold.close_due(now_s=day.end_s, cut=cut, clock=RunClock(speed_up=0.0), effects=effects)
        closed = {bucket.resource_id: bucket for bucket in effects.closed}
        for name, tally in tallies.items():
            stock[name] += tally.received - tally.sold + tally.returned
            assert tally.on_hand == pytest.approx(stock[name])
            assert tally.demand == pytest.approx(tally.sold + tally.unmet)
            assert tally.demand == pytest.approx(day.demand_units[name])
            assert 0 <= tally.returned <= day.returned_units[name]
            assert min(tally.sold, tally.unmet, tally.on_hand) >= 0
            assert closed[name].value == pytest.approx(tally.sold)
            assert closed[name].censored or not tally.ran_out
        for series in fold.view(now_s=day.end_s, cut=cut, clock=LIVE).series:
            assert series.on_hand_units == pytest.approx(world.on_hand(series.resource_id))
            assert {one.action_id for one in series.on_order} == {
                one.action_id for one in world.on_order(series.resource_id) if one.units
            }


def hear(fold: Pool, events: Sequence[Transaction | Heartbeat], *, now_s: float) -> None:
    """Fold what the fold believes; an order of nothing is no event."""
    for event in events:
        if isinstance(event, Heartbeat):
            fold.apply_heartbeat(event, now_s=now_s)
        elif event.quantity_units or event.kind == "count":
            fold.apply_transaction(event, now_s=now_s)


@settings(max_examples=50, deadline=None)
@given(
    demand=st.lists(st.integers(0, 15), min_size=6, max_size=6),
    orders=st.lists(st.integers(0, 15), min_size=6, max_size=6),
    lead=st.integers(0, 3),
)
def test_without_returns_the_world_is_the_simulators(demand: list[int], orders: list[int], lead: int) -> None:
    """One line a day: stock, sales and lost sales are those of simulator.inventory.dynamics, period by period."""
    spec = pool(lead=lead)
    world = PoolWorld(spec)
    lines = [line(float(units), name=str(day), day=day) for day, units in enumerate(demand) if units]
    stock = Stock(on_hand=np.array([10.0]), pipeline=np.zeros((1, 3)))
    for number, day in enumerate(recorded_periods(lines, spec, from_s=START_S, until_s=START_S + 6 * DAY_S)):
        due_at_s = day.start_s + lead * DAY_S
        world.order(f"a{number}", "mug", float(orders[number]), at_s=day.start_s, due_at_s=due_at_s)
        tally = world.play(day)[1]["mug"]
        stock = place(stock, np.array([float(orders[number])]), np.array([lead]))
        stock, sold, unmet = meet(stock, np.array([float(demand[number])]))
        assert (tally.sold, tally.unmet, tally.on_hand) == (sold[0], unmet[0], stock.on_hand[0])
        stock, _ = advance(stock)
