"""Snapshots in Kafka, on a real broker: whole or not there, and a worker with another disk goes on from them."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from streams.connections import kafka_options
from streams.errors import StateError, UnavailableError
from streams.settings import Settings
from streams.shards import Shards, Span
from streams.snapshot_reader import Manifest, chunk_key, manifest_key
from streams.snapshot_topic import CHUNK_BYTES, TopicSnapshots
from streams.snapshots import DiskSnapshots, Generation, Loaded
from streams.state_versions import plain_of
from streams.topics import SNAPSHOT_INDEX, SNAPSHOTS
from tests.streams.pools import DAY_S, PARTITIONS, START_S, declared, sale, shop

KEY = b"k" * 32
Done = TypeVar("Done")


def state(next_offset: int, *, epoch: int = 0, size_bytes: int = 100, partitions: int = 4) -> bytes:
    """Return something with the head of a state and as much behind it as is wanted."""
    head = {"version": 1, "partitions": partitions, "epoch": epoch, "next_offset": next_offset}
    return msgspec.msgpack.encode(head | {"pools": os.urandom(size_bytes)})


def with_store(settings: Settings, do: Callable[[TopicSnapshots], Awaitable[Done]], key: bytes = KEY) -> Done:
    """Return what `do` returns for a store that only it uses."""

    async def run() -> Done:
        store = TopicSnapshots(settings, key, lambda: 1e9)
        try:
            return await do(store)
        finally:
            await store.stop()

    return asyncio.run(run())


def load(settings: Settings, topic: str, *, key: bytes = KEY, above: tuple[int, int] | None = None) -> Loaded:
    """Return what another machine finds."""

    async def look(store: TopicSnapshots) -> Loaded:
        async with store.reader() as reader:
            return await reader.newest(topic, 0, above)

    return with_store(settings, look, key)


def listed(settings: Settings, topic: str) -> list[Generation]:
    """Return what is kept of `topic`/0."""

    async def look(store: TopicSnapshots) -> list[Generation]:
        async with store.reader() as reader:
            return await reader.generations(topic, 0)

    return with_store(settings, look)


def save(settings: Settings, topic: str, *states: bytes) -> None:
    """Save states of `topic`/0 one after the other."""

    async def keep(store: TopicSnapshots) -> None:
        for one in states:
            await store.save(topic, 0, one)

    with_store(settings, keep)


def write(settings: Settings, topic: str, key: str, value: bytes | None) -> None:
    """Write one record as a worker that crashed, or somebody else, would."""

    async def send() -> None:
        async with AIOKafkaProducer(**kafka_options(settings)) as producer:
            await producer.send_and_wait(topic, value, key=key.encode(), partition=0)

    asyncio.run(send())


def test_a_state_of_many_chunks_comes_back_on_another_machine(settings: Settings) -> None:
    """Three chunks, each below a megabyte, and what is newer by rank wins, not what was written last."""
    large = state(50, size_bytes=2 * CHUNK_BYTES + 5)
    save(settings, "large", large, state(40))

    assert load(settings, "large").state == large
    assert load(settings, "large", above=(0, 50)) == Loaded(None, ())
    assert [one.rank for one in listed(settings, "large")] == [(0, 50), (0, 40)]


def test_two_generations_are_kept(settings: Settings) -> None:
    """What is older gets a tombstone, so that compaction removes it."""
    save(settings, "two", state(1), state(2), state(3), state(3))

    assert [(one.where, one.rank, one.fault) for one in listed(settings, "two")] == [
        ("topic", (0, 3), ""),
        ("topic", (0, 2), ""),
    ]


def test_a_snapshot_without_all_its_chunks_is_refused(settings: Settings) -> None:
    """A manifest that names a chunk that is not there: the generation before it is used, and it is said."""
    whole = state(1)
    save(settings, "lacking", whole)

    async def newest(store: TopicSnapshots) -> Manifest:
        async with store.reader() as reader:
            return reader.known["lacking", 0][0, 1]

    manifest = msgspec.structs.replace(with_store(settings, newest), next_offset=2, chunk_offsets=(10**6,))
    write(settings, SNAPSHOT_INDEX.name, manifest_key(manifest), msgspec.json.encode(manifest))

    loaded = load(settings, "lacking")
    assert loaded.state == whole
    assert "lacks a chunk" in loaded.damage[0]


def test_a_snapshot_that_was_not_finished_is_passed_over_and_removed(settings: Settings) -> None:
    """A worker died between chunks: the one before counts, and the next save clears up."""
    whole = state(1)
    save(settings, "torn", whole)
    torn = Manifest(
        topic="torn", partition=0, partitions=4, epoch=0, next_offset=2, size_bytes=9, chunk_partition=0, chunks=2,
        chunk_offsets=(), seal="", at_s=0.0,
    )  # fmt: skip
    write(settings, SNAPSHOT_INDEX.name, manifest_key(torn), msgspec.json.encode(torn))
    write(settings, SNAPSHOTS.name, chunk_key(torn, 0), b"half")

    assert load(settings, "torn") == Loaded(whole, ())

    async def go_on(store: TopicSnapshots) -> None:
        async with store.reader():
            pass
        await store.save("torn", 0, state(3))

    with_store(settings, go_on)
    assert [(one.rank, one.fault) for one in listed(settings, "torn")] == [((0, 3), ""), ((0, 1), "")]


def test_a_snapshot_of_another_key_or_place_is_refused(settings: Settings) -> None:
    """Whoever can write to the topic cannot make up a state."""
    save(settings, "sealed", state(1))

    loaded = load(settings, "sealed", key=b"x" * 32)
    assert loaded.state is None
    assert "another key" in loaded.damage[0]


def test_what_is_forgotten_is_gone(settings: Settings) -> None:
    """After a reset nothing speaks for the old fold."""
    save(settings, "gone", state(1), state(2))
    with_store(settings, lambda store: store.forget("gone", 0))

    assert load(settings, "gone") == Loaded(None, ())


def test_states_published_together_are_all_there(settings: Settings) -> None:
    """One batch of manifests: a migration is done for every partition or for none."""
    states = {partition: state(7, epoch=1, size_bytes=partition) for partition in range(3)}

    async def publish(store: TopicSnapshots) -> dict[int, bytes | None]:
        await store.publish([("together", partition, one) for partition, one in states.items()])
        async with store.reader() as reader:
            return {partition: (await reader.newest("together", partition, None)).state for partition in states}

    assert with_store(settings, publish) == states


def test_a_broker_that_does_not_answer_is_told(tmp_path: Path) -> None:
    """The stream goes on without; taking over does not, since another worker may have left something newer."""
    away = Settings(broker="127.0.0.1:1", data_dir=tmp_path)

    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
        save(away, "any", state(1))
    with pytest.raises(UnavailableError, match="cannot be read"):
        load(away, "any")


def test_a_worker_with_another_disk_goes_on_from_the_topic(settings: Settings, tmp_path: Path) -> None:
    """Sealed here and given away, restored there: same state, and the older one on the new disk is not used."""
    log = declared(shop())
    log.promise(START_S)
    older = log.shard.state()
    log.add(sale(START_S + 1, 3))
    log.promise(START_S + DAY_S)
    place = ("transactions", log.shard.partition)
    span = Span(PARTITIONS, 0, len(log.records))

    async def hand_over(store: TopicSnapshots) -> int:
        here = Shards(DiskSnapshots(tmp_path / "here", KEY), store)
        await here.take_over({place: span})
        await here.seal(*place, log.shard.state(), next_offset=log.shard.next_offset, wall_s=1.0, leaving=True)
        disk = DiskSnapshots(tmp_path / "there", KEY)
        disk.save(*place, older)
        there = Shards(disk, TopicSnapshots(settings, KEY, lambda: 0.0))
        offsets = await there.take_over({place: span})
        assert there.held[place].shard.state() == log.shard.state()
        return offsets[place]

    assert with_store(settings, hand_over) == log.shard.next_offset


@pytest.mark.parametrize("wall_s", [1e9, 4e9])
def test_a_topic_made_anew_is_noticed_although_its_log_is_long_enough(
    settings: Settings, tmp_path: Path, wall_s: float
) -> None:
    """No record below `next_offset` is younger than the state that folded it: else they are other records."""
    for _ in range(3):
        write(settings, "readings", "pool", b"{}")
    state = plain_of(declared(shop()).shard.state(), "") | {"topic": "readings", "next_offset": 2, "wall_s": wall_s}
    DiskSnapshots(tmp_path, KEY).save("readings", 0, msgspec.msgpack.encode(state))

    async def begin(store: TopicSnapshots) -> dict[tuple[str, int], int]:
        return await Shards(DiskSnapshots(tmp_path, KEY), store).take_over({("readings", 0): Span(PARTITIONS, 0, 3)})

    if wall_s > 2e9:
        assert with_store(settings, begin) == {("readings", 0): 2}
        return
    with pytest.raises(StateError, match=r"made anew.*headgate migrate --accept-loss"):
        with_store(settings, begin)


def test_the_topic_is_written_at_its_own_pace(settings: Settings, tmp_path: Path) -> None:
    """Each interval on disk, less often in Kafka, and always when the partition is given away."""

    async def live(store: TopicSnapshots) -> None:
        shards = Shards(DiskSnapshots(tmp_path, KEY), store, topic_interval_s=30.0)
        await shards.take_over({("paced", 0): Span(4, 0, 99)})
        for wall_s in (100.0, 105.0, 110.0, 131.0):
            await shards.seal("paced", 0, state(int(wall_s)), next_offset=int(wall_s), wall_s=wall_s)
            await asyncio.gather(*shards._sending)
        assert [one.rank[1] for one in await generations(store)] == [131, 100]
        await shards.seal("paced", 0, state(132), next_offset=132, wall_s=132.0, leaving=True)
        assert [one.rank[1] for one in await generations(store)] == [132, 131]

    async def generations(store: TopicSnapshots) -> list[Generation]:
        async with store.reader() as reader:
            return await reader.generations("paced", 0)

    with_store(settings, live)


def test_a_new_partition_of_a_topic_that_grew_is_not_begun_in_silence(settings: Settings, tmp_path: Path) -> None:
    """It has no snapshot of its own, but its siblings' say that pools were placed by another count."""

    async def begin(store: TopicSnapshots) -> None:
        await store.save("grown", 0, state(5, partitions=2))
        await Shards(DiskSnapshots(tmp_path, KEY), store).take_over({("grown", 3): Span(4, 0, 0)})

    with pytest.raises(StateError, match=r"grown has 4 partitions now and had 2.*headgate migrate"):
        with_store(settings, begin)
