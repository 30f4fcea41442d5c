"""Deaths inside the fold, counted on disk: a record that kills is found in three, no innocent one is skipped."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams import attempts as module
from streams.attempts import ATTEMPTS_MAX, NEAR_SKIPS_MAX, Attempts, forget_deaths
from streams.errors import StateError
from streams.skips import SkipList

PLACE = ("transactions", 3)


def started(folder: Path, worker_id: str = "worker-0") -> tuple[Attempts, SkipList]:
    """Return what a worker has that starts in `folder`."""
    skips = SkipList(folder / "skips.jsonl")
    return Attempts(folder / "attempts", worker_id, skips), skips


def killed_in(folder: Path, first: int, last: int, worker_id: str = "worker-0") -> None:
    """Start a worker that is ended while it folds a range: the mapped place stays as it was."""
    started(folder, worker_id)[0].folding(*PLACE, first, last)


def fold_until_death(folder: Path, records: range, deadly: int, batch: int) -> bool:
    """Fold `records` as a worker does, ending where `deadly` is folded; return whether all were folded or skipped."""
    attempts, skips = started(folder)
    for first in range(records.start, records.stop, batch):
        last = min(first + batch, records.stop) - 1
        careful = attempts.is_suspect(*PLACE, first, last) or skips.any_in(*PLACE, first, last)
        for begin, end in [(at, at) for at in range(first, last + 1)] if careful else [(first, last)]:
            if skips.find(*PLACE, begin) is not None and begin == end:
                continue
            place = attempts.folding(*PLACE, begin, end)
            if begin <= deadly <= end:
                return False
            with place:
                pass
    return True


def test_the_place_outlives_sigkill(tmp_path: Path) -> None:
    """A process that is killed inside the fold leaves its place, without having synced anything."""
    code = (
        "import os, signal, sys; from pathlib import Path; from streams.attempts import Attempts; "
        "from streams.skips import SkipList; folder = Path(sys.argv[1]); "
        "attempts = Attempts(folder / 'attempts', 'worker-0', SkipList(folder / 'skips.jsonl'))\n"
        "with attempts.folding('transactions', 3, 10, 19): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL

    attempts, _ = started(tmp_path)

    assert attempts.is_suspect(*PLACE, 19, 30)
    assert not attempts.is_suspect(*PLACE, 20, 30)
    assert not attempts.is_suspect("transactions", 2, 10, 19)
    assert not started(tmp_path, "worker-1")[0].is_suspect(*PLACE, 20, 30)


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_a_record_that_kills_is_skipped_after_three_deaths_and_no_other(tmp_path: Path, batch: int) -> None:
    """Whatever it was fetched with: one death in its batch or alone, two alone, then the stream goes on."""
    lives = 0
    while not fold_until_death(tmp_path, range(100), deadly=42, batch=batch):
        lives += 1
        assert lives <= ATTEMPTS_MAX

    _, skips = started(tmp_path)
    assert lives == ATTEMPTS_MAX
    assert [(skip.offset, skip.deaths) for skip in skips.between(*PLACE, 0, 99)] == [(42, ATTEMPTS_MAX)]


def test_kills_that_are_nobodys_fault_skip_nothing(tmp_path: Path) -> None:
    """An operator, or the kernel short of memory, kills inside the same batch again and again."""
    for _ in range(20):
        killed_in(tmp_path, 0, 499)
    for offset in range(500):
        killed_in(tmp_path, offset, offset)

    attempts, skips = started(tmp_path)
    assert not skips.any_in(*PLACE, 0, 499)
    assert attempts.is_suspect(*PLACE, 499, 499)


def test_an_exception_is_no_death(tmp_path: Path) -> None:
    """The process lives on and tells by itself what went wrong."""
    attempts, _ = started(tmp_path)
    with pytest.raises(KeyError), attempts.folding(*PLACE, 0, 9):
        raise KeyError

    assert not started(tmp_path)[0].is_suspect(*PLACE, 0, 9)


def test_deaths_of_all_workers_of_a_folder_count_together(tmp_path: Path) -> None:
    """The record travels with its partition when a worker stays away."""
    for number in range(ATTEMPTS_MAX):
        killed_in(tmp_path, 42, 42, f"worker/{number}")
    for number in range(ATTEMPTS_MAX):
        _, skips = started(tmp_path, f"worker/{number}")

    assert skips.any_in(*PLACE, 42, 42)


def test_a_worker_that_dies_wherever_it_folds_skips_only_so_much(tmp_path: Path) -> None:
    """Short of memory, say, every record seems to kill: skipping one after the other would lose the stream."""
    for offset in range(2 * NEAR_SKIPS_MAX):
        for _ in range(ATTEMPTS_MAX):
            killed_in(tmp_path, offset, offset)

    _, skips = started(tmp_path)
    assert len(skips.between(*PLACE, 0, 99)) == NEAR_SKIPS_MAX


def test_a_log_made_anew_starts_with_no_deaths(tmp_path: Path) -> None:
    """`headgate shard reset` forgets one partition and leaves the others."""
    killed_in(tmp_path, 0, 9)
    started(tmp_path)[0].folding("readings", 0, 0, 9)
    started(tmp_path)

    forget_deaths(tmp_path / "attempts", *PLACE)

    attempts, _ = started(tmp_path)
    assert not attempts.is_suspect(*PLACE, 0, 9)
    assert attempts.is_suspect("readings", 0, 0, 9)


def test_no_room_for_the_cell_is_told_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing to a mapped page without room behind it would kill the process with SIGBUS."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)

    with pytest.raises(StateError, match="No space left"):
        started(tmp_path)


def test_what_is_remembered_is_bounded(tmp_path: Path) -> None:
    """Of many deaths the newest are asked."""
    for offset in range(module.DEATHS_MAX + 5):
        killed_in(tmp_path, offset, offset)

    attempts, _ = started(tmp_path)
    assert not attempts.is_suspect(*PLACE, 0, 4)
    assert attempts.is_suspect(*PLACE, 5, 5)
