"""The fold: from records to closed buckets, ticks, stock and dead letters."""

import msgspec
import pytest

from streams.catalog import FeedSpec
from streams.clock import RunClock
from streams.errors import InvalidEventError, StateError
from streams.events import Clock, Heartbeat
from streams.shard import Shard
from tests.streams.pools import DAY_S, PARTITIONS, START_S, declared, sale, shop, values


def test_a_bucket_closes_when_the_feed_promises_its_end() -> None:
    """Sales of a day add up, and its tick is cut with the next day's name."""
    log = declared(shop())
    log.promise(START_S)
    log.clock(START_S + DAY_S)
    log.add(sale(START_S + 60, 2))
    log.add(sale(START_S + 120, 3))
    assert values(log) == []

    log.promise(START_S + DAY_S)

    assert values(log) == [5.0]
    assert values(log, "cup") == [0.0]
    assert [(tick.tick_id, tick.missing) for tick in log.ticks] == [("shop/2001-09-11", False)]
    assert log.ticks[0].cut.next_offset == len(log.records)


def test_the_first_bucket_is_missing_when_its_beginning_was_not_heard() -> None:
    """A till that starts at noon says nothing of the morning."""
    log = declared(shop())
    log.clock(START_S + DAY_S)
    log.add(sale(START_S + DAY_S / 2))

    log.promise(START_S + DAY_S)

    assert values(log) == [None]


def test_an_event_moves_its_feed_on_without_heartbeats() -> None:
    """A feed that never promises still closes a bucket with its next event."""
    log = declared(shop(), now_s=START_S + 3 * DAY_S)
    log.add(sale(START_S, 1))
    log.add(sale(START_S + 10, 4))
    log.add(sale(START_S + DAY_S + 10, 1))

    assert values(log) == [5.0]


def test_silence_closes_a_bucket_as_missing_with_its_tick() -> None:
    """No data is not no demand: after silence_s_max nothing is learnt, and the fallback gets its tick."""
    log = declared(shop())
    log.promise(START_S)
    log.promise(START_S + DAY_S)
    log.clock(START_S + 5 * DAY_S)

    assert values(log) == [0.0, None, None]
    assert [tick.missing for tick in log.ticks] == [False, True, True]


def test_a_feed_back_from_silence_leaves_a_gap_that_only_a_promise_fills() -> None:
    """What lies between the silence and the first new event is missing, not zero."""
    log = declared(shop())
    log.promise(START_S)
    log.promise(START_S + DAY_S)
    log.clock(START_S + 5 * DAY_S)  # two buckets are forced
    log.clock(START_S + 7 * DAY_S)
    log.add(sale(START_S + 6 * DAY_S + 10, 9))
    log.promise(START_S + 7 * DAY_S)

    assert values(log) == [0.0, None, None, None, None, None, 9.0]


def test_a_feed_that_catches_up_in_time_leaves_no_gap() -> None:
    """What was buffered and sent late, but within the silence allowed, counts in full."""
    log = declared(shop())
    log.promise(START_S)
    log.clock(START_S + 2 * DAY_S)
    log.add(sale(START_S + 10, 1))
    log.promise(START_S + 2 * DAY_S)

    assert values(log) == [1.0, 0.0]


def test_the_slowest_declared_feed_holds_the_watermark() -> None:
    """One feed ahead of the other closes nothing."""
    feeds = (FeedSpec(id="till", silence_s_max=9 * DAY_S), FeedSpec(id="web", silence_s_max=9 * DAY_S))
    log = declared(shop(feeds=feeds))
    log.promise(START_S)
    log.add(Heartbeat(pool_id="shop", feed_id="web", complete_until_s=START_S))
    log.promise(START_S + 2 * DAY_S)
    assert values(log) == []

    log.add(Heartbeat(pool_id="shop", feed_id="web", complete_until_s=START_S + DAY_S))

    assert values(log) == [0.0]


def test_one_fast_clock_cannot_make_everyone_late() -> None:
    """A heartbeat beyond now + ahead_s_max is refused and moves nothing."""
    log = declared(shop())
    log.promise(START_S)
    log.add(Heartbeat(pool_id="shop", feed_id="till", complete_until_s=START_S + 30 * DAY_S))

    assert [letter.rule for letter in log.dead] == ["future"]
    assert values(log) == []


def test_a_late_sale_moves_stock_once_and_no_closed_bucket() -> None:
    """Late is late for demand; the ledger takes it, deduped."""
    log = declared(shop())
    log.promise(START_S)
    log.add(sale(START_S, 10, kind="count", event_id="count"))
    log.promise(START_S + DAY_S)
    late = sale(START_S + 60, 4, event_id="late")
    log.add(late)
    log.add(late)
    log.promise(START_S + 2 * DAY_S)

    view = log.shard.view("shop")
    assert view.series[0].on_hand_units == 6.0
    assert values(log) == [0.0, 0.0]
    assert (view.counters["late"], view.counters["duplicate"]) == (1, 1)


