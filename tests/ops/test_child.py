"""A child process: ended when told to, with all it has started, however deaf it is."""

import sys
import time
from pathlib import Path

import psutil

from ops.child import Child

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
PARENT = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); input()"


def wait_for(log: Path, text: str) -> None:
    """Return when `log` has `text`."""
    while not (log.exists() and text in log.read_text()):
        time.sleep(0.02)


def test_a_deaf_child_is_killed_after_its_grace(tmp_path: Path):
    """SIGTERM does nothing here; SIGKILL does."""
    child = Child("deaf", [sys.executable, "-c", DEAF], tmp_path / "deaf.log")
    wait_for(child.log, "deaf")

    child.stop(grace_s=0.2)

    assert child.exit_status == -9
    assert not psutil.pid_exists(child.pid)


def test_what_a_child_has_started_ends_with_it(tmp_path: Path):
    """The child reads the end of its input, ends, and leaves a process behind; stopping it clears that up."""
    child = Child("parent", [sys.executable, "-c", PARENT], tmp_path / "parent.log")
    while len(started := psutil.Process(child.pid).children(recursive=True)) < 2 and child.exit_status is None:
        time.sleep(0.005)
    assert child.wait(30)

    child.stop()

    _gone, alive = psutil.wait_procs(started, timeout=30)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def test_a_program_that_is_not_there_says_so_in_the_log(tmp_path: Path):
    """Exit status 127, as a shell would."""
    child = Child("absent", ["/nowhere/at-all"], tmp_path / "absent.log", {"A": "1"})

    assert child.wait(30)
    child.stop()

    assert child.exit_status == 127
    assert "cannot run /nowhere/at-all" in child.log_tail()


def test_only_the_end_of_a_long_log_is_shown(tmp_path: Path):
    """A message stays readable."""
    words = [sys.executable, "-c", "print('\\n'.join(f'line {n}' for n in range(5000)))"]
    child = Child("talker", words, tmp_path / "talker.log")
    assert child.wait(30)
    child.stop()

    assert child.log_tail(3) == "line 4997\nline 4998\nline 4999"
