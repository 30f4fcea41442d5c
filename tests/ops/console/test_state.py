"""Folding into the picture: bounded, and the same however often a message comes."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from ops.console import entries, state, wire
from ops.console.attention import attention
from ops.console.state import Picture
from streams.clock import LIVE
from streams.closed_days import WEEKDAYS
from streams.events import BucketClosed, Command, Cut, DeadLetter, OnOrder, Outcome, PoolView
from streams.model_events import ModelChanged
from tests.ops.story import HOSTILE_ID, ORIGIN_S, POOLS, Story, played, prologue, worker_health

CUT = Cut(topic="transactions", partition=0, epoch=1, next_offset=1)


def shown(picture: Picture) -> wire.Values:
    """Return everything a new page is told, without what only counts messages."""
    _, values = wire.changes(picture, wire.Place(), 1000.0)
    del values["place"]
    values["rows"].sort(key=lambda row: (row["pool"], row["id"]))
    return values


def test_reading_again_changes_nothing() -> None:
    """A reader may start over: twice folded is once folded."""
    assert shown(played(times=1)) == shown(played(times=2))


def test_outcomes_find_their_action_in_either_order() -> None:
    """An outcome that is read before its action is not lost."""
    story = Story(POOLS[0])
    messages, _ = story.step()
    forwards, backwards = Picture(), Picture()
    for _, _, message in messages:
        forwards.fold(message, 1.0)
    for _, _, message in reversed(messages):
        backwards.fold(message, 1.0)

    for picture in (forwards, backwards):
        assert picture.actions
        assert all(decided.outcome is not None for decided in picture.actions)


def test_every_buffer_is_bounded() -> None:
    """Ten times too much of everything leaves what the limits say."""
    picture = Picture()
    closed = BucketClosed(
        pool_id="p", resource_id="r", period_start_s=0.0, value=1.0, censored=False, said_mean=None,
        said_quantiles=None, forecast=None, cut=CUT,
    )  # fmt: skip
    for number in range(state.SERIES_MAX + 50):
        picture.fold(msgspec.structs.replace(closed, resource_id=f"r{number}"), 1.0)
    for number in range(10 * entries.BUCKETS_MAX):
        picture.fold(msgspec.structs.replace(closed, resource_id="r0", period_start_s=float(number)), 1.0)
    for number in range(state.POOLS_MAX + 10):
        picture.fold(msgspec.structs.replace(POOLS[0], pool_id=f"p{number}", resources=POOLS[0].resources[:1]), 1.0)
    story = Story(POOLS[0])
    while picture.actions_read < state.ACTIONS_MAX + 500:
        for _, _, message in story.step()[0]:
            picture.fold(message, float(story.period))

    assert len(picture.series) == state.SERIES_MAX
    assert picture.series_left_out > 0
    assert len(picture.series["p", "r0"].buckets) == entries.BUCKETS_MAX
    assert len(picture.pools) == state.POOLS_MAX
    assert len(picture.actions) == state.ACTIONS_MAX
    assert len(picture._decided) == state.ACTIONS_MAX
    assert picture.actions[-1].allocation.period_start_s == story.start_s  # the newest stayed


def test_holds_dead_letters_and_rules_are_bounded() -> None:
    """Holds, dead letters and the names of rules have their limits too."""
    picture = Picture()
    hold = next(one[2] for one in prologue(1.0) if isinstance(one[2], Command))
    dead = next(one[2] for one in prologue(1.0) if isinstance(one[2], DeadLetter))
    for number in range(2 * state.HOLDS_MAX):
        picture.fold(msgspec.structs.replace(hold, resource_id=f"r{number}"), 1.0)
    for number in range(5 * state.DEAD_LETTERS_MAX):
        picture.fold(msgspec.structs.replace(dead, offset=number, rule=f"rule-{number}"), 1.0)

    assert len(picture.holds) == state.HOLDS_MAX
    assert len(picture.dead_letters) == state.DEAD_LETTERS_MAX
    assert len(picture.dead_by_rule) <= state.RULES_MAX + 1
    assert sum(picture.dead_by_rule.values()) == 5 * state.DEAD_LETTERS_MAX


def test_a_release_ends_a_hold_and_an_expired_one_is_not_shown() -> None:
    """What is held follows the commands and the pool's event time."""
    picture = played()
    hold = next(one[2] for one in prologue(1.0) if isinstance(one[2], Command))
    assert wire.header(picture)["holds"] == 1

    picture.fold(msgspec.structs.replace(hold, expires_at_s=ORIGIN_S), 1.0)
    assert wire.header(picture)["holds"] == 0

    picture.fold(hold, 1.0)
    picture.fold(msgspec.structs.replace(hold, kind="release"), 1.0)
    assert wire.header(picture)["holds"] == 0


