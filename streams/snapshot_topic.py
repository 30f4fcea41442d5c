"""Snapshots in Kafka, so that a worker on another machine takes over: states in, chunks below 1 MB and a manifest out.

Chunks go to `snapshots`, each acknowledged; only then the manifest goes to `snapshot-index`, with the offset of every
chunk and the seal of the whole. Both topics are compacted. A manifest is announced, without offsets, before its chunks
are sent, so that whoever comes later knows what a crash left behind. Keys carry the rank `(epoch, next_offset)`:
nobody overwrites what somebody else wrote, and the highest rank that is whole counts.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.connections import kafka_options
from streams.errors import StateError, UnavailableError
from streams.settings import Settings
from streams.snapshot_reader import Known, Manifest, SnapshotReader, chunk_key, manifest_key
from streams.snapshots import head_of, outlived, seal_of
from streams.topics import SNAPSHOT_INDEX, SNAPSHOTS

log = logging.getLogger(__name__)

CHUNK_BYTES = 900_000  # with key and headers below the topic's 1 MiB
CHUNKS_MAX = 1_200  # about 1 GB: no shard of one core comes near
REQUEST_BYTES_MAX = 1_000_000


class TopicSnapshots:
    """The snapshots that every machine can read."""

    def __init__(self, settings: Settings, key: bytes, wall_s: Callable[[], float]) -> None:
        self._settings = settings
        self._key = key
        self._wall_s = wall_s
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._saving = asyncio.Lock()  # one state under way at a time: bounded memory, and no key written twice
        self._known: Known = {}  # what is there, as far as this process knows: whose tombstones are ours to write

    def reader(self) -> SnapshotReader:
        """Return an async context manager that reads what is there now."""
        return SnapshotReader(self._settings, self._key, self._learn)

    async def save(self, topic: str, partition: int, state: bytes) -> None:
        """Keep `state`; every machine can read it when this returns. Raises UnavailableError when Kafka refuses it."""
        async with self._saving:
            held = self._known.get((topic, partition), {}).get(head_of(state).rank)
            if held is not None and held.is_whole:
                return  # nothing was folded since
            manifest = await self._send_chunks(topic, partition, state)
            await self._send(SNAPSHOT_INDEX.name, 0, manifest_key(manifest), msgspec.json.encode(manifest))
            self._note(manifest)
            try:
                await self._drop(self._outlived(manifest))
            except UnavailableError as error:
                log.warning("%s: older ones stay until the next", error)

    async def publish(self, states: Sequence[tuple[str, int, bytes]]) -> None:
        """Keep several states at once, all or none: their manifests are one batch."""
        manifests = [await self._send_chunks(*one) for one in states]
        producer = await self._started()
        batch = producer.create_batch()
        for manifest in manifests:
            key, value = manifest_key(manifest).encode(), msgspec.json.encode(manifest)
            if batch.append(key=key, value=value, timestamp=None) is None:
                raise StateError(f"{len(manifests)} manifests do not fit into one batch of {REQUEST_BYTES_MAX} bytes")
        try:
            await (await producer.send_batch(batch, SNAPSHOT_INDEX.name, partition=0))
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error
        for manifest in manifests:
            self._note(manifest)

    async def forget(self, topic: str, partition: int) -> None:
        """Drop every generation of the partition."""
        async with self._saving, self.reader():
            await self._drop(list(self._known.get((topic, partition), {}).values()))

    async def stop(self) -> None:
        """Disconnect."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def _send_chunks(self, topic: str, partition: int, state: bytes) -> Manifest:
        """Announce the snapshot, send its chunks, and return the manifest that is true of them."""
        head = head_of(state)
        chunks = range(0, len(state), CHUNK_BYTES)
        if len(chunks) > CHUNKS_MAX:
            raise StateError(f"the state of {topic}/{partition} has {len(state)} bytes; at most {CHUNKS_MAX} chunks")
        producer = await self._started()
        try:
            places = len(await producer.partitions_for(SNAPSHOTS.name))
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error
        manifest = Manifest(
            topic=topic,
            partition=partition,
            partitions=head.partitions,
            epoch=head.epoch,
            next_offset=head.next_offset,
            size_bytes=len(state),
            chunk_partition=partition % places,
            chunks=len(chunks),
            chunk_offsets=(),
            seal=(await asyncio.to_thread(seal_of, self._key, topic, partition, state)).hex(),  # lets the stream go on
            at_s=self._wall_s(),
        )
        if manifest.rank not in self._known.get((topic, partition), {}):
            await self._send(SNAPSHOT_INDEX.name, 0, manifest_key(manifest), msgspec.json.encode(manifest))
        offsets = []
        for number, start in enumerate(chunks):
            piece = state[start : start + CHUNK_BYTES]
            offsets.append(
                await self._send(SNAPSHOTS.name, manifest.chunk_partition, chunk_key(manifest, number), piece)
            )
        return msgspec.structs.replace(manifest, chunk_offsets=tuple(offsets))

    def _learn(self, read: Known) -> None:
        """Take over what a reader found; what this process has finished meanwhile is newer than the reading."""
        for place in read.keys() | self._known.keys():
            own = {rank: one for rank, one in self._known.get(place, {}).items() if one.is_whole}
            self._known[place] = read.get(place, {}) | own

    def _note(self, manifest: Manifest) -> None:
        self._known.setdefault((manifest.topic, manifest.partition), {})[manifest.rank] = manifest

    def _outlived(self, saved: Manifest) -> list[Manifest]:
        """Return what may go now that `saved` is whole: older generations, and what a crash left unfinished."""
        known = self._known[saved.topic, saved.partition]
        whole = [rank for rank, one in known.items() if one.is_whole]
        left = [one for rank, one in known.items() if not one.is_whole and rank < saved.rank]
        return [known[rank] for rank in outlived(whole, saved.rank)] + left

    async def _drop(self, manifests: Sequence[Manifest]) -> None:
        """Write tombstones: first of manifests, so that none ever names chunks that are gone."""
        for one in manifests:
            await self._send(SNAPSHOT_INDEX.name, 0, manifest_key(one), None)
            for number in range(one.chunks):
                await self._send(SNAPSHOTS.name, one.chunk_partition, chunk_key(one, number), None)
            self._known[one.topic, one.partition].pop(one.rank, None)

    async def _send(self, topic: str, partition: int, key: str, value: bytes | None) -> int:
        producer = await self._started()
        try:
            sent = await producer.send_and_wait(topic, value, key=key.encode(), partition=partition)
        except (KafkaError, OSError) as error:
            raise self._unavailable(error) from error
        return int(sent.offset)

    async def _started(self) -> Any:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **kafka_options(self._settings),
                    client_id=f"headgate-snapshots-{self._settings.worker_id}",
                    acks="all",
                    enable_idempotence=True,
                    compression_type="snappy",  # 1.5 ms a chunk to a third of it; aiokafka's lz4 holds the loop for 20
                    max_batch_size=REQUEST_BYTES_MAX,
                    max_request_size=REQUEST_BYTES_MAX,
                )
                try:
                    await producer.start()
                except (KafkaError, OSError) as error:
                    raise self._unavailable(error) from error
                self._producer = producer
        return self._producer

    def _unavailable(self, error: BaseException) -> UnavailableError:
        return UnavailableError(f"Kafka at {self._settings.broker} does not take a snapshot ({error})")
