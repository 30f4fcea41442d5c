"""A shard restored from a snapshot taken anywhere goes on as if nothing had happened."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.shard import Shard
from tests.streams.pools import PARTITIONS, START_S, declared, sale, shard_of, shop

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["sale", "cancellation", "count", "promise", "garbage", "clock"]),
        st.integers(0, 6 * 24),
        st.integers(1, 20),
        st.sampled_from(["mug", "cup", "POST"]),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(events=EVENTS, restart_after=st.integers(0, 60))
def test_a_restored_shard_goes_on_as_if_nothing_had_happened(events: list[Any], restart_after: int) -> None:
    """Folding on from a snapshot at any point gives the same state and effects, byte for byte."""
    log = declared(shop(forecast="river-linear"))
    log.promise(START_S)
    for number, (kind, hour, units, resource_id) in enumerate(events):
        at_s = START_S + hour * 3600.0
        if kind == "promise":
            log.promise(at_s)
        elif kind == "clock":
            log.clock(at_s)
        elif kind == "garbage":
            log.add(b"{" * units)
        else:
            sign = -1 if kind == "cancellation" else 1
            log.add(
                sale(at_s, sign * units, kind=kind, resource_id=resource_id, event_id=str(number), customer_key="c")
            )
    split = min(restart_after, len(log.records))
    shard = shard_of(shop())
    for offset in range(split):
        shard.apply(log.records[offset], offset=offset, wall_s=2e9 + offset)

    restored = Shard.restore(shard.state(), partitions=PARTITIONS)
    closed, ticks, dead = [], [], []
    for offset in range(max(split - 3, 0), len(log.records)):  # overlapping: what is below `next_offset` is skipped
        effects = restored.apply(log.records[offset], offset=offset, wall_s=2e9 + offset)
        closed += effects.closed
        ticks += effects.ticks
        dead += effects.dead

    assert restored.state() == log.shard.state()
    assert closed == log.closed[len(log.closed) - len(closed) :]
    assert ticks == log.ticks[len(log.ticks) - len(ticks) :]
    assert dead == log.dead[len(log.dead) - len(dead) :]
