"""Pools moved to other partitions: what is exact goes on as if nothing had happened, what is not is named."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.catalog import PoolSpec
from streams.clock import RunClock
from streams.effects import Effects
from streams.errors import StateError
from streams.events import Clock, Heartbeat, PoolView, encode
from streams.migration import blank, drained, migrated, relearned
from streams.shard import Shard
from streams.shard_state import ShardState
from streams.shards import Span
from streams.skips import Skip, SkipList
from streams.topics import partition_of
from tests.streams.pools import DAY_S, START_S, sale, shop

POOLS = ("shop-a", "shop-b", "shop-c", "shop-d", "shop-e", "shop-f")
BEFORE, NOW = 2, 4


class Topic:
    """The logs of a topic in memory: producers place by murmur2 over `partitions`, as brokers tell them."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.logs: dict[int, list[bytes]] = {partition: [] for partition in range(NOW)}

    def send(self, pool_id: str, event: Any) -> None:
        """Append one event of a pool."""
        self.logs[partition_of(pool_id, self.partitions)].append(encode(event))

    def open(self) -> None:
        """Declare all pools and count their stock."""
        for pool_id in POOLS:
            spec: PoolSpec = shop(pool_id=pool_id)
            self.send(pool_id, spec)
            self.send(pool_id, Clock(run_clock=RunClock(event_origin_s=START_S, speed_up=0.0), scope=(pool_id,)))
            count = sale(START_S, 1000, kind="count", event_id=f"count-{pool_id}", pool_id=pool_id)
            self.send(pool_id, count)

    def day(self, day: int) -> None:
        """Sell and promise one day in every pool."""
        start_s = START_S + day * DAY_S
        for number, pool_id in enumerate(POOLS):
            clock = RunClock(event_origin_s=start_s + DAY_S, speed_up=0.0)
            self.send(pool_id, sale(start_s + 60, 1 + number, event_id=f"{pool_id}-{day}", pool_id=pool_id))
            self.send(pool_id, Clock(run_clock=clock, scope=(pool_id,)))
            self.send(pool_id, Heartbeat(pool_id=pool_id, feed_id="till", complete_until_s=start_s + DAY_S))

    def fold(self, shard: Shard, until: int | None = None) -> None:
        """Fold what `shard` has not folded of its partition's log."""
        for offset in range(shard.next_offset, len(self.logs[shard.partition]) if until is None else until):
            shard.apply(self.logs[shard.partition][offset], offset=offset, wall_s=2e9 + offset)

    def records(self, partition: int, first: int) -> list[tuple[int, float, bytes]]:
        """Return what lies in a log from `first` on."""
        return [
            (offset, 2e9 + offset, self.logs[partition][offset]) for offset in range(first, len(self.logs[partition]))
        ]

    def spans(self, partitions: int) -> list[Span]:
        """Return what the broker says of its first partitions."""
        return [Span(partitions, 0, len(self.logs[partition])) for partition in range(partitions)]


def folded(topic: Topic, partitions: int) -> dict[int, Shard]:
    """Return the shards that have folded the whole of `topic`."""
    shards = {partition: Shard("transactions", partition, partitions) for partition in range(partitions)}
    for shard in shards.values():
        topic.fold(shard)
    return shards


def views(shards: dict[int, Shard]) -> dict[str, tuple[Any, ...]]:
    """Return of every pool what does not depend on where it lives."""
    found: dict[str, PoolView] = {pool: shard.view(pool) for shard in shards.values() for pool in shard.pool_ids()}
    return {pool: (view.series, view.period_start_s, view.counters, view.feeds) for pool, view in found.items()}


def restored(states: tuple[bytes, ...]) -> dict[int, Shard]:
    """Return the shards of migrated states."""
    return {at: Shard.restore(state, partitions=len(states)) for at, state in enumerate(states)}


def lived(days: int) -> Topic:
    """Return a topic of two partitions with some days in it."""
    topic = Topic(BEFORE)
    topic.open()
    for day in range(days):
        topic.day(day)
    return topic


def test_moved_pools_go_on_as_if_nothing_had_happened() -> None:
    """Grown from 2 to 4 partitions: after the move and ten more days every pool is as in a topic that never grew."""
    topic, whole = lived(10), lived(20)
    states = {at: shard.state() for at, shard in folded(topic, BEFORE).items()}
    spans = topic.spans(NOW)
    topic.partitions = NOW
    for day in range(10, 20):
        topic.day(day)

    done = migrated("transactions", states, spans, {}, made_anew=False)

    assert done.losses == ()
    assert [(move.pool_id, move.now) for move in done.moves] == [
        (pool_id, partition_of(pool_id, NOW))
        for at in range(BEFORE)
        for pool_id in POOLS
        if partition_of(pool_id, BEFORE) == at != partition_of(pool_id, NOW)
    ]
    assert done.moves  # else the names of the pools prove nothing
    shards = restored(done.states)
    for shard in shards.values():
        topic.fold(shard)
    assert views(shards) == views(folded(whole, BEFORE))
    assert {shard.view(pool).cut.epoch for shard in shards.values() for pool in shard.pool_ids()} == {1}


