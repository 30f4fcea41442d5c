"""Names and `headgate` words in, running processes out: logged, started again when they end, ended together."""

import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from ops.child import Child
from streams.errors import UnavailableError
from streams.settings import Settings
from streams.watchdog import EXIT_STATUS

QUICK_S = 15.0  # a process that ends sooner after its start has died quickly; a worker is at work after five
AT_ONCE = 3  # quick deaths in a row after which a process is still started again at once: three attempts at poison
DELAY_S_MAX = 30.0
LOUD_AFTER = 5  # quick deaths in a row from which on the end of the log is told each time
STOP_S_MAX = 10.0


@dataclass(slots=True)
class _Role:
    """One process that is to run, and how it fared."""

    words: Sequence[str]
    environment: dict[str, str]
    tries_max: int | None
    child: Child
    started_at_s: float  # monotonic, as all times here
    due_at_s: float | None = None  # when it is started again; None: it runs, or its end was not yet noticed
    quick_deaths: int = 0  # in a row
    quick_failures: int = 0  # in a row, by an error of its own: neither killed nor ended by its watchdog


class Supervisor:
    """Runs `headgate COMMAND` processes, each with its own settings and its own log `NAME.log`.

    Somebody has to call `check` now and then; it is what notices the dead.
    """

    def __init__(
        self,
        logs: Path,
        progress: Callable[[str], None] = print,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._logs = logs
        self._progress = progress
        self._monotonic_s = monotonic_s
        self._roles: dict[str, _Role] = {}

    def __enter__(self) -> Self:
        """Return itself; nothing runs yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop everything."""
        self.stop()

    def start(self, name: str, words: Sequence[str], settings: Settings, *, tries_max: int | None = None) -> Child:
        """Run `headgate WORDS` under `settings`, and return its process.

        It is started again for ever, also through an outage of days, unless `tries_max` says after how many quick
        failures in a row a person has to look.
        """
        assert name not in self._roles, f"{name} runs already"
        environment = settings.environment() | {"PYTHONUNBUFFERED": "1"}
        child = self._spawn(name, words, environment)
        self._roles[name] = _Role(words, environment, tries_max, child, self._monotonic_s())
        return child

    def _spawn(self, name: str, words: Sequence[str], environment: dict[str, str]) -> Child:
        command = [sys.executable, "-m", "ops.cli", *words]
        return Child(name, command, self._logs / f"{name}.log", environment)

    def children(self) -> dict[str, Child]:
        """Return the newest process of each name; one that has ended is started again when it is due."""
        return {name: role.child for name, role in self._roles.items()}

    def check(self) -> None:
        """Start again what has ended and is due; raise UnavailableError when one has used up its tries. Never waits."""
        now_s = self._monotonic_s()
        for name, role in self._roles.items():
            if role.due_at_s is None and role.child.exit_status is not None:
                self._bury(name, role, now_s)
            if role.due_at_s is not None and now_s >= role.due_at_s:
                role.child = self._spawn(name, role.words, role.environment)
                role.started_at_s, role.due_at_s = now_s, None

    def _bury(self, name: str, role: _Role, now_s: float) -> None:
        status = role.child.exit_status
        role.child.stop()
        quick = now_s - role.started_at_s < QUICK_S
        own = status is not None and status >= 0 and status != EXIT_STATUS
        role.quick_deaths = role.quick_deaths + 1 if quick else 0
        role.quick_failures = role.quick_failures + 1 if quick and own else 0
        delay_s = restart_delay_s(role.quick_deaths)
        role.due_at_s = now_s + delay_s
        ended = f"{name} ended ({how_it_ended(status)})"
        tail = f"its log {role.child.log} ends:\n{role.child.log_tail()}"
        if role.tries_max is not None and role.quick_failures >= role.tries_max:
            raise UnavailableError(f"{ended}, {role.quick_failures} times in a row, so it stays down; {tail}")
        again = f"starting it again in {delay_s:.0f} s" if delay_s else "starting it again"
        if role.quick_deaths >= LOUD_AFTER:
            self._progress(f"{ended}, {role.quick_deaths} times in a row; {again}; {tail}")
        else:
            self._progress(f"{ended}; {again}, see {role.child.log}")

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


def restart_delay_s(quick_deaths: int) -> float:
    """Return how long to wait after so many quick deaths in a row.

    >>> [restart_delay_s(number) for number in (0, 1, 3, 4, 5, 6, 7, 8, 9, 1000)]
    [0.0, 0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    """
    doublings = min(quick_deaths - AT_ONCE - 1, 10)
    return min(2.0**doublings, DELAY_S_MAX) if doublings >= 0 else 0.0


def how_it_ended(exit_status: int | None) -> str:
    """Return an exit status in words.

    >>> how_it_ended(1), how_it_ended(-9)
    ('exit status 1', 'killed by SIGKILL')
    """
    if exit_status == EXIT_STATUS:
        return "its watchdog found it hung; look for WATCHDOG in its log"
    if exit_status is not None and exit_status < 0:
        return f"killed by {signal.Signals(-exit_status).name}"
    return f"exit status {exit_status}"


def interrupt_on_terminate() -> None:
    """Let SIGTERM and SIGHUP end this process as Ctrl-C does, so that what it started is ended in order."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
