"""Faust reading on from snapshots, a batch at a time: its aiokafka transport with two of its answers replaced.

`seek_to_committed` is answered by the shards: commits are informational, the truth is the `next_offset` inside each
snapshot. `getmany` hands over all fetched records of an input partition as one message, whose offset is the last
one's: what Faust does for each message costs more than what the fold does for each record (design, section 5).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any
from weakref import WeakKeyDictionary

import faust
from aiokafka.consumer import fetcher
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from faust.types.tuples import ConsumerMessage

from streams.errors import ConfigurationError
from streams.record_batches import read
from streams.records import Stretch
from streams.shards import Shards, Span
from streams.topics import INPUT_TOPICS

TESTED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
BUFFERED_BYTES_MAX = 16 * 1024 * 1024  # of records that are fetched and not yet folded
PartitionsOf = Callable[[str], Awaitable[Sequence[int]]]
_APPEND_TIME = 1  # what kind of time a message has, as Kafka numbers them
_INPUT_NAMES = frozenset(spec.name for spec in INPUT_TOPICS)


def check_versions() -> None:
    """Raise ConfigurationError unless the libraries whose inner workings we override are those we tested."""
    for name, tested in TESTED.items():
        if version(name) != tested:
            raise ConfigurationError(f"{name} is {version(name)}; Headgate was tested with {tested}: install that")


class FetchedBytes(MemoryRecords):  # type: ignore[misc]  # aiokafka has no types
    """One partition's part of an answer, which can also be read whole."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data


class InputRecords(fetcher.PartitionRecords):  # type: ignore[misc]
    """What aiokafka reads of such a part: single records, and of input topics a few thousand at once."""

    next_fetch_offset: int

    def _unpack_records(self) -> Iterator[Any]:
        return self._input_records() if self._tp.topic in _INPUT_NAMES else super()._unpack_records()

    def _input_records(self) -> Iterator[Stretch]:
        """Yield what was not read yet: an answer starts where a record batch does.

        Also stretches without a record are yielded, so that each begins where the one before it ends.
        """
        place = f"{self._tp.topic}/{self._tp.partition}"
        for records, next_offset in read(self._records.data, place, check_crcs=self._check_crcs):
            start_offset = self.next_fetch_offset
            self.next_fetch_offset = max(next_offset, start_offset)
            if self.next_fetch_offset > start_offset:
                yield Stretch(start_offset, next_offset, records.after(start_offset))


class Batch(ConsumerMessage):
    """All records of one partition that were fetched together, as one message. Acknowledged as its last offset."""

    __slots__ = ("stretch",)

    stretch: Stretch

    def on_final_ack(self, consumer: Any) -> bool:
        """Make room for the next ones."""
        consumer.let_go(self)
        return super().on_final_ack(consumer)


class Assigned(driver.ConsumerRebalanceListener):
    """Has nothing fetched of new partitions until it is known where to read on: it would be thrown away."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause them first."""
        self._thread._ensure_consumer().pause(*assigned)  # noqa: SLF001  as the class we extend does
        await super().on_partitions_assigned(assigned)


