"""The schedule of a replay: order, promises, clocks and pace, on any list of events."""

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.errors import ConfigurationError
from streams.events import Clock, Heartbeat, Transaction, Unreadable
from streams.feeds.recorded import GAP_S_MAX, FeedEvent, Recorded, in_time_order
from streams.feeds.replay import Record, Replay, Step, paced, period_end_s, step_s_of

START_S = 1_269_561_600.0  # 2010-03-26, two days before London's clocks go forward
DAY_S = 86_400.0


def pool(pool_id: str, **changes: object) -> PoolSpec:
    """Return a pool that waits for a till and for somebody else's weather."""
    fields: dict[str, object] = {
        "pool_id": pool_id,
        "timezone": "Europe/London",
        "feeds": (FeedSpec(id="till"), FeedSpec(id="weather")),
        "resources": (ResourceSpec(id="mug"),),
    }
    return PoolSpec(**(fields | changes))  # type: ignore[arg-type]


POOLS = (pool("a"), pool("b", period="hour", topic="readings"))


def sale(at_s: float, pool_id: str = "a", name: str = "") -> Transaction:
    """Return a sale."""
    return Transaction(
        event_id=name or f"{pool_id}@{at_s}",
        pool_id=pool_id,
        resource_id="mug",
        feed_id="till",
        kind="sale",
        quantity_units=1.0,
        occurred_at_s=at_s,
    )


def replay(**changes: object) -> Replay:
    """Return a replay of the till of both pools."""
    fields: dict[str, object] = {
        "pools": POOLS,
        "feed_ids": frozenset({"till"}),
        "live_from_s": START_S + 2 * DAY_S,
        "step_s": 5000.0,
    }
    return Replay(**(fields | changes))  # type: ignore[arg-type]


def sent(steps: list[Step]) -> list[Record]:
    """Return all records in the order of sending."""
    return [record for step in steps for record in step.records]


MOMENTS = st.lists(
    st.tuples(st.floats(START_S, START_S + 4 * DAY_S), st.sampled_from(["a", "b", "nobody"])), min_size=1, max_size=40
)


@given(
    moments=MOMENTS, live_after_s=st.floats(-DAY_S, 6 * DAY_S), step_s=st.floats(600, 3 * DAY_S), whole=st.booleans()
)
@settings(max_examples=200, deadline=None)
def test_order_is_kept_and_no_promise_goes_beyond_what_was_sent(
    moments: list[tuple[float, str]], live_after_s: float, step_s: float, whole: bool
) -> None:
    """Every event is sent once, in order, before any heartbeat that promises it and under a clock that allows it."""
    events = in_time_order(sale(at_s, pool_id, f"{number}") for number, (at_s, pool_id) in enumerate(moments))
    plan = replay(live_from_s=START_S + live_after_s, step_s=step_s, completes_last_period=whole)
    records = sent(list(plan.steps(events)))

    assert [record.message for record in records if isinstance(record.message, Transaction)] == [
        one.event for one in events
    ]
    promised = dict.fromkeys("ab", 0.0)
    now = dict.fromkeys("ab", 0.0)
    for record in records:
        match record.message:
            case Heartbeat() as beat:
                assert beat.feed_id == "till", "the weather is not ours to promise"
                assert promised[beat.pool_id] <= beat.complete_until_s <= now[beat.pool_id]
                promised[beat.pool_id] = beat.complete_until_s
            case Clock() as clock:
                assert clock.scope == (record.pool_id,)
                assert clock.run_clock.now_s(wall_s=1e9) == clock.run_clock.event_origin_s, "it stands still"
                assert now[record.pool_id] <= clock.run_clock.event_origin_s
                now[record.pool_id] = clock.run_clock.event_origin_s
            case Transaction() as event if event.pool_id in promised:
                assert promised[event.pool_id] <= event.occurred_at_s <= now[event.pool_id]
    last_s = max(at_s for at_s, _ in moments)
    ends = {spec.pool_id: period_end_s(spec, last_s) if whole else last_s for spec in POOLS}
    assert all(promised[pool_id] >= end_s for pool_id, end_s in ends.items())
    assert whole or promised == ends


@given(moments=MOMENTS)
@settings(max_examples=50, deadline=None)
def test_every_period_end_is_promised(moments: list[tuple[float, str]]) -> None:
    """Each bucket that the recording covers can be closed exactly at its end, days of 23 hours too."""
    events = in_time_order(sale(at_s, pool_id) for at_s, pool_id in moments)
    records = sent(list(replay().steps(events)))
    for spec in POOLS:
        promises = {
            record.message.complete_until_s
            for record in records
            if isinstance(record.message, Heartbeat) and record.pool_id == spec.pool_id
        }
        end_s = spec.periods.shift(spec.periods.start_of(events[0].at_s), 1)
        while end_s <= events[-1].at_s:
            assert end_s in promises
            end_s = spec.periods.shift(end_s, 1)