def test_what_the_old_placing_left_unread_is_folded_first(tmp_path: Path) -> None:
    """The workers stopped early: their logs are folded to where the new placing begins, effects and all."""
    topic, whole = lived(10), lived(20)
    shards = {at: Shard("transactions", at, BEFORE) for at in range(BEFORE)}
    for shard in shards.values():
        topic.fold(shard, until=len(topic.logs[shard.partition]) // 2)
    topic.partitions = NOW
    for day in range(10, 20):
        topic.day(day)
    effects: list[Effects] = []
    states = {}
    for at, shard in shards.items():
        records = topic.records(at, shard.next_offset)
        states[at], passed = drained(shard.state(), records, SkipList(tmp_path / "skips"), effects.append)
        assert passed == {}

    done = migrated("transactions", states, topic.spans(NOW), {}, made_anew=False)

    assert done.losses == ()
    assert any(one.closed for one in effects)
    shards = restored(done.states)
    for shard in shards.values():
        topic.fold(shard)
    assert views(shards) == views(folded(whole, BEFORE))


def test_records_that_a_producer_misplaced_after_the_change_are_named(tmp_path: Path) -> None:
    """A producer that still placed by two partitions when others placed by four: its records are behind the line."""
    topic = Topic(2)
    topic.open()
    moving = next(pool for pool in POOLS if partition_of(pool, 3) != partition_of(pool, 2))
    at = partition_of(moving, 2)
    coming = next(pool for pool in POOLS if partition_of(pool, 3) == at != partition_of(pool, 2))
    topic.logs[at].append(encode(sale(START_S, pool_id=coming)))
    topic.logs[at].append(encode(sale(START_S, pool_id=moving)))
    states, passed = {}, {}
    for partition in range(2):
        state = blank("transactions", partition, 2, epoch=0, next_offset=0)
        states[partition], left = drained(state, topic.records(partition, 0), SkipList(tmp_path / "s"), lambda _: None)
        passed |= left

    done = migrated("transactions", states, topic.spans(3), passed, made_anew=False)

    assert passed == {moving: 1}
    assert len(done.losses) == 1
    assert done.losses[0].startswith(f"1 records of pool {moving}")


def test_a_record_on_the_skip_list_is_passed_over_while_draining(tmp_path: Path) -> None:
    """What broke the fold once breaks no migration."""
    topic = lived(1)
    skips = SkipList(tmp_path / "skips")
    skips.add(Skip("transactions", 0, 0, "KeyError"))
    effects: list[Effects] = []

    drained(blank("transactions", 0, BEFORE, epoch=0, next_offset=0), topic.records(0, 0)[:1], skips, effects.append)

    assert [letter.rule for one in effects for letter in one.dead] == ["poison"]


def test_what_cannot_be_kept_is_named() -> None:
    """A lost snapshot, records removed unread, a log that was deleted: each is a line for people to accept."""
    topic = lived(3)
    states = {at: shard.state() for at, shard in folded(topic, BEFORE).items()}
    gone = [Span(NOW, 10_000, 10_000), Span(NOW, 0, 99), Span(NOW, 0, 0), Span(NOW, 5, 9)]

    lost = migrated("transactions", {0: states[0]}, gone, {}, made_anew=False).losses
    anew = migrated("transactions", states, topic.spans(BEFORE), {}, made_anew=True)

    assert any("transactions/1, of which there is no whole snapshot" in line for line in lost)
    assert any("transactions/0 that retention has removed" in line for line in lost)
    assert any("5 records of transactions/3" in line for line in lost)
    assert [line for line in anew.losses if "before it was deleted" in line] == list(anew.losses)
    assert len(anew.losses) == BEFORE
    assert [shard.next_offset for shard in restored(anew.states).values()] == [0, 0]
    assert views(restored(anew.states)) == views(folded(topic, BEFORE))


def test_a_pool_that_followed_its_partitions_clock_keeps_it() -> None:
    """A partition whose clock was set for all its pools: those that leave take it along."""
    topic = lived(1)
    shards = folded(topic, BEFORE)
    clock = RunClock(event_origin_s=START_S + 5 * DAY_S, speed_up=0.0)
    states = {}
    for at, shard in shards.items():
        state = msgspec.msgpack.decode(shard.state(), type=ShardState)
        for pool in state.pools.values():
            pool.run_clock = None
        state.run_clock = clock
        states[at] = msgspec.msgpack.encode(state)

    done = migrated("transactions", states, topic.spans(NOW), {}, made_anew=False)

    for shard in restored(done.states).values():
        assert all(shard.view(pool).now_s == START_S + 5 * DAY_S for pool in shard.pool_ids())


def test_models_of_another_version_begin_anew_and_stock_is_kept() -> None:
    """A forecaster's bytes that this version cannot take over: learnt again, and nothing else is touched."""
    shard = folded(lived(3), BEFORE)[0]
    pool_id = shard.pool_ids()[0]
    state = msgspec.msgpack.decode(shard.state(), type=ShardState)
    state.pools[pool_id].models.serving.forecaster = b"of another version"
    broken = msgspec.msgpack.encode(state)
    with pytest.raises(StateError, match="cannot take over"):
        Shard.restore(broken, partitions=BEFORE)

    data, anew = relearned(broken)

    assert anew == (pool_id,)
    mug = Shard.restore(data, partitions=BEFORE).view(pool_id).series[0]
    assert mug.on_hand_units == shard.view(pool_id).series[0].on_hand_units
    assert mug.forecast is None
    assert relearned(shard.state()) == (shard.state(), ())


def test_snapshots_of_different_counts_are_refused() -> None:
    """Some taken before a change and some after: nobody can tell where a pool is."""
    states = {at: blank("transactions", at, 2 + at, epoch=0, next_offset=0) for at in range(2)}

    with pytest.raises(StateError, match="disagree"):
        migrated("transactions", states, [Span(2, 0, 0)] * 2, {}, made_anew=False)
