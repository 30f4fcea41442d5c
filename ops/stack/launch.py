"""A server's command in, a server that answers out; tried again with other ports when it lost the race for one."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from ops.child import Child
from ops.stack.jars import INSTEAD
from ops.stack.ports import answers
from streams.errors import ConfigurationError, UnavailableError

ATTEMPTS_MAX = 4
POLL_S = 0.02
DISK_BYTES_MIN = 300_000_000

Started = TypeVar("Started")


class PortRaceError(Exception):
    """Try again with another port: somebody took it between our look and the server's start."""


def with_retry(start: Callable[[], Started]) -> Started:
    """Return what `start` returns; call it again when it lost a port."""
    for _ in range(ATTEMPTS_MAX - 1):
        try:
            return start()
        except PortRaceError:
            continue
    return start()


def wait_for(child: Child, port: int, timeout_s: float, ready: Callable[[int], bool] | None = None) -> None:
    """Return when `child` is `ready` (default: listens) on `port`; raise with the end of its log when it dies first."""
    deadline_s = time.monotonic() + timeout_s
    while not ((ready or answers)(port) and listens(child.pid, port)):
        if child.exit_status is not None:
            raise _death(child, port)
        if time.monotonic() > deadline_s:
            child.stop()
            raise UnavailableError(
                f"{child.name} does not answer on port {port} after {timeout_s:.0f} s; its log {child.log} ends:\n"
                f"{child.log_tail()}"
            )
        time.sleep(POLL_S)


def listens(pid: int, port: int) -> bool:
    """Return whether it is this process that listens on `port`: else it is whoever took the port."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:  # it has ended
        return False
    return any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in connections)


def _death(child: Child, port: int) -> Exception:
    child.stop()
    tail = child.log_tail()
    if "Address already in use" in tail:
        return PortRaceError(f"{child.name} lost port {port}")
    if "No space left on device" in tail:
        return ConfigurationError(f"{child.name} found the disk full; free some space, {INSTEAD}")
    return UnavailableError(
        f"{child.name} ended at once (exit status {child.exit_status}); its log {child.log} ends:\n{tail}\n"
        f"Mend that, {INSTEAD}"
    )


def require_room(folder: Path, memory_bytes_min: int) -> None:
    """Raise ConfigurationError when memory or disk is too short for a server to live."""
    free_bytes = memory_available_bytes()
    if free_bytes < memory_bytes_min:
        raise ConfigurationError(
            f"{free_bytes / 1e6:.0f} MB of memory are available, the embedded servers need "
            f"{memory_bytes_min / 1e6:.0f} MB; end something, {INSTEAD}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < DISK_BYTES_MIN:
        raise ConfigurationError(
            f"{free_bytes / 1e6:.0f} MB of disk are free under {folder}, the embedded servers need "
            f"{DISK_BYTES_MIN / 1e6:.0f} MB; free some, name another folder with --data-dir, {INSTEAD}"
        )


def memory_available_bytes() -> int:
    """Return what new processes may use: the machine's available memory, or less where a container is limited."""
    available = int(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")  # Linux control groups, version 2
    try:
        limit = int((group / "memory.max").read_text())  # "max" where there is no limit
        used = int((group / "memory.current").read_text())
    except (OSError, ValueError):
        return available
    return min(available, limit - used)