def test_the_ledger_follows_orders_and_receipts() -> None:
    """An accepted order is on order until its receipt, which brings the stock."""
    log = declared(shop())
    log.promise(START_S)
    log.add(sale(START_S, 10, kind="count", event_id="count"))
    order = {"kind": "order_accepted", "action_id": "a1", "due_at_s": START_S + 2 * DAY_S}
    log.add(sale(START_S, 7, event_id="order", **order))
    assert [(one.units, one.due_at_s) for one in log.shard.view("shop").series[0].on_order] == [
        (7.0, START_S + 2 * DAY_S)
    ]

    log.add(sale(START_S + 1, 7, kind="receipt", action_id="a1", event_id="receipt"))
    log.add(sale(START_S + 2, -2, kind="return", event_id="return"))

    series = log.shard.view("shop").series[0]
    assert (series.on_hand_units, series.on_order) == (19.0, ())


def test_a_cancellation_nets_the_same_customers_open_sale_only() -> None:
    """It undoes demand of an open bucket; another customer's sale stays."""
    log = declared(shop())
    log.promise(START_S)
    log.clock(START_S + DAY_S)
    log.add(sale(START_S + 1, 100, customer_key="c1", event_id="s1"))
    log.add(sale(START_S + 2, 5, customer_key="c2", event_id="s2"))
    log.add(sale(START_S + 3, -120, kind="cancellation", customer_key="c1", event_id="s3"))

    log.promise(START_S + DAY_S)

    assert values(log) == [5.0]


def test_a_stock_out_marks_its_bucket_as_censored() -> None:
    """Demand of a day on which stock ran out is a lower bound."""
    log = declared(shop())
    log.promise(START_S)
    log.add(sale(START_S, 3, kind="count", event_id="count"))
    log.clock(START_S + DAY_S)
    log.add(sale(START_S + 5, 3, event_id="last"))
    log.promise(START_S + DAY_S)

    assert [closed.censored for closed in log.closed] == [True, False]


def test_equal_lines_of_one_document_count_once_where_the_feed_says_so() -> None:
    """`repeated_lines = "drop"` is the feed's promise that equal lines are double scans."""
    for how, expected in (("drop", 2.0), ("keep", 4.0)):
        log = declared(shop(feeds=(FeedSpec(id="till", repeated_lines=how),)))  # type: ignore[arg-type]
        log.promise(START_S)
        log.clock(START_S + DAY_S)
        log.add(sale(START_S + 1, 2, event_id="i1-1", document_id="i1"))
        log.add(sale(START_S + 1, 2, event_id="i1-2", document_id="i1"))
        log.promise(START_S + DAY_S)
        assert values(log) == [expected]


def test_an_event_without_id_is_named_by_its_place() -> None:
    """Its place in the log is its id: replayed it counts once, repeated by the producer it counts again."""
    log = declared(shop())
    log.promise(START_S)
    log.clock(START_S + DAY_S)
    nameless = msgspec.structs.replace(sale(START_S + 5, 2), event_id="")
    log.add(nameless)
    log.add(nameless)
    log.promise(START_S + DAY_S)

    assert values(log) == [4.0]


def test_a_long_gap_is_passed_over_in_whole_weeks() -> None:
    """Two missing weeks are learnt as missing, the rest is skipped: a year of silence costs nothing."""
    log = declared(shop())
    log.promise(START_S)
    log.promise(START_S + DAY_S)
    log.clock(START_S + 400 * DAY_S)

    assert len(values(log)) < 40
    assert log.shard.view("shop").counters["buckets:skipped"] % 7 == 0
    assert log.shard.view("shop").period_start_s == START_S + 398 * DAY_S


def test_a_newer_catalog_keeps_stock_and_adds_products() -> None:
    """Declaring a pool again changes limits and products, not what is known."""
    log = declared(shop())
    log.promise(START_S)
    log.add(sale(START_S, 8, kind="count", event_id="count"))
    spec = shop()
    wider = msgspec.structs.replace(
        spec, resources=(*spec.resources, msgspec.structs.replace(spec.resources[0], id="jug"))
    )
    log.add(wider)

    view = log.shard.view("shop")
    assert [(one.resource_id, one.on_hand_units) for one in view.series] == [("mug", 8.0), ("cup", None), ("jug", None)]


def test_the_pacemaker_leaves_a_twins_clock_alone() -> None:
    """A beat for everybody moves the log's time on, but a pool with its own clock keeps it."""
    log = declared(shop())
    log.promise(START_S)
    log.add(Clock(run_clock=RunClock()))

    assert log.shard.view("shop").now_s == START_S


def test_a_poisoned_record_is_passed_over() -> None:
    """`park` moves on past a record that cannot be folded and says so."""
    log = declared(shop())
    offset = len(log.records)
    effects = log.shard.park(b"x", InvalidEventError("poison", "it raised KeyError"), offset=offset, wall_s=3e9)

    assert [letter.rule for letter in effects.dead] == ["poison"]
    assert log.shard.next_offset == offset + 1


@pytest.mark.parametrize(("partitions", "words"), [(8, "partitions"), (PARTITIONS, "not readable")])
def test_a_foreign_state_is_refused(partitions: int, words: str) -> None:
    """A state of another partition count, or of other code, stops with what to do."""
    state = declared(shop()).shard.state()
    with pytest.raises(StateError, match=words):
        Shard.restore(state if partitions == 8 else b"\x00" + state, partitions=partitions)


def test_a_forecaster_of_other_code_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade that cannot read a model says so, and names the command that learns it again."""
    state = declared(shop()).shard.state()
    monkeypatch.setattr("online_models.registry.STATE_VERSION", 99)

    with pytest.raises(StateError, match=r"headgate shard reset transactions/\d+ --accept-loss"):
        Shard.restore(state, partitions=PARTITIONS)