def test_changes_reach_a_page_once_and_completely() -> None:
    """A page that asks again from where it was gets only what changed since, and misses nothing when cut short."""
    picture = played()
    place, values = wire.changes(picture, wire.Place(), 1000.0)
    assert values["full"]
    assert {(row["pool"], row["id"]) for row in values["rows"]} == set(picture.series)

    place, values = wire.changes(picture, place, 1000.0)
    assert not values["full"]
    assert (values["rows"], values["actions"]) == ([], [])

    picture.fold(Outcome(
        action_id=picture.actions[0].line.action_id, tick_id="t", pool_id="gifts-a",
        resource_id=picture.actions[0].line.resource_id, status="clamped", applied_units=1.0, reason="", at_s=1.0,
    ), 1.0)  # fmt: skip
    _, values = wire.changes(picture, place, 1000.0)
    assert [action["status"] for action in values["actions"]] == ["clamped"]


def test_many_rows_arrive_over_several_messages() -> None:
    """A burst is cut into messages of bounded size without losing a row."""
    picture = Picture()
    story = Story(POOLS[0])
    messages, _ = story.step()
    bucket = next(one[2] for one in messages if isinstance(one[2], BucketClosed))
    for number in range(wire.ROWS_PER_MESSAGE_MAX + 150):
        picture.fold(msgspec.structs.replace(bucket, resource_id=f"r{number}"), 1.0)

    place, first = wire.changes(picture, wire.Place(), 1.0)
    _, second = wire.changes(picture, place, 1.0)
    assert len(first["rows"]) == wire.ROWS_PER_MESSAGE_MAX
    assert len({row["id"] for row in first["rows"] + second["rows"]}) == wire.ROWS_PER_MESSAGE_MAX + 150


def test_attention_names_what_is_wrong_worst_first() -> None:
    """Stock-outs, holds, silent feeds, unknown resources and dead letters are told; calm is told by nothing."""
    picture = played()
    kinds = [item["kind"] for item in attention(picture, 1000.0)]

    assert {"hold", "silent", "dead", "unknown"} <= set(kinds)
    order = ["bad", "warn", "note"]
    severities = [item["severity"] for item in attention(picture, 1000.0)]
    assert severities == sorted(severities, key=order.index)
    assert attention(Picture(), 1000.0) == []


def test_attention_tells_of_an_unreached_server_the_kill_switch_and_an_expired_forecast() -> None:
    """The three things that stop decisions are among the exceptions."""
    picture = played()
    picture.connected("kafka", ok=False, text="no Kafka broker answers", wall_s=1001.0)
    picture.put_data_dir("fire in the warehouse", None)
    view = picture.pools["gifts-a"].view
    assert isinstance(view, PoolView)
    picture.put_view(msgspec.structs.replace(view, now_s=view.now_s + 90 * 86_400), 1001.0)
    kinds = [item["kind"] for item in attention(picture, 1001.0)]

    assert {"connection", "kill", "stale"} <= set(kinds)
    assert any("fire in the warehouse" in item["text"] for item in attention(picture, 1001.0))


def test_partitions_that_cannot_be_sealed_are_told() -> None:
    """No space for snapshots stops no stream, so somebody has to hear of it: too old, or never kept at all."""
    picture = played()
    health = worker_health(1000.0)
    old, never, fresh = health.partitions
    late = (
        msgspec.structs.replace(old, snapshot_age_s=300.0),
        msgspec.structs.replace(never, snapshot_age_s=None),
        fresh,
    )
    picture.put_workers([msgspec.structs.replace(health, partitions=late, counters={"snapshots:disk-failed": 9})])

    told = [item["text"] for item in attention(picture, 1000.0) if item["kind"] == "snapshot"]

    assert len(told) == 1
    assert "readings/0, transactions/0" in told[0]
    assert "transactions/1" not in told[0]


