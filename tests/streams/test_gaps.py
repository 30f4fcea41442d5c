"""Long stretches of event time that close at once: what is missing, what is passed over, and how much at a time."""

import pytest

from streams.catalog import FeedSpec
from streams.events import Heartbeat, encode
from tests.streams.pools import DAY_S, START_S, declared, sale, shard_of, shop, values


def test_silence_that_no_beat_told_leaves_a_gap_too() -> None:
    """While no worker runs no clock beats: a feed that comes back first has skipped those days all the same."""
    spec = shop()
    shard = shard_of(spec)
    events = [
        (spec, START_S),
        (Heartbeat(pool_id="shop", feed_id="till", complete_until_s=START_S), START_S),
        (Heartbeat(pool_id="shop", feed_id="till", complete_until_s=START_S + DAY_S), START_S + DAY_S),
        (sale(START_S + 4.5 * DAY_S), START_S + 4.5 * DAY_S),
    ]
    effects = [shard.apply(encode(event), offset=k, wall_s=wall_s) for k, (event, wall_s) in enumerate(events)]

    closed = [one.value for each in effects for one in each.closed if one.resource_id == "mug"]
    assert closed == [0.0, None, None, None]


def test_what_was_heard_within_a_gap_is_closed_and_not_left_open() -> None:
    """One feed's sales of a day for which the other is missing: no demand is learnt, but the bucket is done with."""
    feeds = (FeedSpec(id="till", silence_s_max=2 * DAY_S), FeedSpec(id="web", silence_s_max=100 * DAY_S))
    log = declared(shop(feeds=feeds))
    log.promise(START_S)
    log.add(Heartbeat(pool_id="shop", feed_id="web", complete_until_s=START_S))
    log.clock(START_S + 40 * DAY_S)
    log.add(sale(START_S + 40 * DAY_S))

    log.clock(START_S + 170 * DAY_S)  # the web shop is given up: 70 days are due at once

    assert log.shard.view("shop").counters["buckets:skipped"] > 0
    assert START_S + 40 * DAY_S in [closed.period_start_s for closed in log.closed]


def test_one_record_closes_a_bounded_stretch_and_the_next_ones_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A promise that covers years is no reason to stop folding for minutes."""
    monkeypatch.setattr("streams.pool.CLOSED_MAX", 20)
    log = declared(shop(feeds=(FeedSpec(id="till", silence_s_max=30 * DAY_S),)))
    log.promise(START_S)
    log.promise(START_S + 15 * DAY_S)
    assert values(log) == [0.0] * 10

    log.clock(START_S + 15 * DAY_S)

    assert values(log) == [0.0] * 15
