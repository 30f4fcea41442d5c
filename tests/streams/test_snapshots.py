"""What is kept across restarts: both stores, torn and foreign files, the skip list, the keys."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from streams.errors import ConfigurationError, StateError
from streams.keys import load_or_create
from streams.skips import Skip, SkipList
from streams.snapshots import DiskSnapshots, Loaded, MemorySnapshots, SnapshotStore

KEY = b"k" * 32


def state(next_offset: int, *, epoch: int = 0) -> bytes:
    """Return something with the head of a state."""
    return msgspec.msgpack.encode({"version": 1, "partitions": 4, "epoch": epoch, "next_offset": next_offset})


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SnapshotStore:
    """Return each store in turn: they are held to the same tests."""
    return MemorySnapshots() if request.param == "memory" else DiskSnapshots(tmp_path / "snapshots", KEY)


def test_the_newest_state_is_returned(store: SnapshotStore) -> None:
    """Of several saves the last one counts, each partition for itself."""
    store.save("readings", 0, b"one")
    store.save("readings", 0, b"two")
    store.save("readings", 1, b"other")

    assert (store.load("readings", 0).state, store.load("readings", 1).state) == (b"two", b"other")


def test_a_forgotten_partition_has_no_state(store: SnapshotStore) -> None:
    """After a reset there is nothing, and no complaint."""
    store.save("readings", 0, b"one")
    store.forget("readings", 0)

    assert store.load("readings", 0).state is None
    assert store.load("readings", 0).damage == ()


@pytest.mark.parametrize("damage", ["torn", "changed", "foreign", "empty"])
def test_a_damaged_snapshot_is_named_and_the_one_before_is_used(tmp_path: Path, damage: str) -> None:
    """Torn, changed, foreign or empty: one message with the file's name, and the older generation."""
    disk = DiskSnapshots(tmp_path, KEY)
    disk.save("readings", 0, state(1))
    disk.save("readings", 0, state(2))
    path = tmp_path / "readings-0.0-2.snapshot"
    whole = path.read_bytes()
    path.write_bytes({"torn": whole[:-3], "changed": whole[:-1] + b"X", "foreign": b"PK" + whole, "empty": b""}[damage])

    loaded = disk.load("readings", 0)

    assert loaded.state == state(1)
    assert len(loaded.damage) == 1
    assert str(path) in loaded.damage[0]


def test_a_snapshot_of_another_place_or_key_is_refused(tmp_path: Path) -> None:
    """The seal covers the place: a file copied to another partition is not believed, nor one of another key."""
    disk = DiskSnapshots(tmp_path, KEY)
    disk.save("readings", 0, b"state")
    (tmp_path / "readings-1.0-0.snapshot").write_bytes((tmp_path / "readings-0.0-0.snapshot").read_bytes())

    assert disk.load("readings", 1).state is None
    assert DiskSnapshots(tmp_path, b"x" * 32).load("readings", 0).state is None


def test_a_renamed_snapshot_is_not_believed(tmp_path: Path) -> None:
    """The name orders them, so it has to be what the state itself says."""
    disk = DiskSnapshots(tmp_path, KEY)
    disk.save("readings", 0, state(1))
    (tmp_path / "readings-0.0-1.snapshot").replace(tmp_path / "readings-0.9-9.snapshot")

    loaded = disk.load("readings", 0)

    assert loaded.state is None
    assert "renamed" in loaded.damage[0]


def test_a_paused_worker_that_wakes_up_replaces_nothing(store: SnapshotStore) -> None:
    """Its states are older by rank, so its successor's stays the newest, however often it writes."""
    store.save("readings", 0, state(100))
    for next_offset in (10, 20, 30, 40):
        store.save("readings", 0, state(next_offset))
    store.save("readings", 0, state(5, epoch=1))
    store.save("readings", 0, state(200))

    assert store.load("readings", 0).state == state(5, epoch=1)


def test_a_worker_and_its_successor_write_into_one_folder_at_once(tmp_path: Path) -> None:
    """Neither takes the other's half-written file for its own: the newest of both is whole."""

    def write(first: int) -> None:
        disk = DiskSnapshots(tmp_path, KEY)
        for next_offset in range(first, 40, 2):
            disk.save("readings", 0, state(next_offset))

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, (1, 2)))

    loaded = DiskSnapshots(tmp_path, KEY).load("readings", 0)
    assert loaded.state == state(39)
    assert loaded.damage == ()
    assert not list(tmp_path.glob("*.aside"))


