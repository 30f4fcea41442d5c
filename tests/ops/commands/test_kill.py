"""`headgate kill` needs nothing but a folder."""

from pathlib import Path

import pytest

from ops.cli import main
from ops.kill_switch import NAME, killed


def test_engage_ask_clear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder need not be there before."""
    folder = tmp_path / "new"

    for words, told in (
        ([], "is not engaged"),
        (["--reason", "price feed is wrong"], "engaged: "),
        ([], "engaged: price feed is wrong"),
        (["--clear"], "cleared"),
        (["--clear"], "was not engaged"),
    ):
        assert main(["kill", *words, "--data-dir", str(folder)]) == 0
        assert told in capsys.readouterr().out
    assert killed(folder) is None


def test_any_file_of_that_name_stops_everything(tmp_path: Path) -> None:
    """Touched by hand, of any content, or a folder: its existence is the order."""
    for make in ("empty", "binary", "folder"):
        path = tmp_path / make / NAME
        path.parent.mkdir()
        if make == "folder":
            path.mkdir()
        else:
            path.write_bytes(b"" if make == "empty" else b"\xff\x00 stop " * 100)

        reason = killed(tmp_path / make)

        assert reason
        assert len(reason) <= 200
