"""A running process in; from the outside, its processor seconds, its memory, and when it first fetched records, out."""

import socket
import struct
import sys
from dataclasses import dataclass

import psutil

_SOCK_DIAG_BY_FAMILY, _DUMP, _DONE = 20, 0x301, 3
_ESTABLISHED = 1 << 1
_INFO = 2  # the attribute that carries tcp_info
_HEADER, _MESSAGE, _RECEIVED_AT = 16, 72, 128  # bytes: netlink's header, inet_diag_msg, tcpi_bytes_received


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its children have used so far."""

    cpu_s: float
    rss_bytes: int

    def since(self, before: "Usage") -> float:
        """Return the processor seconds used since `before`."""
        return self.cpu_s - before.cpu_s


def usage(pid: int) -> Usage:
    """Return what the process `pid` and its living children have used."""
    cpu_s, rss_bytes = 0.0, 0
    for one in family(pid):
        try:
            times, memory = one.cpu_times(), one.memory_info()
        except psutil.Error:
            continue  # it has just ended
        cpu_s += times.user + times.system + times.children_user + times.children_system
        rss_bytes += memory.rss
    return Usage(cpu_s, rss_bytes)


def family(pid: int) -> list[psutil.Process]:
    """Return the process and its children."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []


def peak_rss_bytes(pid: int) -> int:
    """Return the most memory the process itself ever held; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:  # noqa: PTH123  a file of the kernel
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def received_bytes(port: int) -> dict[int, int]:
    """Return the bytes received by each local connection to `port`, by its own port, as the kernel counts them.

    This tells when records begin to arrive in a process that knows nothing of being watched.
    """
    if not sys.platform.startswith("linux"):
        raise RuntimeError("the first fetch is seen through Linux's inet_diag; run this benchmark on Linux")
    return {own: received for own, other, received in _connections() if other == port}


def _connections() -> list[tuple[int, int, int]]:
    request = struct.pack("=BBBxI", socket.AF_INET, socket.IPPROTO_TCP, 1 << (_INFO - 1), _ESTABLISHED)
    request += bytes(40) + b"\xff" * 8  # any addresses, any cookie
    found: list[tuple[int, int, int]] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4) as kernel:
        kernel.send(struct.pack("=IHHII", _HEADER + len(request), _SOCK_DIAG_BY_FAMILY, _DUMP, 1, 0) + request)
        while True:
            data, place = kernel.recv(1 << 16), 0
            while place + _HEADER <= len(data):
                length, kind = struct.unpack_from("=IH", data, place)
                if kind == _DONE or kind != _SOCK_DIAG_BY_FAMILY:
                    return found
                found.append(_connection(data[place : place + length]))
                place += (length + 3) & ~3


def _connection(message: bytes) -> tuple[int, int, int]:
    """Return (own port, other port, bytes received) of one inet_diag message."""
    own, other = struct.unpack_from("!HH", message, _HEADER + 4)
    place = _HEADER + _MESSAGE
    while place + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, place)
        if kind == _INFO and length >= 4 + _RECEIVED_AT + 8:
            return own, other, int(struct.unpack_from("=Q", message, place + 4 + _RECEIVED_AT)[0])
        place += max((length + 3) & ~3, 4)
    return own, other, 0


def fetched_bytes_min(events: int) -> int:
    """Return what arrives on one connection to the broker only once the main part's `events` are fetched.

    The catalog of a small log is some 20 kB, that of a large one with 200 pools 240 kB; its first fetch is 16 MB.
    """
    return 1_000_000 if events >= 200_000 else 100_000
