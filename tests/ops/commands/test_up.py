"""`headgate up` and what it says when it cannot."""

import socket
from pathlib import Path

import pytest

from ops.cli import main


def test_a_taken_port_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit status 1, the port, the option and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["up", "--kafka-port", str(port), "--data-dir", str(tmp_path)]) == 1

    assert f"headgate up: port {port} (--kafka-port) is taken" in capsys.readouterr().err