def test_orders_that_do_not_come_are_told() -> None:
    """While they are counted on, and once they are given up."""
    picture = played()
    view = picture.pools["gifts-a"].view
    assert isinstance(view, PoolView)
    late = OnOrder(action_id="a", units=5.0, due_at_s=view.period_start_s - 86_400)
    series = (msgspec.structs.replace(view.series[0], on_order=(late,)), *view.series[1:])
    picture.put_view(msgspec.structs.replace(view, series=series, counters={"orders:overdue": 3}), 1001.0)
    told = {item["text"]: item for item in attention(picture, 1001.0) if item["kind"] == "overdue"}

    assert [item["severity"] for item in told.values()] == ["warn", "note"]
    assert any(view.series[0].resource_id in text for text in told)
    assert any("3 accepted orders never came" in text for text in told)


def test_what_is_asked_for_on_a_closed_day_is_told_while_it_is_the_last_one() -> None:
    """One sale long ago, on a day that was open after all, is no exception for ever."""
    picture = played()
    pool = picture.pools["gifts-a"]
    assert isinstance(pool.view, PoolView)
    assert pool.spec is not None
    series = tuple(msgspec.structs.replace(one, last_value=2.0) for one in pool.view.series)
    picture.put_view(msgspec.structs.replace(pool.view, series=series, counters={"closed:sold": 1}), 1001.0)
    last = datetime.fromtimestamp(pool.spec.periods.shift(pool.view.period_start_s, -1), ZoneInfo(pool.spec.timezone))
    told = []
    for day in (last, last + timedelta(days=1)):
        pool.spec = msgspec.structs.replace(pool.spec, closed=(WEEKDAYS[day.weekday()],))
        told.append([item["text"] for item in attention(picture, 1001.0) if item["kind"] == "closed"])

    assert len(told[0]) == 1
    assert "asked for in the last period, which the catalog declares closed" in told[0][0]
    assert told[1] == []


def test_the_time_of_a_quiet_pool_moves_on() -> None:
    """Nothing new is written of it; every few seconds the page is told how late it is, and not more often."""
    picture = Picture()
    view = msgspec.structs.replace(played().pools["gifts-a"].view, now_s=1000.0, run_clock=LIVE)
    seen = []
    for wall_s in (1000.0, 1001.0, 1004.0, 1006.0, 1007.0):
        picture.put_view(view, wall_s)
        pool = picture.pools["gifts-a"]
        seen.append(pool.view.now_s if pool.view else None)

    assert seen == [1000.0, 1000.0, 1000.0, 1006.0, 1006.0]


def test_an_item_shows_its_history_and_the_forecast_ahead() -> None:
    """The chart has what came, what had been said, stock, orders and the horizon on the pool's calendar."""
    picture = played(12)
    resource_id = POOLS[0].resources[0].id
    values = wire.chart(picture, "gifts-a", resource_id)
    assert values is not None

    assert len(values["buckets"]) == 12
    assert values["buckets"][-1][2] is not None  # the forecast that was made before it
    assert values["ahead"][0][0] == values["buckets"][-1][0] + 86_400
    assert len(values["ahead"]) == POOLS[0].horizon_periods
    assert values["stock"]
    assert values["orders"]
    assert wire.chart(picture, "gifts-a", "no such item") is None
    assert wire.chart(picture, "gifts-b", HOSTILE_ID) is not None


def test_a_series_that_the_simple_model_serves_is_told_with_its_reason() -> None:
    """As long as the view says that it does, and only where the catalog asks for something else; told once."""
    picture = played()
    pool = next(one for one in picture.pools.values() if one.view and one.view.series[0].forecast)
    assert pool.view is not None
    first = pool.view.series[0]
    assert first.forecast is not None
    change = ModelChanged(
        pool_id=pool.pool_id, resource_id=first.resource_id, kind="rolled-back", model="seasonal-naive",
        version="3.1", reason="its pinball loss was 1.3 times the simple one's", at_s=1.0,
    )  # fmt: skip
    for _ in range(2):
        picture.fold(change, 1.0)
    assert list(pool.models) == [change]
    assert "model" not in [item["kind"] for item in attention(picture, 1000.0)]

    forecast = msgspec.structs.replace(first.forecast, model="seasonal-naive")
    pool.view = msgspec.structs.replace(
        pool.view, series=(msgspec.structs.replace(first, forecast=forecast), *pool.view.series[1:])
    )
    told = [item for item in attention(picture, 1000.0) if item["kind"] == "model"]
    assert [item["pool"] for item in told] == [pool.pool_id]
    assert "1.3 times the simple one's" in told[0]["text"]
