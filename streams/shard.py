"""State = fold(apply, log): one (topic, partition)'s records in, state and effects out. Pure and deterministic.

The same records give the same state and effects on any machine at any time: `wall_s` is the broker's append
time, and nothing here reads a clock, the environment or a random number. However records are cut into batches, `fold`
comes to what `apply` does with one after the other.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

import msgspec

from streams.catalog import PoolSpec, validate_pool
from streams.clock import LIVE
from streams.decoding import Decoded, decode_all, decode_one
from streams.effects import Effects
from streams.errors import ConfigurationError, InvalidEventError, StateError
from streams.events import (
    Clock,
    Covariate,
    Cut,
    DeadLetter,
    Heartbeat,
    InputEvent,
    PoolView,
    SensorReading,
    Transaction,
    Unreadable,
    encode,
)
from streams.lane import Lane, PlainBooking
from streams.model_events import ModelReset
from streams.pool import Pool
from streams.records import Records
from streams.shard_state import STATE_VERSION, ShardState, decode_state, encode_state
from streams.topics import partition_of

REASON_MAX = 300  # characters of a feed's reason that a dead letter repeats
DECODED_MAX = 2_000  # records decoded at once: about 2 MB of objects
CLOSED_MAX = 100  # series closed in one slice of a batch, or one record more: some 20 ms in which nobody else runs
_VIEW = msgspec.json.Decoder(PoolView).decode


class Shard:
    """The live state of one partition of one input topic."""

    def __init__(self, topic: str, partition: int, partitions: int) -> None:
        self.topic = topic
        self.partition = partition
        self.next_offset = 0  # everything below is folded
        self.counters: dict[str, int] = {}
        self._partitions = partitions
        self._epoch = 0
        self._wall_s = 0.0  # the newest append time: time is in the log
        self._run_clock = LIVE
        self._pools: dict[str, Pool] = {}
        self._lanes: dict[str, Lane] = {}  # of pools whose last record was plain

    @classmethod
    def restore(cls, data: bytes, *, partitions: int) -> "Shard":
        """Return the shard that `state()` was taken of; raise StateError when it cannot be folded on."""
        try:
            state = decode_state(data)
        except msgspec.DecodeError as error:
            raise StateError(f"a snapshot's content is not readable ({error}); it was written by other code") from error
        if state.version != STATE_VERSION:
            raise StateError(f"a snapshot is of state version {state.version}, this is {STATE_VERSION}")
        if state.partitions != partitions:
            raise StateError(
                f"{state.topic} has {partitions} partitions now and had {state.partitions} when its snapshot was "
                f"taken: pools have moved between partitions; `headgate shard reset --accept-loss` starts anew"
            )
        shard = cls(state.topic, state.partition, partitions)
        shard.next_offset = state.next_offset
        shard.counters = state.counters
        shard._epoch = state.epoch
        shard._wall_s = state.wall_s
        shard._run_clock = state.run_clock
        try:
            shard._pools = {name: Pool.restore(pool) for name, pool in state.pools.items()}
        except ValueError as error:
            place = f"{state.topic}/{state.partition}"
            raise StateError(
                f"the snapshot of {place} holds a forecaster that this version cannot take over ({error}); "
                f"`headgate shard reset {place} --accept-loss` learns it again from the log"
            ) from error
        return shard

    def state(self) -> bytes:
        """Return the whole state as bytes; `restore` gives an equal shard."""
        return encode_state(
            ShardState(
                STATE_VERSION,
                self.topic,
                self.partition,
                self._partitions,
                self._epoch,
                self.next_offset,
                self._wall_s,
                self._run_clock,
                self.counters,
                {name: pool.state() for name, pool in self._pools.items()},
            )
        )

    def fold(self, records: Records) -> Iterator[Effects]:
        """Fold records that are not folded yet, slice by slice: between two slices the state is whole.

        A record that raises is the one at `next_offset - 1`, and the state is then half changed.
        """
        records = records.after(self.next_offset)
        for start in range(0, len(records), DECODED_MAX):
            span = slice(start, start + DECODED_MAX)
            part = Records(records.offsets[span], records.wall_s[span], records.values[span])
            yield from self._fold(part, decode_all(part.values))

    def _fold(self, records: Records, decoded: Sequence[Decoded]) -> Iterator[Effects]:
        offsets, count = records.offsets, len(decoded)
        walls_s = list(accumulate(records.wall_s, max, initial=self._wall_s))[1:]  # time in a log never goes back
        booking, effects = PlainBooking(self._lane, lambda place: self._place(offsets[place])), Effects()
        while booking.place < count:
            wall_s = walls_s[booking.place]
            end = bisect_right(walls_s, wall_s, booking.place)
            try:
                effects.touched.update(booking.book(decoded, end, wall_s))
            finally:
                self._reach(offsets[min(booking.place, end - 1)], wall_s)
            if booking.place < end:  # the event there is not plain
                self._apply(decoded[booking.place], records.values[booking.place], offsets[booking.place], effects)
                booking.place += 1
            if len(effects.closed) >= CLOSED_MAX:
                yield effects
                effects = Effects()
        yield effects

    def apply(self, data: bytes, *, offset: int, wall_s: float) -> Effects:
        """Fold the record at `offset`, appended at `wall_s`. A record below `next_offset` was folded before."""
        effects = Effects()
        if offset >= self.next_offset:
            self._reach(offset, wall_s)
            try:
                event: Decoded = decode_one(data)
            except InvalidEventError as error:
                event = error
            self._apply(event, data, offset, effects)
        return effects

    def _reach(self, offset: int, wall_s: float) -> None:
        self.next_offset = offset + 1
        self._wall_s = max(self._wall_s, wall_s)

    def _lane(self, pool_id: str) -> Lane | None:
        lane, pool = self._lanes.get(pool_id), self._pools.get(pool_id)
        if lane is None and pool is not None:
            lane = pool.lane(pool.run_clock or self._run_clock)
            if lane is not None:
                self._lanes[pool_id] = lane
        return lane

    def _apply(self, event: Decoded, data: bytes, offset: int, effects: Effects) -> None:
        """Fold one event by all the rules; what lanes remember of its pool is out of date then."""
        pool_id, event_id = None, None
        try:
            if isinstance(event, InvalidEventError):
                raise event
            if isinstance(event, Clock):
                self._lanes.clear()
                self._beat(event, effects)
                return
            pool_id, event_id = event.pool_id, getattr(event, "event_id", None)
            self._lanes.pop(pool_id, None)
            self._apply_to_pool(event, offset, effects)
        except InvalidEventError as error:
            self._park(error, data, offset=offset, pool_id=pool_id, event_id=event_id, effects=effects)

    def park(self, data: bytes, error: InvalidEventError, *, offset: int, wall_s: float) -> Effects:
        """Pass over the record at `offset`, which cannot be folded, and say so in the dead letters."""
        effects = Effects()
        if offset >= self.next_offset:
            self._reach(offset, wall_s)
            self._park(error, data, offset=offset, pool_id=None, event_id=None, effects=effects)
        return effects

    def view(self, pool_id: str) -> PoolView:
        """Return one pool as readers get it."""
        return _VIEW(encode(self.view_to_write(pool_id)))

    def view_to_write(self, pool_id: str) -> PoolView:
        """Return the same ready for `encode`, and for nothing else: its forecasts are JSON already."""
        pool = self._pools[pool_id]
        return pool.view(now_s=self._now_s(pool), cut=self._cut(), clock=pool.run_clock or self._run_clock)

    def pool_ids(self) -> tuple[str, ...]:
        """Return the pools that live here."""
        return tuple(self._pools)

    def totals(self) -> dict[str, int]:
        """Return the counters of the partition and all its pools together."""
        total = dict(self.counters)
        for pool in self._pools.values():
            for name, count in pool.counters.items():
                total[name] = total.get(name, 0) + count
        return total

    def _apply_to_pool(self, event: InputEvent, offset: int, effects: Effects) -> None:
        assert not isinstance(event, Clock)
        pool = self._pools.get(event.pool_id)
        if isinstance(event, PoolSpec):
            self._declare(event, pool, effects)
            return
        if isinstance(event, Unreadable):
            raise InvalidEventError("unreadable-row", event.reason[:REASON_MAX])
        if pool is None:
            self._check_partition(event.pool_id)
            raise InvalidEventError("unknown-pool", f"no catalog declares pool {event.pool_id[:64]!r}")
        now_s = self._now_s(pool)
        effects.touched.add(event.pool_id)
        if not isinstance(event, Heartbeat) and not event.event_id:
            event = msgspec.structs.replace(event, event_id=self._place(offset))
        match event:
            case Transaction():
                pool.apply_transaction(event, now_s=now_s)
            case SensorReading():
                pool.apply_reading(event, now_s=now_s)
            case Covariate():
                pool.apply_covariate(event, now_s=now_s)
            case Heartbeat():
                pool.apply_heartbeat(event, now_s=now_s)
            case ModelReset():
                pool.apply_reset(event, now_s=now_s, effects=effects)
        self._close_due(pool, effects)

    def _declare(self, spec: PoolSpec, pool: Pool | None, effects: Effects) -> None:
        self._check_partition(spec.pool_id)
        if spec.topic != self.topic:
            raise InvalidEventError("wrong-topic", f"pool {spec.pool_id} lives on {spec.topic}, not on {self.topic}")
        try:
            validate_pool(spec, f"pool {spec.pool_id}")  # whoever sent it: one that cannot be served stops the stream
        except ConfigurationError as error:
            raise InvalidEventError("invalid-catalog", str(error)) from error
        if pool is None:
            self._pools[spec.pool_id] = Pool.new(spec, now_s=self._run_clock.now_s(self._wall_s))
        else:
            pool.declare(spec, now_s=self._now_s(pool), effects=effects)
        effects.touched.add(spec.pool_id)

    def _check_partition(self, pool_id: str) -> None:
        partition = partition_of(pool_id, self._partitions)
        if partition != self.partition:
            raise InvalidEventError(
                "wrong-partition",
                f"pool {pool_id[:64]!r} belongs to partition {partition} by murmur2; its producer disagrees",
            )

    def _beat(self, event: Clock, effects: Effects) -> None:
        if event.scope:
            for pool_id in event.scope:
                if pool_id in self._pools:
                    self._pools[pool_id].run_clock = event.run_clock
                    effects.touched.add(pool_id)
        else:
            self._run_clock = event.run_clock
        for pool in self._pools.values():
            self._close_due(pool, effects)

    def _close_due(self, pool: Pool, effects: Effects) -> None:
        clock = pool.run_clock or self._run_clock
        pool.close_due(now_s=clock.now_s(self._wall_s), cut=self._cut(), clock=clock, effects=effects)

    def _now_s(self, pool: Pool) -> float:
        return (pool.run_clock or self._run_clock).now_s(self._wall_s)

    def _cut(self) -> Cut:
        return Cut(topic=self.topic, partition=self.partition, epoch=self._epoch, next_offset=self.next_offset)

    def _place(self, offset: int) -> str:
        return f"{self.topic}/{self.partition}/{offset}"

    def _park(
        self, error: InvalidEventError, data: bytes, *, offset: int, pool_id: str | None, event_id: str | None,
        effects: Effects,
    ) -> None:  # fmt: skip
        pool = self._pools.get(pool_id or "")
        counters = pool.counters if pool else self.counters
        counters[f"dead:{error.rule}"] = counters.get(f"dead:{error.rule}", 0) + 1
        effects.dead.append(
            DeadLetter(
                topic=self.topic,
                partition=self.partition,
                offset=offset,
                rule=error.rule,
                message=error.message,
                pool_id=pool_id[:64] if pool_id else None,
                event_id=event_id[:64] if event_id else None,
                at_s=self._wall_s,
                size_bytes=len(data),
            )
        )
