"""Taking a partition over: from what, where to read on, and when to stop instead of skipping events in silence."""

import errno
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streams.dedupe import HASHES
from streams.errors import StateError
from streams.events import BucketClosed, SeriesForecast, decode_output, encode
from streams.shard_state import STATE_VERSION, ShardState, decode_state
from streams.shards import Shards, Span
from streams.snapshots import DiskSnapshots, MemorySnapshots, head_of
from streams.state_versions import plain_of, upgraded
from tests.streams.pools import DAY_S, PARTITIONS, START_S, Log, declared, shop

KEY = b"k" * 32
STORED = Path(__file__).parent / "stored"


def log_to(next_offset: int) -> Log:
    """Return the log of a shop that reads on at `next_offset`."""
    log = declared(shop())
    while log.shard.next_offset < next_offset:
        log.promise(START_S + log.shard.next_offset * DAY_S)
    return log


def store_with(next_offset: int) -> MemorySnapshots:
    """Return a store whose snapshot of `shop` reads on at `next_offset`."""
    log = log_to(next_offset)
    store = MemorySnapshots()
    store.save("transactions", log.shard.partition, log.shard.state())
    return store


PARTITION = declared(shop()).shard.partition


def assign(shards: Shards, *, start_offset: int = 0, end_offset: int = 99, partitions: int = PARTITIONS) -> int:
    """Take over the partition of the shop."""
    return shards.assign(
        "transactions", PARTITION, partitions=partitions, start_offset=start_offset, end_offset=end_offset
    )


@pytest.mark.parametrize(
    ("start_offset", "end_offset", "words"), [(0, 3, "made anew"), (50, 99, "retention"), (4, 99, None), (0, 4, None)]
)
def test_a_log_that_does_not_reach_the_snapshot_stops_the_worker(
    start_offset: int, end_offset: int, words: str | None
) -> None:
    """Topic made anew, or retention quicker than us: stop with the command that resolves it, never skip in silence."""
    shards = Shards(store_with(4))
    if words is None:
        assert assign(shards, start_offset=start_offset, end_offset=end_offset) == 4
        return
    with pytest.raises(StateError, match=words) as caught:
        assign(shards, start_offset=start_offset, end_offset=end_offset)
    assert "headgate shard reset" in str(caught.value)


def test_another_count_of_partitions_stops_the_worker() -> None:
    """Pools have moved: the command that moves their state along is named."""
    with pytest.raises(StateError, match=r"8 partitions now and had 4.*headgate migrate"):
        assign(Shards(store_with(4)), partitions=8)


def test_a_first_start_begins_at_the_beginning_and_nowhere_else() -> None:
    """A log whole from 0 needs no snapshot; one that has lost its beginning needs somebody to say so."""
    assert assign(Shards(MemorySnapshots())) == 0
    with pytest.raises(StateError, match=r"starts at 0 but at 7.*accept-loss"):
        assign(Shards(MemorySnapshots()), start_offset=7)


@pytest.mark.parametrize("start_offset", [0, 7])
def test_damaged_snapshots_stop_the_worker(tmp_path: Path, start_offset: int) -> None:
    """Where no generation is whole nobody knows from which fold the log goes on: people decide."""
    disk = DiskSnapshots(tmp_path, KEY)
    for next_offset in (4, 6):
        disk.save("transactions", PARTITION, log_to(next_offset).shard.state())
    for path in tmp_path.iterdir():
        path.write_bytes(b"torn")

    with pytest.raises(StateError, match="accept-loss"):
        assign(Shards(disk), start_offset=start_offset)


def test_another_key_is_named_as_the_reason(tmp_path: Path) -> None:
    """A data folder without its key looks like damage everywhere: the text says where keys are."""
    DiskSnapshots(tmp_path, KEY).save("transactions", PARTITION, log_to(4).shard.state())

    with pytest.raises(StateError, match="HEADGATE_SEAL_HMAC_KEY"):
        assign(Shards(DiskSnapshots(tmp_path, b"x" * 32)))


def test_the_generation_before_a_damaged_one_is_folded_on(tmp_path: Path) -> None:
    """One damaged snapshot costs replay and nothing else."""
    disk = DiskSnapshots(tmp_path, KEY)
    for next_offset in (4, 6):
        disk.save("transactions", PARTITION, log_to(next_offset).shard.state())
    (tmp_path / f"transactions-{PARTITION}.0-6.snapshot").write_bytes(b"torn")

    assert assign(Shards(disk)) == 4