def test_a_folder_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker has dropped the snapshot between the look and the reading: there is a newer one."""
    disk = DiskSnapshots(tmp_path, KEY)
    disk.save("readings", 0, state(1))
    seen = disk._ranks

    def look(topic: str, partition: int) -> list[tuple[int, int]]:
        ranks = seen(topic, partition)
        if (0, 1) in ranks:
            (tmp_path / "readings-0.0-1.snapshot").unlink()
            DiskSnapshots(tmp_path, KEY).save(topic, partition, state(2))
        return ranks

    monkeypatch.setattr(disk, "_ranks", look)

    assert disk.load("readings", 0) == Loaded(state(2), ())


def test_what_a_dead_process_left_half_written_is_removed(tmp_path: Path) -> None:
    """Not at once: it may be somebody's who writes now."""
    disk = DiskSnapshots(tmp_path, KEY)
    old, young = (tmp_path / f"readings-0.0-9.snapshot.{name}.aside" for name in ("1-old", "2-young"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (1.0, 1.0))

    disk.save("readings", 0, state(10))

    assert (old.exists(), young.exists()) == (False, True)


def test_two_generations_are_kept_and_nothing_else(tmp_path: Path) -> None:
    """No older snapshot and nothing half written stays in the folder."""
    disk = DiskSnapshots(tmp_path, KEY)
    for next_offset in (1, 2, 3, 30):
        disk.save("readings", 0, state(next_offset))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["readings-0.0-3.snapshot", "readings-0.0-30.snapshot"]
    assert disk.places() == [("readings", 0)]
    assert [(one.rank, one.fault) for one in disk.generations("readings", 0)] == [((0, 30), ""), ((0, 3), "")]


def test_a_full_disk_leaves_both_generations_and_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ENOSPC in the middle of the write: what was whole stays whole, and the room taken is given back."""
    disk = DiskSnapshots(tmp_path, KEY)
    disk.save("readings", 0, state(1))
    disk.save("readings", 0, state(2))

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StateError, match="No space left"):
        disk.save("readings", 0, state(3))

    assert [one.rank for one in disk.generations("readings", 0)] == [(0, 2), (0, 1)]
    assert len(list(tmp_path.iterdir())) == 2


def test_no_space_is_told_with_what_to_do(tmp_path: Path) -> None:
    """A snapshot that cannot be written stops with the file and the setting."""
    disk = DiskSnapshots(tmp_path / "gone", KEY)
    (tmp_path / "gone").rmdir()

    with pytest.raises(StateError, match="HEADGATE_DATA_DIR"):
        disk.save("readings", 0, b"state")


def test_a_skip_survives_a_restart(tmp_path: Path) -> None:
    """What broke the fold is on disk before the worker ends."""
    path = tmp_path / "skips.jsonl"
    SkipList(path).add(Skip("readings", 1, 42, "KeyError"))

    again = SkipList(path)
    assert again.find("readings", 1, 42) == Skip("readings", 1, 42, "KeyError")
    assert again.find("readings", 1, 43) is None


def test_a_torn_line_stops_no_start_and_a_reset_forgets_its_partition(tmp_path: Path) -> None:
    """The list is read as far as it is whole; in a log made anew the old offsets are other records."""
    path = tmp_path / "skips.jsonl"
    SkipList(path).add(Skip("readings", 1, 42, "KeyError"))
    SkipList(path).add(Skip("readings", 2, 42, "KeyError"))
    with path.open("ab") as file:
        file.write(b'{"topic":"readi')

    SkipList(path).forget("readings", 1)

    again = SkipList(path)
    assert again.find("readings", 1, 42) is None
    assert again.find("readings", 2, 42) is not None


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """Mode 0600, the same key again, and a key that others can read is refused."""
    path = tmp_path / "keys" / "seal.key"
    key = load_or_create("", path)

    assert load_or_create("", path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        load_or_create("", path)


@pytest.mark.parametrize(("text", "words"), [("zz", "hexadecimal"), ("ab" * 8, "at least 32")])
def test_a_bad_configured_key_is_refused_without_showing_it(tmp_path: Path, text: str, words: str) -> None:
    """The message says what is wrong, not the secret."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_or_create(text, tmp_path / "unused")
    assert text not in str(caught.value)
