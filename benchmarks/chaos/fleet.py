"""Worker names in, real `headgate worker` processes out, each started again as soon as it has ended."""

import resource
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from ops.child import Child
from streams.settings import Settings

LOOK_S = 0.05
PAUSE_S = 0.5  # before a worker that ended by itself is started again, as a supervisor would


class Fleet:
    """The workers of one consumer group. A thread starts again what has ended."""

    def __init__(self, settings: Settings, logs: Path, module: str = "ops.cli") -> None:
        self._settings = settings
        self._logs = logs
        self._module = module
        self._children: dict[str, Child] = {}
        self._wanted: set[str] = set()
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._file_bytes_max: int | None = None
        self.restarts = 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all."""
        self.stop()

    def start(self, name: str) -> None:
        """Run a worker, and keep it running."""
        with self._lock:
            self._wanted.add(name)
            self._spawn(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a worker a signal."""
        with self._lock:
            self._children[name].signal(number)

    def kill(self, name: str, *, again: bool = True) -> None:
        """Kill a worker; with `again` another takes its place at once."""
        with self._lock:
            child = self._children.pop(name)
            child.signal(signal.SIGKILL)
            child.stop(0.0)
            self._wanted.discard(name)
            if again:
                self.start(name)

    def leave(self, name: str) -> None:
        """Ask a worker to end in good order, and wait until it has."""
        with self._lock:
            self._wanted.discard(name)
            child = self._children.pop(name)
        child.stop(15.0)

    def limit_files(self, bytes_max: int | None) -> None:
        """Let no file of any worker grow past `bytes_max`, as on a full disk; None: no limit."""
        with self._lock:
            self._file_bytes_max = bytes_max
            for child in self._children.values():
                self._limit(child)

    def names(self) -> list[str]:
        """Return who is wanted."""
        return sorted(self._wanted)

    def stop(self) -> None:
        """End all."""
        self._ended.set()
        self._thread.join()
        for child in self._children.values():
            child.signal(signal.SIGTERM)
        for child in self._children.values():
            child.stop(10.0)

    def _spawn(self, name: str) -> None:
        settings = replace(self._settings, worker_id=name)
        environment = settings.environment() | {"PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", self._module, "worker"]
        self._children[name] = Child(name, command, self._logs / f"{name}.log", environment)
        self._limit(self._children[name])

    def _limit(self, child: Child) -> None:
        bound = resource.RLIM_INFINITY if self._file_bytes_max is None else self._file_bytes_max
        try:
            resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (bound, resource.RLIM_INFINITY))
        except ProcessLookupError:
            return  # it has just ended; the one after it is limited when it starts

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_S):
            with self._lock:
                ended = [name for name in self._wanted if self._children[name].exit_status is not None]
            for name in ended:
                time.sleep(PAUSE_S)
                with self._lock:
                    if name in self._wanted and self._children[name].exit_status is not None:
                        self._children[name].stop(0.0)
                        self.restarts += 1
                        self._spawn(name)
