"""Settings in, a running console out: threads that read Kafka and Redis, and the web server, until told to stop."""

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address

import uvicorn

from ops.console.app import build_app
from ops.console.doors import names_of
from ops.console.follow import KafkaFollower
from ops.console.poll import RedisPoller
from ops.console.state import Picture
from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings

PORTS_TRIED = 50
START_S_MAX = 10.0
STOP_S_MAX = 5.0


@dataclass(frozen=True, slots=True)
class Running:
    """A console that is being served."""

    picture: Picture
    address: str  # as a browser takes it
    note: str  # why the port is not the one asked for; empty when it is


@contextmanager
def running(settings: Settings, wall_s: Callable[[], float]) -> Iterator[Running]:
    """Serve the console and follow the stream; stop both at the end. Raises ConfigurationError, UnavailableError.

    `wall_s` reads the wall clock: `time.time` everywhere but in tests.
    """
    listener, note = listen(settings.console_host, settings.console_port)
    picture, stop = Picture(), threading.Event()
    followers = [KafkaFollower(settings, picture, stop, wall_s), RedisPoller(settings, picture, stop, wall_s)]
    app = build_app(picture, names_of(settings), stop, wall_s)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="console-http", daemon=True)
    try:
        for worker in (thread, *followers):
            worker.start()
        _wait_until_started(server, thread)
        yield Running(picture, address_of(listener), note)
    finally:
        stop.set()
        server.should_exit = True
        for worker in (thread, *followers):
            if worker.ident is not None:
                worker.join(STOP_S_MAX)
        listener.close()


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(int(START_S_MAX / 0.02)):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.02)
    raise UnavailableError("the console's web server did not start; see the messages above")


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """Return a bound socket and a note: on `port`, or on the next free one when it is taken; 0 takes any."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ConfigurationError(f"console host {host!r}: {error.strerror or error}; use e.g. 127.0.0.1") from error
    tried = range(port, min(port + PORTS_TRIED, 65_536)) if port else (0,)
    for candidate in tried:
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address[0], candidate))
        except OSError as error:
            listener.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                continue
            raise ConfigurationError(f"console host {host!r} cannot be bound: {error.strerror}") from error
        return listener, "" if candidate == port or not port else f"port {port} is taken, so it is {candidate}"
    raise ConfigurationError(f"no free port from {port} to {port + PORTS_TRIED - 1}; name another with --port")


def address_of(listener: socket.socket) -> str:
    """Return the address that a browser on this machine takes."""
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:  # it listens on every address; loopback is one of them
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
