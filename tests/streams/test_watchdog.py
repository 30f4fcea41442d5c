"""What hangs is ended with its stacks in the log; what is slow, paused, or without a broker is left alone."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.durable_lines import DurableLines
from streams.watchdog import EXIT_STATUS, LAST_WORDS, Judge, LastWords, Limits, Place, Sight, Verdict

LIMITS = Limits(loop_late_s_max=30.0, progress_late_s_max=120.0, commit_late_s_max=60.0)
PLACE = ("transactions", 3)
TICK_S = 0.5


def judged(sight_at: Callable[[float], Sight], *, until_s: float = 3600.0) -> tuple[Verdict | None, float]:
    """Show the judge what `sight_at(elapsed seconds)` returns, tick by tick; return its first verdict and when."""
    judge = Judge(LIMITS)
    for tick in range(int(until_s / TICK_S)):
        verdict = judge.judge(sight_at(tick * TICK_S), TICK_S)
        if verdict is not None:
            return verdict, tick * TICK_S
    return None, until_s


def sight(at_s: float, **changes: object) -> Sight:
    """Return a healthy worker: the loop turns, the pacemaker's beats come and are folded, snapshots are kept."""
    fields: dict[str, object] = {"next_offset": int(at_s), "end_offset": int(at_s) + 1, "sealing": int(at_s / 5)}
    loop = {name: changes.pop(name) for name in ("beats", "commit") if name in changes}
    return Sight(**({"beats": int(at_s * 4), "places": {PLACE: Place(**(fields | changes))}} | loop))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "rule", "after_s"),
    [
        ({"beats": 7, "next_offset": 7}, "loop", 30.5),
        ({"next_offset": 0}, "progress", 120.5),
        ({"commit": "the same"}, "commit", 60.5),
        ({"sealing": 7}, "snapshot", 60.5),
    ],
)
def test_what_stands_still_beyond_its_limit_is_hung(changes: dict[str, object], rule: str, after_s: float) -> None:
    """Each rule waits for exactly its limit, and says what, how long and the limit."""
    verdict, at_s = judged(lambda at_s: sight(at_s, **changes))

    assert verdict is not None
    assert (verdict.rule, at_s) == (rule, after_s)
    assert re.search(rf"for \d+ s \({int(after_s)}\)", verdict.said)


@pytest.mark.parametrize(
    "slow",
    [
        pytest.param(lambda _: {}, id="healthy"),
        pytest.param(lambda at_s: {"beats": 7, "next_offset": int(at_s / 20)}, id="a long fold that moves"),
        pytest.param(lambda at_s: {"next_offset": int(at_s / 100)}, id="a slow partition far behind"),
        pytest.param(lambda _: {"next_offset": 7, "end_offset": 9, "sealing": 1}, id="the broker does not answer"),
        pytest.param(
            lambda at_s: {"next_offset": 7, "end_offset": 9 + int(at_s / 60), "sealing": int(at_s / 60)},
            id="the broker hardly answers",
        ),
        pytest.param(lambda at_s: {"commit": int(at_s / 50)}, id="slow commits"),
        pytest.param(lambda at_s: {"next_offset": int(at_s), "end_offset": 0}, id="nothing was ever acknowledged"),
    ],
)
def test_slow_is_not_stuck(slow: Callable[[float], dict[str, object]]) -> None:
    """For an hour."""
    assert judged(lambda at_s: sight(at_s, **slow(at_s)))[0] is None


def test_a_partition_that_came_back_starts_anew() -> None:
    """What was counted before it was given away does not speak against its next stay."""

    def seen(at_s: float) -> Sight:
        here = int(at_s / 100) % 2 == 0
        return sight(at_s, next_offset=7) if here else Sight(int(at_s * 4), {})

    assert judged(seen)[0] is None


