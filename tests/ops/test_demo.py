"""The end of a demo: nothing that it waits for can hold it up."""

import subprocess
import sys

import pytest

from ops import demo

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def test_a_report_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told first, and given a moment."""
    monkeypatch.setattr(demo, "REPORT_END_S_MAX", 0.1)
    with subprocess.Popen([sys.executable, "-c", DEAF], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"deaf\n"

        demo.end(process)

        assert process.returncode == -9
