"""What a shard is, as plain values in, the bytes of a snapshot out, and back."""

import msgspec

from streams.clock import RunClock
from streams.pool import PoolState

STATE_VERSION = 4  # raise it when the layout or the meaning changes, with a step in `streams.state_versions`


class ShardState(msgspec.Struct):
    """Everything a `Shard` is, as plain values; what a snapshot holds."""

    version: int
    topic: str
    partition: int
    partitions: int
    epoch: int
    next_offset: int
    wall_s: float
    run_clock: RunClock
    counters: dict[str, int]
    pools: dict[str, PoolState]


encode_state = msgspec.msgpack.Encoder().encode
decode_state = msgspec.msgpack.Decoder(ShardState).decode
