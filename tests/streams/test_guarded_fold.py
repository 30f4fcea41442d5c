"""What broke the fold is passed over, but neither for want of memory nor when everything seems to break it."""

from pathlib import Path

import pytest

from streams.attempts import NEAR_SKIPS_MAX, Attempts
from streams.guarded_fold import GuardedFold
from streams.shard import Shard
from streams.skips import Skip, SkipList
from tests.streams.pools import declared, records_of, shop


def broken(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make the fold raise `error` at whatever comes."""

    def fold(shard: Shard, _event: object, _data: bytes, _offset: int, _effects: object) -> None:
        raise error

    monkeypatch.setattr(Shard, "_apply", fold)


def folded(folder: Path) -> tuple[GuardedFold, SkipList]:
    """Return a guarded fold and its skip list."""
    skips = SkipList(folder / "skips.jsonl")
    return GuardedFold(skips, Attempts(folder / "attempts", "w", skips)), skips


def test_want_of_memory_is_no_fault_of_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker ends, and the record is folded after the restart."""
    log = declared(shop())
    fold, skips = folded(tmp_path)
    broken(monkeypatch, MemoryError())
    shard = Shard(log.shard.topic, log.shard.partition, 4)
    with pytest.raises(MemoryError):
        list(fold.fold(shard, records_of(log)))

    assert skips.find(shard.topic, shard.partition, 0) is None


def test_a_fault_of_ours_does_not_eat_the_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some records next to each other nothing is passed over any more: the worker stops where it is."""
    log = declared(shop())
    fold, skips = folded(tmp_path)
    broken(monkeypatch, KeyError("ours"))
    shard = Shard(log.shard.topic, log.shard.partition, 4)
    for offset in range(100, 100 + NEAR_SKIPS_MAX):
        skips.add(Skip(shard.topic, shard.partition, offset, "KeyError"))
    with pytest.raises(KeyError):
        list(fold.fold(shard, records_of(log)))

    assert skips.find(shard.topic, shard.partition, 0) is None
