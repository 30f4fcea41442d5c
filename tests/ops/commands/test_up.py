"""`headgate up` and what it says when it cannot."""

import socket
from pathlib import Path

import pytest

from ops.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kafka-port", "70000"], "--kafka-port 70000: a port lies between"),
        (["--workers", "-1"], "--workers -1: 0 to"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
):
    """The option, what was given and what it takes."""
    assert main(["up", "--data-dir", str(tmp_path), *words]) == 1

    assert said in capsys.readouterr().err


def test_a_taken_port_is_one_clear_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit status 1, the port, the option and what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["up", "--kafka-port", str(port), "--data-dir", str(tmp_path)]) == 1

    assert f"headgate up: port {port} (--kafka-port) is taken" in capsys.readouterr().err
