"""Processes that die are started again, within a bound; all of them end together."""

import signal
import time
from pathlib import Path

import pytest

from ops.supervisor import RESTARTS_MAX, Supervisor
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


def test_what_keeps_dying_stays_down_and_its_log_is_shown(tmp_path: Path):
    """A worker without a broker, say: after so many tries a person has to look."""
    settings = read({}, broker="127.0.0.1:1", data_dir=tmp_path / "data")
    with Supervisor(tmp_path / "logs", lambda _: None) as supervisor:
        supervisor.start("topics", ["topics", "no-such-action"], settings)

        for _ in range(RESTARTS_MAX):
            assert supervisor.children()["topics"].wait(30)
            supervisor.check()
        assert supervisor.children()["topics"].wait(30)

        with pytest.raises(UnavailableError, match=rf"(?s)restarted {RESTARTS_MAX} times.*invalid choice"):
            supervisor.check()
