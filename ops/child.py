"""A command in, a running child process out, that ends when told to, and with this process in any case."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops import lifeline

TAIL_LINES = 15


class Child:
    """One process of ours: in its own process group, so that a terminal's Ctrl-C reaches only the one who stops it.

    What it prints is appended to `log`. It is killed when this process dies, even by SIGKILL (see `ops.lifeline`).
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        read_end, self._lifeline = os.pipe()
        shim = [sys.executable, "-I", "-S", lifeline.__file__, str(read_end)]
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    [*shim, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **(environment or {})},
                    pass_fds=(read_end,),
                    process_group=0,
                )
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(read_end)

    @property
    def pid(self) -> int:
        """Return the process id, which is its process group too."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """Return None while it runs, else its exit status; a negative one is the signal that ended it."""
        return self._process.poll()

    def wait(self, timeout_s: float) -> bool:
        """Return whether it ended within `timeout_s`."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens once it has ended."""
        self._process.send_signal(number)

    def stop(self, grace_s: float = 10.0) -> None:
        """Ask it to end, kill it after `grace_s`, and reap it with all that it has started."""
        try:
            self.signal(signal.SIGTERM)
            self.wait(grace_s)
        finally:  # also when a second Ctrl-C cuts the grace short
            self._process.kill()
            self._process.wait()
            self._release()

    def _release(self) -> None:
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def log_tail(self, lines: int = TAIL_LINES) -> str:
        """Return the last lines of its log."""
        size_max = 200 * lines
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - size_max))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