class SnapshotConsumer(driver.Consumer):
    """A Faust consumer that reads input topics on from their shards' snapshots, in batches."""

    RebalanceListener = Assigned

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._buffered: WeakKeyDictionary[Batch, int] = WeakKeyDictionary()  # bytes; a dropped batch leaves by itself
        self._room = asyncio.Event()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  Faust's signature
        """Yield what was fetched: of input partitions a few thousand records at once, of all others each."""
        while sum(self._buffered.values()) > BUFFERED_BYTES_MAX and not self.should_stop:
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), timeout)
        fetched, active = await self._wait_next_records(timeout)
        if fetched is None or self.should_stop:
            return
        generation_id = self.app.consumer_generation_id
        for tp, one in [(tp, one) for tp, own in fetched.items() if active is None or tp in active for one in own]:
            if not self.flow_active or self.app.consumer_generation_id != generation_id:
                return  # a rebalance has begun: what was fetched is fetched again by its owner
            yield tp, self._batch(tp, one) if isinstance(one, Stretch) else self._to_message(tp, one)

    def _batch(self, tp: TP, stretch: Stretch) -> Batch:
        records = stretch.records
        wall_s = records.wall_s[-1] if records else 0.0
        place = (tp.topic, tp.partition, stretch.end_offset - 1, wall_s, _APPEND_TIME)
        batch = Batch(
            *place, None, None, b"", None, tp=tp, generation_id=self.app.consumer_generation_id
        )  # no headers, key, value or checksum: they are the records'
        batch.stretch = stretch
        self._buffered[batch] = records.values.size_bytes
        self._read_offset[tp] = None  # Faust drops what lies below: what is read again is told apart by the fold
        return batch

    async def read_again(self, topic: str, partition: int, offset: int) -> None:
        """Read a partition on from `offset`, unless it was given away meanwhile."""
        await self._thread.call_thread(self._seek_again, TP(topic, partition), offset)

    async def _seek_again(self, tp: TP, offset: int) -> None:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001  as the class we extend does
        if tp in consumer.assignment():
            consumer.seek(tp, offset)

    def let_go(self, batch: Batch) -> None:
        """Forget a batch that was folded."""
        self._buffered.pop(batch, None)
        self._room.set()

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Note offsets that nobody will acknowledge, which inside a batch are most of them: not for input topics."""
        if tp.topic not in _INPUT_NAMES:
            await super()._add_gap(tp, offset_from, offset_to)

    def _new_offset(self, tp: TP) -> int | None:
        """Return what to commit. Of input topics it is how far they are folded: for dashboards, nobody starts there."""
        if tp.topic not in _INPUT_NAMES:
            return super()._new_offset(tp)
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        transport = self.transport
        assert isinstance(transport, SnapshotTransport)
        held = transport.shards.held.get((tp.topic, tp.partition))
        return held.shard.next_offset if held else None

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek input partitions to where their shards read on, all others to what was committed."""
        transport = self.transport
        assert isinstance(transport, SnapshotTransport)
        places: dict[TP, int] = dict(await super().seek_to_committed())
        inputs = [tp for tp in self.assignment() if tp.topic in _INPUT_NAMES]
        await asyncio.to_thread(transport.prepared)  # what is fetched then meets a worker that can fold it
        if inputs:
            starts = await self.earliest_offsets(*inputs)
            ends = await self.highwaters(*inputs)
            counts = {name: len(await transport.partitions_of(name)) for name in {tp.topic for tp in inputs}}
            spans = {(tp.topic, tp.partition): Span(counts[tp.topic], starts[tp], ends[tp]) for tp in inputs}
            offsets = {TP(*place): at for place, at in (await transport.shards.take_over(spans)).items()}
            await self.seek_wait(offsets)
            places.update(offsets)
        await self._thread.call_thread(self._resume)
        return places

    async def _resume(self) -> None:
        consumer = self._thread._ensure_consumer()  # noqa: SLF001  as the class we extend does
        consumer.resume(*consumer.paused())


class SnapshotTransport(driver.Transport):
    """The transport that makes such consumers."""

    Consumer = SnapshotConsumer

    def __init__(
        self, *args: Any, shards: Shards, partitions_of: PartitionsOf, prepared: Callable[[], None], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.shards = shards
        self.partitions_of = partitions_of
        self.prepared = prepared


def install(app: faust.App, shards: Shards, partitions_of: PartitionsOf, prepared: Callable[[], None]) -> None:
    """Make `app` read its input topics on from `shards`, once `prepared` has returned.

    `partitions_of` asks the broker: a consumer that has just rejoined its group may not know a topic's partitions yet.
    """
    check_versions()
    fetcher.MemoryRecords, fetcher.PartitionRecords = FetchedBytes, InputRecords
    app.transport = SnapshotTransport(
        app.conf.broker_consumer, app, shards=shards, partitions_of=partitions_of, prepared=prepared
    )
