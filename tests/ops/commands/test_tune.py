"""`headgate tune` and `headgate frontier` on a small world, from the words to the files."""

import json
import sys
from pathlib import Path

import pytest

from ops.cli import main

WORLD = 'periods = 60\nhistory_periods = 28\n[costs]\norder = 20\n[forecasts]\nsource = "known"\n'


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Return a small world's file, in which ordering costs money."""
    path = tmp_path / "lots.toml"
    path.write_text(WORLD)
    return path


def test_tuning_ends_with_the_table_against_the_default(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Parameters, how often they were tried, and what they save on worlds that the search has not seen."""
    pytest.importorskip("optuna", reason="needs the extra `train`")
    told = tmp_path / "told.json"
    words = ["tune", "--world", str(world), "--policy", "reorder-point", "--trials", "9", "--seeds", "10"]
    assert main([*words, "--storage", str(tmp_path / "kept.db"), "--json", str(told)]) == 0
    out = capsys.readouterr().out
    result = json.loads(told.read_text())
    rows = {row["policy"]: row for row in result["standings"]}

    assert "best of 9 trials" in out
    assert "lot_factor" in out
    assert result["found"]["trials"] == 9
    assert rows["reorder-point, default"]["difference"] == {"mean": 0, "low": 0, "high": 0}
    assert rows["reorder-point, tuned"]["version"].startswith("factor=")


@pytest.mark.parametrize(
    ("words", "message"),
    [(["--trials", "0"], "--trials 0: from 1 to 10,000 are possible"), (["--seeds", "0"], "--seeds 0")],
)
def test_limits_are_named(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    """With the value that broke them."""
    assert main(["tune", *words]) == 1
    assert message in capsys.readouterr().err


def test_without_the_extra_it_says_how_to_install_it(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Only tuning needs optuna."""
    monkeypatch.setitem(sys.modules, "optuna", None)

    assert main(["tune", "--world", str(world), "--seeds", "4"]) == 1
    assert "pip install 'headgate[train]'" in capsys.readouterr().err


def test_the_frontier_is_told_drawn_and_written(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Every policy at every service: text with a chart, JSON, and a page with one chart against each service."""
    told, page = tmp_path / "told.json", tmp_path / "page.html"
    words = ["frontier", "--world", str(world), "--seeds", "5", "--policies", "base-stock,service-level"]
    assert main([*words, "--json", str(told), "--html", str(page)]) == 0
    out, points = capsys.readouterr().out, json.loads(told.read_text())

    assert len(points) == 16
    assert any(point["efficient"] for point in points)
    assert "a base-stock, b service-level" in out
    assert page.read_text().count("<svg") == 2
    assert "http" not in page.read_text()
