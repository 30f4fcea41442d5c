"""The snapshot topics read before a partition is taken over: places in, the newest whole states out, within a bound.

The index is small and read whole; then only the chunks of one state are read, from their offsets on. So taking over
costs what is taken over, and no more than one state is in memory at a time.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.connections import kafka_options
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.snapshots import Generation, Loaded, Rank, head_of, seal_of
from streams.topics import SNAPSHOT_INDEX, SNAPSHOTS

ANSWER_S_MAX = 15.0  # how long the index or one state may take
POLL_S = 0.5


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Where one snapshot lies in the chunk topic. Without offsets: its chunks were being sent."""

    topic: str
    partition: int
    partitions: int  # of `topic`, when it was taken
    epoch: int
    next_offset: int
    size_bytes: int
    chunk_partition: int
    chunks: int
    chunk_offsets: tuple[int, ...]
    seal: str  # hex of the HMAC over place and state
    at_s: float  # wall time

    @property
    def rank(self) -> Rank:
        """Return what decides which of two snapshots is newer."""
        return self.epoch, self.next_offset

    @property
    def is_whole(self) -> bool:
        """Return whether every chunk was acknowledged."""
        return len(self.chunk_offsets) == self.chunks


Known = dict[tuple[str, int], dict[Rank, Manifest]]  # by place


def manifest_key(manifest: Manifest) -> str:
    """Return the key of a manifest in the index."""
    return f"{manifest.topic}/{manifest.partition}/{manifest.epoch}/{manifest.next_offset}"


def chunk_key(manifest: Manifest, number: int) -> str:
    """Return the key of one of its chunks."""
    return f"{manifest_key(manifest)}/{number}"


class SnapshotReader:
    """One look at the snapshot topics; use it as an async context manager."""

    def __init__(self, settings: Settings, key: bytes, learn: Callable[[Known], None] = lambda _: None) -> None:
        self._settings = settings
        self._key = key
        self._learn = learn
        self._consumer: Any = None
        self.known: Known = {}  # filled when it is entered

    async def __aenter__(self) -> Self:
        """Read the index to its end; raise UnavailableError when that takes too long."""
        self._consumer = AIOKafkaConsumer(
            **kafka_options(self._settings),
            client_id=f"headgate-snapshots-{self._settings.worker_id}",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=20,  # questions wait behind a fetch that waits for more: 0.5 s by default
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                await self._consumer.start()
                await self._read_index()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._consumer.stop()
            raise self._unavailable(error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def newest(self, topic: str, partition: int, above: Rank | None) -> Loaded:
        """Return the highest state that is whole and ours, and outranks `above`; what is below is not read."""
        damage: list[str] = []
        manifests = self.known.get((topic, partition), {})
        for rank in sorted(manifests, reverse=True):
            manifest = manifests[rank]
            if above is not None and rank <= above:
                break
            if not manifest.is_whole:
                continue  # its writer died or is still at it: the one before is whole
            state = await self.fetch(manifest)
            fault = self.fault(manifest, state)
            if not fault:
                return Loaded(state, tuple(damage))
            damage.append(f"snapshot {manifest_key(manifest)} in Kafka {fault}; the one before it is used")
        return Loaded(None, tuple(damage))

    async def first_after(self, topic: str, partition: int, at_ms: int) -> int | None:
        """Return the offset of the first record of an input log that was appended at `at_ms` or later."""
        place = TopicPartition(topic, partition)
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                found = (await self._consumer.offsets_for_times({place: at_ms}))[place]
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        return None if found is None else int(found.offset)

    async def generations(self, topic: str, partition: int) -> list[Generation]:
        """Return every snapshot of the partition, newest first, for people."""
        found = []
        manifests = self.known.get((topic, partition), {})
        for rank in sorted(manifests, reverse=True):
            one = manifests[rank]
            fault = self.fault(one, await self.fetch(one)) if one.is_whole else "was not finished"
            found.append(Generation("topic", rank, one.size_bytes, one.at_s, fault))
        return found

    def fault(self, manifest: Manifest, state: bytes | None) -> str:
        """Return what is wrong with what was read for `manifest`; nothing when it is whole and ours."""
        if state is None:
            return "lacks a chunk"
        seal = seal_of(self._key, manifest.topic, manifest.partition, state).hex()
        if not hmac.compare_digest(seal, manifest.seal):
            return "is changed or sealed with another key"
        if head_of(state).rank != manifest.rank:
            return "was renamed: it holds another place in the log"
        return ""

    async def fetch(self, manifest: Manifest) -> bytes | None:
        """Return the bytes of the chunks that a whole `manifest` names, or None when one is not there any more."""
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                pieces = await self._pieces(manifest)
        except (KafkaError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        if pieces.keys() != set(manifest.chunk_offsets):
            return None
        return b"".join(pieces[offset] for offset in manifest.chunk_offsets)

    async def _pieces(self, manifest: Manifest) -> dict[int, bytes]:
        """Return those chunks that are still there, by their offset."""
        place = TopicPartition(SNAPSHOTS.name, manifest.chunk_partition)
        wanted = set(manifest.chunk_offsets)
        first, last = min(wanted), max(wanted)
        start = (await self._consumer.beginning_offsets([place]))[place]
        end = (await self._consumer.end_offsets([place]))[place]
        if first < start or last >= end:
            return {}
        return {
            record.offset: record.value
            async for record in self._records(place, first, last + 1)
            if record.offset in wanted and record.value is not None
        }

    async def _read_index(self) -> None:
        place = TopicPartition(SNAPSHOT_INDEX.name, 0)
        first = (await self._consumer.beginning_offsets([place]))[place]
        end = (await self._consumer.end_offsets([place]))[place]
        decode = msgspec.json.Decoder(Manifest).decode
        async for record in self._records(place, first, end):
            topic, number, epoch, next_offset = record.key.decode().rsplit("/", 3)
            held = self.known.setdefault((topic, int(number)), {})
            if record.value is None:
                held.pop((int(epoch), int(next_offset)), None)
            else:
                manifest = decode(record.value)
                held[manifest.rank] = manifest
        self._learn(self.known)

    async def _records(self, place: TopicPartition, first: int, end: int) -> AsyncIterator[Any]:
        """Yield the records of `place` from `first` on, as far as they lie before `end`."""
        if first >= end:
            return
        consumer = self._consumer
        consumer.assign([place])
        consumer.seek(place, first)
        while await consumer.position(place) < end:
            fetched = await consumer.getmany(place, timeout_ms=int(POLL_S * 1000))
            for record in fetched.get(place, ()):
                if record.offset < end:
                    yield record

    def _unavailable(self, error: BaseException) -> UnavailableError:
        why = str(error) or f"no answer within {ANSWER_S_MAX:.0f} s"
        return UnavailableError(f"the snapshots in Kafka at {self._settings.broker} cannot be read ({why}); try again")