def test_restoring_partition_after_partition_is_no_hang() -> None:
    """A start-up that holds the loop for minutes moves all the same."""

    def seen(at_s: float) -> Sight:
        return Sight(1, {("transactions", number): Place(0, 0, None) for number in range(int(at_s / 20))})

    assert judged(seen, until_s=300.0)[0] is None


HANGS = """
import asyncio, sys, time
from pathlib import Path
from streams.durable_lines import DurableLines
import streams.watchdog as module
from streams.watchdog import LAST_WORDS, LastWords, Limits, Place, Sight, Watchdog

def hang_in_python():
    while True: pass

def hang_in_c_with_the_lock():
    sum(range(10**12))

async def main():
    words = DurableLines(Path(sys.argv[1]) / LAST_WORDS, LastWords)
    module.LAST_WORDS_S_MAX = 1.0
    limits = Limits(float(sys.argv[3]), 1.0, 1.0)
    watchdog = Watchdog(lambda beats: Sight(beats, {}), limits, words, "worker-0", lambda: 5.0)
    watchdog.start()
    print("watched", flush=True)
    await asyncio.sleep(0.2)
    if sys.argv[2] == "python": hang_in_python()
    if sys.argv[2] == "c": hang_in_c_with_the_lock()
    if sys.argv[2] == "log": sys.stderr.write("x" * 10**6)
    if sys.argv[2] == "slow":
        for _ in range(4): time.sleep(0.7); await asyncio.sleep(0.3)
    if sys.argv[2] == "paused": await asyncio.sleep(4.0)
    watchdog.stop()

asyncio.run(main())
"""


@contextmanager
def hanging(folder: Path, how: str, *, loop_late_s_max: float = 1.0) -> Iterator[subprocess.Popen[str]]:
    """Run a process that is watched and hangs."""
    words = [sys.executable, "-c", HANGS, str(folder), how, str(loop_late_s_max)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "watched\n"
            yield process
        finally:
            process.kill()


def test_a_loop_that_hangs_in_python_is_ended_with_words_and_stacks(tmp_path: Path) -> None:
    """The log says what, how long and the limit, then shows where; the verdict is on disk for the next worker."""
    with hanging(tmp_path, "python") as process:
        _, said = process.communicate(timeout=60)

    assert process.returncode == EXIT_STATUS
    assert re.match(r"WATCHDOG: the event loop has not turned .* for \d s \(1\)", said)
    assert "in hang_in_python" in said
    (words,) = DurableLines(tmp_path / LAST_WORDS, LastWords).read()
    assert (words.worker_id, words.at_s, words.verdict.rule) == ("worker-0", 5.0, "loop")


def test_c_code_that_keeps_the_lock_is_ended_by_the_second_line(tmp_path: Path) -> None:
    """No thread of Python runs then; faulthandler's timer needs none."""
    with hanging(tmp_path, "c") as process:
        _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "Timeout" in said
    assert "in hang_in_c_with_the_lock" in said


def test_a_slow_loop_is_left_alone(tmp_path: Path) -> None:
    """It turns within its limit, each time late."""
    with hanging(tmp_path, "slow", loop_late_s_max=3.0) as process:
        _, said = process.communicate(timeout=60)

    assert (process.returncode, said) == (0, "")


def test_a_paused_worker_goes_on(tmp_path: Path) -> None:
    """Wall time and the monotonic clock jump beyond the limit; the worker has lived through nothing."""
    with hanging(tmp_path, "paused", loop_late_s_max=2.0) as process:
        process.send_signal(signal.SIGSTOP)
        time.sleep(3.0)
        process.send_signal(signal.SIGCONT)
        _, said = process.communicate(timeout=60)

    assert (process.returncode, said) == (0, "")


def test_a_log_that_nobody_reads_does_not_keep_a_hung_worker_alive(tmp_path: Path) -> None:
    """The loop hangs in writing to its log, and so would the watchdog: then the kernel ends the process."""
    with hanging(tmp_path, "log") as process:
        assert process.wait(60) == -signal.SIGALRM
