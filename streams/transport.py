"""Faust reading on from snapshots, a batch at a time: its aiokafka transport with two of its answers replaced.

`seek_to_committed` is answered by the shards: commits are informational, the truth is the `next_offset` inside each
snapshot. `getmany` hands over all fetched records of an input partition as one message, whose offset is the last
one's: what Faust does for each message costs more than what the fold does for each record (design, section 5).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from importlib.metadata import version
from itertools import chain
from typing import Any
from weakref import WeakKeyDictionary

import faust
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message
from faust.types.tuples import ConsumerMessage

from streams.errors import ConfigurationError
from streams.records import Records
from streams.shards import Shards, Span
from streams.topics import INPUT_TOPICS

TESTED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}
BUFFERED_BYTES_MAX = 16 * 1024 * 1024  # of records that are fetched and not yet folded
PartitionsOf = Callable[[str], Awaitable[Sequence[int]]]
_INPUT_NAMES = frozenset(spec.name for spec in INPUT_TOPICS)


def check_versions() -> None:
    """Raise ConfigurationError unless the libraries whose inner workings we override are those we tested."""
    for name, tested in TESTED.items():
        if version(name) != tested:
            raise ConfigurationError(f"{name} is {version(name)}; Headgate was tested with {tested}: install that")


class InputRecords(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """One partition's part of an answer; of input topics whole record batches, parsed in C, without a step for each."""

    next_fetch_offset: int

    def __iter__(self) -> Iterator[Any]:
        """Return the iterator itself, without a method of ours between it and its reader."""
        return self._records_iterator  # type: ignore[no-any-return]

    def _unpack_records(self) -> Iterator[Any]:
        return self._batches() if self._tp.topic in _INPUT_NAMES else super()._unpack_records()

    def _batches(self) -> Iterator[list[Any]]:
        """Yield lists of records that are not read yet; transactions are not waited for, their marks left out."""
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            records = [] if batch.is_control_batch else list(batch)
            if records and records[0].offset < self.next_fetch_offset:
                records = [record for record in records if record.offset >= self.next_fetch_offset]
            self.next_fetch_offset = batch.next_offset
            if records:
                yield records


class Batch(ConsumerMessage):
    """All records of one partition that were fetched together, as one message. Acknowledged as its last record."""

    __slots__ = ("records",)

    records: Records

    def on_final_ack(self, consumer: Any) -> bool:
        """Make room for the next ones."""
        consumer.let_go(self)
        return super().on_final_ack(consumer)


class SnapshotConsumer(driver.Consumer):
    """A Faust consumer that reads input topics on from their shards' snapshots, in batches."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._buffered: WeakKeyDictionary[Batch, int] = WeakKeyDictionary()  # bytes; a dropped batch leaves by itself
        self._room = asyncio.Event()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109  Faust's signature
        """Yield what was fetched: input partitions as batches, all others record by record."""
        while sum(self._buffered.values()) > BUFFERED_BYTES_MAX and not self.should_stop:
            self._room.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), timeout)
        fetched, active = await self._wait_next_records(timeout)
        if fetched is None or self.should_stop:
            return
        generation_id = self.app.consumer_generation_id
        for tp, records in fetched.items():
            if not self.flow_active or self.app.consumer_generation_id != generation_id:
                return  # a rebalance has begun: what was fetched is fetched again by its owner
            if active is not None and tp not in active:
                continue
            if tp.topic in _INPUT_NAMES:
                yield tp, self._batch(tp, list(chain.from_iterable(records)))
            else:
                for record in records:
                    yield tp, self._to_message(tp, record)

    def _batch(self, tp: TP, records: Sequence[Any]) -> Batch:
        last = records[-1]
        place = (tp.topic, tp.partition, last.offset, last.timestamp / 1000.0, last.timestamp_type)
        batch = Batch(
            *place, None, None, b"", None, tp=tp, generation_id=self.app.consumer_generation_id
        )  # no headers, key, value or checksum: they are the records'
        batch.records = Records.of(records)
        self._buffered[batch] = batch.records.size_bytes
        return batch

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
        if inputs:
            starts = await self.earliest_offsets(*inputs)
            ends = await self.highwaters(*inputs)
            counts = {name: len(await transport.partitions_of(name)) for name in {tp.topic for tp in inputs}}
            spans = {(tp.topic, tp.partition): Span(counts[tp.topic], starts[tp], ends[tp]) for tp in inputs}
            offsets = {TP(*place): at for place, at in (await transport.shards.take_over(spans)).items()}
            await self.seek_wait(offsets)
            places.update(offsets)
        return places


class SnapshotTransport(driver.Transport):
    """The transport that makes such consumers."""

    Consumer = SnapshotConsumer

    def __init__(self, *args: Any, shards: Shards, partitions_of: PartitionsOf, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shards = shards
        self.partitions_of = partitions_of


def install(app: faust.App, shards: Shards, partitions_of: PartitionsOf) -> None:
    """Make `app` read its input topics on from `shards`.

    `partitions_of` asks the broker: a consumer that has just rejoined its group may not know a topic's partitions yet.
    """
    check_versions()
    fetcher.PartitionRecords = InputRecords
    app.transport = SnapshotTransport(app.conf.broker_consumer, app, shards=shards, partitions_of=partitions_of)