def test_history_comes_first_under_a_clock_that_stands_at_the_live_moment() -> None:
    """So that what is learnt from history has only expired ticks."""
    steps = list(replay().steps([Recorded(START_S, sale(START_S)), Recorded(START_S + DAY_S, sale(START_S + DAY_S))]))
    clocks = [record.message for step in steps for record in step.records if isinstance(record.message, Clock)]
    assert not any(step.live for step in steps)
    assert {clock.run_clock.event_origin_s for clock in clocks} == {START_S + 2 * DAY_S}
    assert len(clocks) == len(POOLS)


def test_live_steps_are_short_and_end_at_the_live_moment_first() -> None:
    """The last step of history ends where live begins; from there every step is at most `step_s` long."""
    events = [Recorded(START_S + hours * 3600, sale(START_S + hours * 3600)) for hours in range(0, 96, 7)]
    steps = list(replay().steps(events))
    live = [step for step in steps if step.live]
    assert max(step.until_s for step in steps if not step.live) == START_S + 2 * DAY_S
    assert all(0 < later.until_s - step.until_s <= 5000.0 for step, later in pairwise(live))


def test_each_record_goes_to_the_topic_of_its_pool() -> None:
    """Also an event of a pool that nobody declared: it is sent, and parked there."""
    events = [Recorded(START_S, sale(START_S, name_of)) for name_of in ("a", "b", "nobody")]
    topics = {record.pool_id: record.topic for record in sent(list(replay().steps(events)))}
    assert topics == {"a": "transactions", "b": "readings", "nobody": "transactions"}


def test_events_out_of_order_are_refused() -> None:
    """A promise could not be kept."""
    with pytest.raises(ConfigurationError, match="2010-03-26 00:00:00Z follows 2010-03-26 00:00:10Z"):
        list(replay().steps([Recorded(START_S + 10, sale(START_S + 10)), Recorded(START_S, sale(START_S))]))


class Wall:
    """A wall clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept_s: list[float] = []

    def sleep(self, duration_s: float) -> None:
        """Pass the time."""
        self.slept_s.append(duration_s)
        self.now_s += duration_s


def pace(steps: list[Step], wall: Wall, each: Callable[[], None] = lambda: None) -> list[float]:
    """Return the wall time at which each step came, while `each` happens after one."""
    came = []
    for _ in paced(steps, live_from_s=1000.0, speed_up=60.0, wall_s=lambda: wall.now_s, sleep_s=wall.sleep):
        came.append(wall.now_s)
        each()
    return came


def test_history_is_not_waited_for_and_live_keeps_the_pace() -> None:
    """A minute of event time is a second of wall time, from the live moment on."""
    steps = [Step(until_s, until_s > 1000.0, (), 0) for until_s in (400.0, 1000.0, 1060.0, 1180.0, 1240.0)]
    assert pace(steps, Wall()) == pytest.approx([100.0, 100.0, 101.0, 103.0, 104.0])


def test_a_replay_that_fell_behind_catches_up_without_sleeping() -> None:
    """A slow broker costs smoothness, not time."""
    wall = Wall()
    steps = [Step(1000.0 + 60.0 * number, True, (), 0) for number in range(1, 5)]
    pace(steps, wall, each=lambda: setattr(wall, "now_s", wall.now_s + 5.0))
    assert wall.slept_s == [1.0]


def test_a_step_never_outlasts_a_feeds_silence() -> None:
    """However fast: a clock that jumps further than `silence_s_max` would declare the replay's own feed dead."""
    hasty = pool("a", feeds=(FeedSpec(id="till", silence_s_max=3600.0),))
    assert step_s_of(1e8, [hasty]) == 900.0
    assert step_s_of(60.0, [hasty]) == 30.0


def test_what_is_unreadable_comes_with_the_row_before_it() -> None:
    """It has no time of its own, and must neither lead nor be lost."""
    odd = [Unreadable(event_id=name, pool_id="a", feed_id="till", reason="-") for name in "xyz"]
    events: list[FeedEvent] = [odd[0], sale(50.0, name="50"), odd[1], sale(20.0, name="20"), odd[2]]
    ordered = [one.event.event_id for one in in_time_order(events)]
    assert ordered == ["20", "z", "x", "50", "y"]
    assert [one.event for one in in_time_order(odd)] == odd


def test_a_date_far_off_is_sent_last_instead_of_spanning_empty_years() -> None:
    """Rows of 1970 and 2099 among three of 2010: the shard parks them, the replay does not walk there."""
    far = [sale(0.0, name="1970"), sale(4e9, name="2099")]
    near = [sale(START_S + day * DAY_S, name=f"{day}") for day in range(3)]
    ordered = in_time_order([far[0], *near, far[1]])
    assert [one.event.event_id for one in ordered] == ["0", "1", "2", "1970", "2099"]
    assert ordered[-1].at_s == START_S + 2 * DAY_S
    assert GAP_S_MAX > 308 * DAY_S, "the Metro recording has a gap of 308 days that is none of that"
