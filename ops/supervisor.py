"""Names and `headgate` words in, running processes out: logged, restarted within a bound, ended together."""

import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from ops.child import Child
from streams.errors import UnavailableError
from streams.settings import Settings

RESTARTS_MAX = 5
WITHIN_S = 60.0
STOP_S_MAX = 10.0


@dataclass(slots=True)
class _Role:
    """One process that is to run, and when it was restarted."""

    words: Sequence[str]
    environment: dict[str, str]
    child: Child
    restarted_at_s: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS_MAX))  # monotonic


class Supervisor:
    """Runs `headgate COMMAND` processes, each with its own settings and its own log `NAME.log`.

    Somebody has to call `check` now and then; it is what notices the dead.
    """

    def __init__(self, logs: Path, progress: Callable[[str], None] = print) -> None:
        self._logs = logs
        self._progress = progress
        self._roles: dict[str, _Role] = {}

    def __enter__(self) -> Self:
        """Return itself; nothing runs yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.stop()

    def start(self, name: str, words: Sequence[str], settings: Settings) -> Child:
        """Run `headgate WORDS` under `settings`, and return its process."""
        assert name not in self._roles, f"{name} runs already"
        environment = settings.environment() | {"PYTHONUNBUFFERED": "1"}
        self._roles[name] = _Role(words, environment, self._spawn(name, words, environment))
        return self._roles[name].child

    def _spawn(self, name: str, words: Sequence[str], environment: dict[str, str]) -> Child:
        command = [sys.executable, "-m", "ops.cli", *words]
        return Child(name, command, self._logs / f"{name}.log", environment)

    def children(self) -> dict[str, Child]:
        """Return the process of each name."""
        return {name: role.child for name, role in self._roles.items()}

    def check(self) -> None:
        """Restart whatever has ended; raise UnavailableError when one keeps ending."""
        for name, role in self._roles.items():
            if role.child.exit_status is not None:
                self._restart(name, role)

    def _restart(self, name: str, role: _Role) -> None:
        ended = f"{name} ended ({how_it_ended(role.child.exit_status)})"
        role.child.stop()
        now_s = time.monotonic()
        restarts = role.restarted_at_s
        if len(restarts) == RESTARTS_MAX and now_s - restarts[0] < WITHIN_S:
            raise UnavailableError(
                f"{ended} and was restarted {RESTARTS_MAX} times within {WITHIN_S:.0f} s, so it stays down; its log "
                f"{role.child.log} ends:\n{role.child.log_tail()}"
            )
        restarts.append(now_s)
        self._progress(f"{ended}; starting it again, see {role.child.log}")
        role.child = self._spawn(name, role.words, role.environment)

    def stop_one(self, name: str) -> None:
        """End one process and forget it."""
        self._roles.pop(name).child.stop(STOP_S_MAX)

    def stop(self) -> None:
        """End all, the last started first: all are told at once, then each is waited for."""
        last_first = [self._roles.pop(name).child for name in reversed(list(self._roles))]
        for child in last_first:
            child.signal(signal.SIGTERM)
        for child in last_first:
            child.stop(STOP_S_MAX)


def how_it_ended(exit_status: int | None) -> str:
    """Return an exit status in words.

    >>> how_it_ended(1), how_it_ended(-9)
    ('exit status 1', 'killed by SIGKILL')
    """
    if exit_status is not None and exit_status < 0:
        return f"killed by {signal.Signals(-exit_status).name}"
    return f"exit status {exit_status}"


def interrupt_on_terminate() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, so that what it started is ended in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
