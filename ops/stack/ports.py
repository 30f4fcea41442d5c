"""A wish for a port in, a free loopback port out."""

import os
import socket

from streams.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
PORT_MAX = 65_535


def free_ports(number: int) -> list[int]:
    """Return `number` distinct ports that nobody listens on right now; the caller retries if it loses the race."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


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
