"""Old shard states and today's partitions in, new states out: pools move to where murmur2 places them now. Pure.

Exact where it can be: a pool's state is moved only when every record of it that the old placing put into the log is
folded, and new partitions are read from their start. What cannot be kept is named in `Migration.losses`, and nothing
is lost that nobody accepted. Each new state has the next `epoch`: it outranks every snapshot and view of the old fold.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from streams.clock import LIVE
from streams.effects import Effects
from streams.errors import InvalidEventError, StateError
from streams.model import PoolModels
from streams.pool import PoolState
from streams.shard import Shard
from streams.shard_state import STATE_VERSION, ShardState
from streams.shards import Span
from streams.skips import SkipList
from streams.topics import partition_of

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(ShardState).decode


class Named(msgspec.Struct):
    """Which pools a record is about; nothing else of it is read."""

    pool_id: str | None = None
    scope: tuple[str, ...] = ()


_NAMED = msgspec.json.Decoder(Named).decode

Record = tuple[int, float, bytes]  # offset, append time in Unix seconds, value


@dataclass(frozen=True, slots=True)
class Move:
    """One pool that lives elsewhere now."""

    pool_id: str
    before: int  # partition
    now: int


@dataclass(frozen=True, slots=True)
class Migration:
    """What is to be done with one topic, and what would be lost by it."""

    topic: str
    states: tuple[bytes, ...]  # (partitions now,) by partition
    moves: tuple[Move, ...]
    losses: tuple[str, ...]  # one line each, for people; empty: exact


def pools_named(value: bytes) -> tuple[str, ...]:
    """Return the pools that a record is about; of a record that is none of ours, or of all pools: none.

    >>> pools_named(b'{"type":"sale.v1","pool_id":"shop"}'), pools_named(b'{"scope":["a","b"]}'), pools_named(b"{")
    (('shop',), ('a', 'b'), ())
    """
    try:
        named = _NAMED(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    return named.scope if named.pool_id is None else (named.pool_id,)


def blank(topic: str, partition: int, partitions: int, *, epoch: int, next_offset: int) -> bytes:
    """Return the state of a shard that has folded nothing and reads on at `next_offset`."""
    return _ENCODE(ShardState(STATE_VERSION, topic, partition, partitions, epoch, next_offset, 0.0, LIVE, {}, {}))


def relearned(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return a state whose every forecaster this version can take over, and the pools that begin to learn anew."""
    state = _DECODE(data)
    anew = []
    for pool_id, pool in state.pools.items():
        try:
            PoolModels.restore(pool.models)
        except ValueError:
            pool.models = PoolModels.new(pool.spec).state()
            for series in pool.series.values():
                series.forecast = None
            anew.append(pool_id)
    return (_ENCODE(state) if anew else data), tuple(anew)


def drained(
    data: bytes, records: Iterable[Record], skips: SkipList, take: Callable[[Effects], None]
) -> tuple[bytes, dict[str, int]]:
    """Fold what the old placing put after a state; return the state then, and what it cannot fold, by pool.

    It stops at the first record that belongs here by the new placing only: from there the new shard reads on. Records
    of pools that leave and lie behind it cannot be folded in their order any more: they are what is counted.
    """
    state = _DECODE(data)
    shard = Shard.restore(data, partitions=state.partitions)
    passed: dict[str, int] = {}
    is_open = True
    for offset, wall_s, value in records:
        pools = pools_named(value)
        ours = [pool for pool in pools if partition_of(pool, state.partitions) == state.partition]
        is_open = is_open and len(ours) == len(pools)
        if is_open:
            skip = skips.find(state.topic, state.partition, offset)
            if skip is None:
                take(shard.apply(value, offset=offset, wall_s=wall_s))
            else:
                take(shard.park(value, InvalidEventError("poison", skip.reason()), offset=offset, wall_s=wall_s))
        else:
            passed |= {pool: passed.get(pool, 0) + 1 for pool in ours}
    return shard.state(), passed


def migrated(
    topic: str, states: Mapping[int, bytes], spans: Sequence[Span], passed: Mapping[str, int], *, made_anew: bool
) -> Migration:
    """Return the states of the partitions whose logs are `spans` (by partition).

    `passed` counts records that the old shards could not fold, by pool. `made_anew`: the logs are not those that the
    old states were folded from, so each is read from its start.
    """
    old = {partition: _DECODE(data) for partition, data in sorted(states.items())}
    counts = {state.partitions for state in old.values()}
    if len(counts) != 1:
        raise StateError(f"the snapshots of {topic} disagree on how many partitions it had: {sorted(counts)}")
    epoch = max(state.epoch for state in old.values()) + 1
    losses = _losses(topic, old, counts.pop(), spans, made_anew=made_anew)
    now = len(spans)
    moves, new = [], []
    for partition, span in enumerate(spans):
        kept = None if made_anew else old.get(partition)
        new.append(_based_on(kept, topic, partition, now, epoch=epoch, start_offset=span.start_offset))
    for before, state in old.items():
        for pool_id, pool in state.pools.items():
            at = partition_of(pool_id, now)
            if at != before:
                moves.append(Move(pool_id, before, at))
            _take_in(new[at], pool_id, pool, state)
    losses += [
        f"{count} records of pool {pool_id} in {topic}, which were sent by the old placing after the new one had begun"
        for pool_id, count in sorted(passed.items())
        if any(move.pool_id == pool_id for move in moves)
    ]
    return Migration(topic, tuple(map(_ENCODE, new)), tuple(moves), tuple(losses))


def _losses(
    topic: str, old: Mapping[int, ShardState], before: int, spans: Sequence[Span], *, made_anew: bool
) -> list[str]:
    losses = [
        f"stock and models of the pools of {topic}/{partition}, of which there is no whole snapshot"
        for partition in range(before)
        if partition not in old
    ]
    for partition, state in old.items():
        if made_anew:
            losses.append(f"what the log of {topic}/{partition} held from {state.next_offset} on before it was deleted")
        elif state.next_offset < spans[partition].start_offset:
            gone = spans[partition].start_offset - state.next_offset
            losses.append(f"{gone} records of {topic}/{partition} that retention has removed unread")
    if not made_anew:
        losses += [
            f"{span.start_offset} records of {topic}/{partition} that retention has removed unread"
            for partition, span in enumerate(spans)
            if partition >= before and span.start_offset > 0
        ]
    return losses


def _based_on(
    kept: ShardState | None, topic: str, partition: int, partitions: int, *, epoch: int, start_offset: int
) -> ShardState:
    if kept is None:
        return _DECODE(blank(topic, partition, partitions, epoch=epoch, next_offset=start_offset))
    next_offset = max(kept.next_offset, start_offset)
    return msgspec.structs.replace(kept, partitions=partitions, epoch=epoch, next_offset=next_offset, pools={})


def _take_in(new: ShardState, pool_id: str, pool: PoolState, old: ShardState) -> None:
    """Put a pool into its new shard; it goes on by the clock that it went by."""
    new.wall_s = max(new.wall_s, old.wall_s)
    follows = pool.run_clock is None and new.run_clock != old.run_clock
    new.pools[pool_id] = msgspec.structs.replace(pool, run_clock=old.run_clock) if follows else pool
