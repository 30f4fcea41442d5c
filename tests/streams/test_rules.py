"""Bad input: each rule parks what breaks it, says where and why, changes nothing and stops nothing."""

from typing import Any

import msgspec
import pytest

from streams.clock import TIME_S_MAX, RunClock
from streams.events import Clock, Covariate, Heartbeat, SensorReading, encode
from streams.shard import Shard
from streams.topics import MESSAGE_BYTES_MAX
from tests.streams.pools import DAY_S, PARTITIONS, START_S, Log, declared, sale, shard_of, shop, values

READING = SensorReading(
    event_id="r",
    pool_id="shop",
    resource_id="mug",
    feed_id="till",
    quantity="occupancy_ratio",
    value=0.5,
    observed_at_s=START_S,
)
HUGE = b'{"type":"heartbeat.v1","pool_id":"' + b"x" * MESSAGE_BYTES_MAX + b'"}'


@pytest.mark.parametrize(
    ("record", "rule"),
    [
        (sale(START_S, -3), "negative-quantity"),
        (sale(START_S, 3, kind="cancellation"), "positive-reversal"),
        (sale(START_S, 0), "zero-quantity"),
        (sale(START_S, 1e9), "quantity-limit"),
        (sale(START_S, 1, unit_price=0.0), "price-not-positive"),
        (sale(START_S + 10 * DAY_S), "future"),
        (sale(1.0), "past"),
        (sale(START_S, resource_id="POST"), "unknown-resource"),
        (sale(START_S, kind="order_accepted"), "malformed"),
        (msgspec.structs.replace(sale(START_S), pool_id="nobody"), "unknown-pool"),
        (msgspec.structs.replace(READING, value=1.5), "out-of-range"),
        (Covariate(event_id="c", pool_id="shop", feed_id="till", name="rain_mm", value=9831.3, observed_at_s=START_S),
         "out-of-range"),
        (Heartbeat(pool_id="shop", feed_id="nobody", complete_until_s=START_S), "unknown-feed"),
        (shop(timezone="Asia/Tokyo"), "catalog-conflict"),
        (shop(topic="readings"), "wrong-topic"),
        (shop(forecast="crystal-ball"), "invalid-catalog"),
        (shop(timezone="Mars/Phobos"), "invalid-catalog"),
        (shop(timezone="America"), "invalid-catalog"),
        (shop(feeds=()), "invalid-catalog"),
        (shop(resources=()), "invalid-catalog"),
        (Heartbeat(pool_id="shop", feed_id="till", complete_until_s=1.0), "past"),
        (Heartbeat(pool_id="shop", feed_id="till", complete_until_s=-1e300), "past"),
        (sale(START_S, float("nan")), "malformed"),
        (b'{"type":"transaction.v1","quantity_units":NaN}', "malformed"),
        (b"\xff\xfe not json", "malformed"),
        (b'{"type":"reading.v1"}', "malformed"),
        (HUGE, "oversize"),
    ],
)  # fmt: skip
def test_every_rule_parks_what_breaks_it_and_the_stream_goes_on(record: Any, rule: str) -> None:
    """Bad input becomes a dead letter with place, rule and message, changes nothing, and stops nothing."""
    spec = shop(covariate_limits={"rain_mm": (0.0, 300.0)})
    log = declared(spec)
    log.promise(START_S)
    before = log.shard.view("shop").series

    log.add(record)

    assert [letter.rule for letter in log.dead] in ([rule], ["wrong-partition"] if rule == "unknown-pool" else [rule])
    letter: Any = log.dead[0]
    assert (letter.offset, letter.topic) == (len(log.records) - 1, "transactions")
    assert letter.message
    assert log.shard.view("shop").series == before
    log.promise(START_S + DAY_S)
    assert values(log) == [0.0]


def test_a_parked_order_can_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not booked is not remembered as seen: a redrive under the same id is booked once there is room."""
    monkeypatch.setattr("streams.ledger.ON_ORDER_MAX", 1)
    log = declared(shop())
    orders = [
        sale(START_S, 5, event_id=name, kind="order_accepted", action_id=name, due_at_s=START_S + DAY_S)
        for name in ("first", "second")
    ]
    log.add(orders[0])
    log.add(orders[1])
    assert [letter.rule for letter in log.dead] == ["on-order-limit"]
    log.add(sale(START_S, 5, event_id="came", kind="receipt", action_id="first"))

    log.add(orders[1])

    assert [order.action_id for order in log.shard.view("shop").series[0].on_order] == ["second"]


def test_an_invalid_first_declaration_declares_nothing() -> None:
    """A pool whose timezone does not exist is not there: its events are parked, and a valid declaration heals it."""
    spec = shop(timezone="Mars/Phobos")
    log = Log(spec)
    log.add(spec)
    log.add(sale(START_S))
    assert [letter.rule for letter in log.dead] == ["invalid-catalog", "unknown-pool"]

    log.add(shop())

    assert log.shard.pool_ids() == ("shop",)


@pytest.mark.parametrize(
    "run_clock",
    [
        RunClock(event_origin_s=1e300),
        RunClock(event_origin_s=-1e300),
        RunClock(wall_origin_s=-1e308, speed_up=1e308),
        RunClock(wall_origin_s=1e308, speed_up=1e308),
    ],
)
def test_a_broken_clock_stops_nothing(run_clock: RunClock) -> None:
    """A clock beyond any calendar is held at its edge: what follows is parked or folded, and never raises."""
    log = declared(shop(ahead_s_max=1e300))
    log.promise(START_S)

    log.add(Clock(run_clock=run_clock, scope=("shop",)))
    log.add(sale(START_S + 60, 1))
    log.add(sale(1e15, 1))

    assert [letter.rule for letter in log.dead][-1:] == ["future"]
    assert 0.0 <= log.shard.view("shop").now_s <= TIME_S_MAX


def test_a_dead_letter_says_nothing_of_a_customer() -> None:
    """Neither message nor ids carry the customer's key or the payload."""
    log = declared(shop())
    log.add(sale(START_S, -3, customer_key="c0ffee"))

    assert b"c0ffee" not in encode(log.dead[0])  # type: ignore[arg-type]


def test_unknown_resources_are_counted_and_bounded() -> None:
    """A flood of foreign ids keeps a bounded list; the rest is counted together."""
    log = declared(shop())
    for number in range(200):
        log.add(sale(START_S, resource_id=f"X{number}"))

    unknown = dict(log.shard.view("shop").unknown_resources)
    assert len(unknown) == 51
    assert sum(unknown.values()) == 200


def test_a_record_in_the_wrong_partition_is_parked() -> None:
    """A producer that places keys by CRC32 is told so."""
    spec = shop()
    right = shard_of(spec)
    wrong = Shard("transactions", (right.partition + 1) % PARTITIONS, PARTITIONS)

    effects = wrong.apply(encode(spec), offset=0, wall_s=0.0)

    assert [letter.rule for letter in effects.dead] == ["wrong-partition"]
