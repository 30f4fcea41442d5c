"""A wish for a port in, a free loopback port out."""

import os
import socket
from contextlib import ExitStack, suppress
from secrets import SystemRandom

from streams.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
PORT_MAX = 65_535
_LISTENING = range(20_000, 32_768)  # Linux gives outgoing connections 32,768 and up, others 49,152 and up


def free_ports(number: int) -> list[int]:
    """Return `number` distinct ports that nobody listens on right now; the caller retries if it loses the race.

    They lie below those that the system gives outgoing connections: a server that is started again finds its port free.
    """
    ports: list[int] = []
    with ExitStack() as opened:
        for port in SystemRandom().sample(_LISTENING, len(_LISTENING)):
            if len(ports) == number:
                return ports
            with suppress(OSError):
                opened.enter_context(socket.create_server((LOOPBACK, port)))
                ports.append(port)
    raise ConfigurationError(f"no {number} ports from {_LISTENING[0]} to {_LISTENING[-1]} are free; end what uses them")


def require_free(port: int, option: str) -> int:
    """Return `port`; raise ConfigurationError when it is none or taken, naming the `option` that asked for it."""
    if not 1 <= port <= PORT_MAX:
        raise ConfigurationError(f"{option} {port}: a port lies between 1 and {PORT_MAX}")
    try:
        socket.create_server((LOOPBACK, port)).close()
    except OSError as error:
        raise ConfigurationError(
            f"port {port} ({option}) is taken ({os.strerror(error.errno or 0)}); end what uses it, leave {option} "
            "away for any free port, or use the server that is there with --broker and --redis"
        ) from error
    return port


def answers(port: int, timeout_s: float = 0.2) -> bool:
    """Return whether somebody accepts a connection on `port`."""
    try:
        socket.create_connection((LOOPBACK, port), timeout_s).close()
    except OSError:
        return False
    return True
