"""Processes that die are started again, at once at first and then less and less often; all of them end together."""

import signal
import time
from pathlib import Path

import pytest

from ops.supervisor import AT_ONCE, DELAY_S_MAX, LOUD_AFTER, QUICK_S, Supervisor
from streams.errors import UnavailableError
from streams.settings import read


def test_a_killed_process_is_started_again_with_its_settings(tmp_path: Path):
    """`headgate up` is killed and comes back; at the end nothing of it runs."""
    said: list[str] = []
    settings = read({}, data_dir=tmp_path / "data")
    with Supervisor(tmp_path / "logs", said.append) as supervisor:
        first = supervisor.start("stack", ["up"], settings)
        first.signal(signal.SIGKILL)
        assert first.wait(30)

        supervisor.check()

        second = supervisor.children()["stack"]
        assert second.pid != first.pid
        while "Ctrl-C ends all of it" not in second.log.read_text():
            assert second.exit_status is None, second.log_tail()
            time.sleep(0.1)
        supervisor.check()
        assert supervisor.children()["stack"] is second
    assert second.exit_status == 130  # it was told, and ended in order
    assert said == [f"stack ended (killed by SIGKILL); starting it again, see {tmp_path / 'logs' / 'stack.log'}"]


class Supervised:
    """A process that ends at once, whatever is tried, and a clock that moves when told."""

    def __init__(self, folder: Path, words: tuple[str, ...], tries_max: int | None = None) -> None:
        self.now_s = 0.0
        self.said: list[str] = []
        self.supervisor = Supervisor(folder / "logs", self.said.append, lambda: self.now_s)
        settings = read({}, broker="127.0.0.1:1", data_dir=folder / "data")
        self.supervisor.start("it", words, settings, tries_max=tries_max)

    def die(self, after_s: float = 0.0) -> None:
        """Let it end, and have that noticed `after_s` after its start."""
        child = self.supervisor.children()["it"]
        if after_s:
            child.signal(signal.SIGKILL)
        assert child.wait(60)
        self.now_s += after_s
        self.supervisor.check()

    def waited_s(self) -> int:
        """Return the seconds until it is started again."""
        dead, waited_s = self.supervisor.children()["it"], 0
        while self.supervisor.children()["it"] is dead:
            self.now_s += 1.0
            waited_s += 1
            assert waited_s <= DELAY_S_MAX
            self.supervisor.check()
        return waited_s


WRONG = ("topics", "no-such-action")


def test_what_keeps_dying_is_started_less_and_less_often_and_for_ever(tmp_path: Path):
    """A worker in a long outage: three times at once, then after longer and longer waits, its log told each time."""
    it = Supervised(tmp_path, WRONG)
    with it.supervisor:
        for _ in range(AT_ONCE):
            dead = it.supervisor.children()["it"]
            it.die()
            assert it.supervisor.children()["it"] is not dead
        waits_s = []
        for _ in range(3):
            it.die()
            waits_s.append(it.waited_s())

    assert waits_s == [1, 2, 4]
    assert ["invalid choice" in line for line in it.said] == [number >= LOUD_AFTER for number in range(1, 7)]
    assert ", 6 times in a row; starting it again in 4 s" in it.said[-1]


def test_one_that_had_worked_is_started_again_at_once(tmp_path: Path):
    """Many kills in a day are no row of quick deaths."""
    it = Supervised(tmp_path, ("up", "--folder", str(tmp_path / "stack")))
    with it.supervisor:
        for _ in range(AT_ONCE + 2):
            dead = it.supervisor.children()["it"]
            it.die(after_s=QUICK_S)
            assert it.supervisor.children()["it"] is not dead


def test_what_may_not_try_for_ever_stays_down_and_its_log_is_shown(tmp_path: Path):
    """A demo whose worker cannot run ends, and says why; kills are not the worker's own failures."""
    it = Supervised(tmp_path, WRONG, tries_max=2)
    with it.supervisor:
        it.supervisor.children()["it"].signal(signal.SIGKILL)
        it.die()
        it.die()
        with pytest.raises(UnavailableError, match=r"(?s)2 times in a row, so it stays down.*invalid choice"):
            it.die()
