"""What a pool of the twin tells, in which order, and which pools it cannot be."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ops.twin_actor import actor
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.errors import ConfigurationError
from streams.events import ActionLine, Clock, Heartbeat, Transaction

LONDON = ZoneInfo("Europe/London")
DAY_S = 86_400.0


def midnight_s(month: int, day: int) -> float:
    """Return the start of a London day in 2010."""
    return datetime(2010, month, day, tzinfo=LONDON).timestamp()


def pool(**changes: object) -> PoolSpec:
    """Return a pool of one item in London, by the day."""
    values: dict[str, object] = {
        "pool_id": "gifts",
        "timezone": "Europe/London",
        "feeds": (FeedSpec(id="till"), FeedSpec(id="web")),
        "resources": (ResourceSpec(id="mug", lead_time_periods=2, initial_on_hand_units=10.0),),
    }
    return PoolSpec(**values | changes)  # type: ignore[arg-type]


def sale(month: int, day: int, quantity: float = 3.0) -> Transaction:
    """Return a sale at nine."""
    return Transaction(
        event_id=f"{month}/{day}", pool_id="gifts", resource_id="mug", feed_id="till", kind="sale",
        quantity_units=quantity, occurred_at_s=midnight_s(month, day) + 9 * 3600.0,
    )  # fmt: skip


def test_the_past_is_told_with_its_promises_and_the_opening_count() -> None:
    """Clock first, every feed promises every midnight but the last, and the count comes before that one."""
    lines = [sale(3, 26), sale(3, 28), sale(3, 29)]  # the clocks go forward on the 28th
    one = actor(pool(), lines, control_from_s=midnight_s(3, 29))
    clock, *rest = one.begin()
    assert isinstance(clock, Clock)
    assert (clock.run_clock.now_s(5e9), clock.scope) == (midnight_s(3, 29), ("gifts",))
    told = [
        (event.feed_id, event.complete_until_s) if isinstance(event, Heartbeat) else event.event_id for event in rest
        if isinstance(event, Heartbeat | Transaction)
    ]  # fmt: skip
    assert told == [
        ("till", midnight_s(3, 26)), ("web", midnight_s(3, 26)), "3/26",
        ("till", midnight_s(3, 27)), ("web", midnight_s(3, 27)),
        ("till", midnight_s(3, 28)), ("web", midnight_s(3, 28)), "3/28",
        "count/gifts/mug/2010-03-28",
    ]  # fmt: skip
    assert [promise.complete_until_s for promise in one.promises(one.start_s)] == [midnight_s(3, 29)] * 2


def test_without_history_one_empty_day_is_told() -> None:
    """A bucket has to close for the first tick to be cut."""
    one = actor(pool(), [sale(7, 1)], control_from_s=midnight_s(7, 1))
    promises = [event.complete_until_s for event in one.begin() if isinstance(event, Heartbeat)]
    assert promises == [midnight_s(6, 30)] * 2


def test_a_period_moves_the_clock_first_and_orders_arrive_by_the_calendar() -> None:
    """Two days across the change of clocks are 47 hours; the order is there at their end."""
    lines = [sale(3, 27), sale(3, 28), sale(3, 29, quantity=9.0)]
    one = actor(pool(), lines, control_from_s=midnight_s(3, 27))
    ordered = one.order(
        ActionLine(
            action_id="a1", resource_id="mug", order_units=6.0, proposed_units=6.0, reason_code="policy",
            explanation="", arrives_at_s=0.0,
        )
    )  # fmt: skip
    assert ordered.due_at_s == midnight_s(3, 29) == midnight_s(3, 27) + 47 * 3600.0
    told, _ = one.live(None)
    assert isinstance(told[0], Clock)
    assert told[0].run_clock.event_origin_s == one.now_s == midnight_s(3, 28)
    _, (row,) = one.live(None)
    assert (row.on_hand, row.decided_by) == (4.0, "timeout")
    _, (row,) = one.live(None)
    assert (row.received, row.sold, row.on_hand) == (6.0, 9.0, 1.0)
    assert one.is_done


def test_control_begins_with_its_period_and_ends_with_the_last_whole_one() -> None:
    """Told noon, it begins at midnight; told noon, it leaves that day out."""
    one = actor(
        pool(),
        [sale(7, 1), sale(7, 4)],
        control_from_s=midnight_s(7, 1) + DAY_S / 2,
        until_s=midnight_s(7, 3) + DAY_S / 2,
    )
    assert one.start_s == midnight_s(7, 1)
    assert [period.start_s for period in one.periods] == [midnight_s(7, 1), midnight_s(7, 2)]


def test_a_span_without_a_whole_period_is_refused() -> None:
    """There would be nothing to live through."""
    with pytest.raises(ConfigurationError, match="no whole recorded day lies between 2010-07-01"):
        actor(pool(), [sale(6, 1)], control_from_s=midnight_s(7, 2))


def test_a_feed_that_falls_silent_within_a_step_is_refused() -> None:
    """The clock moves a whole day at once: such a feed would be given up in the middle of every step."""
    impatient = pool(feeds=(FeedSpec(id="till", silence_s_max=3600.0),))
    with pytest.raises(ConfigurationError, match="raise its silence_s_max"):
        actor(impatient, [sale(7, 1)], control_from_s=midnight_s(7, 1))