@pytest.mark.asyncio
async def test_no_space_stops_no_stream_and_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot that cannot be written: the next one is tried, and a crash until then replays from the last."""
    counted: list[str] = []
    shards = Shards(DiskSnapshots(tmp_path, KEY), count=counted.append)
    log = log_to(4)
    await shards.take_over({("transactions", PARTITION): Span(PARTITIONS, 0, 99)})
    held = shards.held["transactions", PARTITION]
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert not await shards.seal("transactions", PARTITION, log.shard.state(), next_offset=4, wall_s=1.0)

    assert counted == ["snapshots:disk-failed"]
    assert (held.snapshot_offset, held.snapshot_wall_s, held.tried_wall_s) == (0, None, 1.0)
    assert await shards.seal("transactions", PARTITION, log.shard.state(), next_offset=4, wall_s=2.0)
    assert (held.snapshot_offset, held.snapshot_wall_s) == (4, 2.0)
    assert assign(Shards(DiskSnapshots(tmp_path, KEY))) == 4


def full(_handle: int) -> None:
    """Fail as a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("path", sorted(STORED.glob("state-*.msgpack")), ids=lambda path: path.stem)
def test_a_state_of_every_stored_version_is_read(path: Path) -> None:
    """What an older version has written is there: stock, demand, what was heard and what was said."""
    state = msgspec.msgpack.decode(upgraded(path.read_bytes(), "transactions/0"), type=ShardState)

    assert (state.next_offset, state.partitions) == (35, PARTITIONS)
    pool = state.pools["shop"]
    assert pool.series["mug"].ledger.on_hand_units == 31.0
    assert pool.demand.closed_until_s == START_S + 10 * DAY_S
    assert pool.watermark.feeds["till"].complete_until_s == START_S + 10 * DAY_S
    assert pool.series["mug"].forecast is not None
    assert msgspec.json.decode(pool.series["mug"].forecast, type=SeriesForecast).buckets_learnt == 10


@pytest.mark.parametrize("path", sorted(STORED.glob("state-*.msgpack")), ids=lambda path: path.stem)
def test_a_state_of_every_stored_version_is_folded_on(path: Path) -> None:
    """Its shop closes the next day, models and all, as if it had never been another version's."""
    store = MemorySnapshots()
    store.save("transactions", PARTITION, path.read_bytes())
    shards = Shards(store)
    assert assign(shards) == 35
    log = Log(shop(forecast="river-linear"))
    log.shard, log.records = shards.held["transactions", PARTITION].shard, [b""] * 35
    log.promise(START_S + 11 * DAY_S)

    told = [decode_output(encode(one)) for one in log.closed]
    closed = {one.resource_id: one for one in told if isinstance(one, BucketClosed)}
    assert closed["mug"].said_mean is not None
    assert closed["mug"].forecast is not None
    assert closed["mug"].forecast.buckets_learnt == 11


def test_the_version_of_today_is_stored_for_tomorrow() -> None:
    """Whoever raises the version stores a state of it: the shop above, told for ten days."""
    path = STORED / f"state-{STATE_VERSION}.msgpack"

    assert path.exists(), (
        f"take state-{STATE_VERSION - 1} through `upgraded` and `Shard.restore`, and store its state()"
    )
    assert head_of(path.read_bytes()).version == STATE_VERSION


def test_ids_that_version_1_has_seen_are_known_for_ever() -> None:
    """It hashed them otherwise; its pools go on with that hash, for open buckets and for late events alike."""
    kept = msgspec.msgpack.decode((STORED / "state-1.msgpack").read_bytes())
    kept["pools"]["shop"]["seen"] = {
        "open": {START_S: [HASHES["blake2b"](b"open")]},
        "recent": {HASHES["blake2b"](b"a"): None},
    }
    state = decode_state(upgraded(msgspec.msgpack.encode(kept), "transactions/0"))
    seen = state.pools["shop"].seen

    assert [seen.add(text, bucket_start_s=None) for text in ("a", "open", "new", "new")] == [False, False, True, False]


def test_steps_lead_from_version_to_version() -> None:
    """Each step sees what the one before made, and the last one's version is today's."""
    state = msgspec.msgpack.encode({"version": 1, "epoch": 3, "next_offset": 4, "pools": {"shop": {"a": 1.5}}})

    def second(plain: dict[str, Any]) -> dict[str, Any]:
        return plain | {"pools": {name: pool | {"b": 0} for name, pool in plain["pools"].items()}}

    def third(plain: dict[str, Any]) -> dict[str, Any]:
        assert plain["version"] == 2
        return plain | {"added": list(plain["pools"]["shop"])}

    done = plain_of(upgraded(state, "transactions/0", steps={1: second, 2: third}, version=3), "transactions/0")

    assert done == {
        "version": 3, "epoch": 3, "next_offset": 4, "pools": {"shop": {"a": 1.5, "b": 0}}, "added": ["a", "b"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("version", "words"), [(STATE_VERSION + 1, "a newer one wrote it"), (0, "shard reset transactions/0 --accept-loss")]
)
def test_a_version_that_nothing_leads_to_stops_the_worker(version: int, words: str) -> None:
    """From the future: start that version; from a past that nobody knows: learn anew."""
    with pytest.raises(StateError, match=words):
        upgraded(msgspec.msgpack.encode({"version": version}), "transactions/0")
