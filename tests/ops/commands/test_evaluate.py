"""`headgate evaluate` compares policies on any world, writes what is asked for, and says what is wrong."""

import json
from pathlib import Path

import pytest

from ops.cli import main

WORLD = """
items = 2
periods = 60
history_periods = 28
[demand]
mean_units = { each = [3.0, 5.0] }
[costs]
order = 2.0
[pool]
capacity_units = 12
[forecasts]
source = "known"
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """Return a small world's file."""
    path = tmp_path / "small.toml"
    path.write_text(WORLD)
    return path


def test_every_policy_is_in_the_table_with_its_parts(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Rules and the shipped network on the same worlds: text, JSON and a page that asks nobody for anything."""
    told, page = tmp_path / "told.json", tmp_path / "page.html"
    words = ["--data-dir", str(tmp_path), "evaluate", "--world", str(world), "--seeds", "6"]
    assert main([*words, "--json", str(told), "--html", str(page)]) == 0

    out, rows = capsys.readouterr().out, json.loads(told.read_text())["standings"]
    names = {"base-stock", "capped-base-stock", "constant-order", "learned", "myopic", "reorder-point", "service-level"}
    assert {row["policy"] for row in rows} == names
    assert all(name in out and name in page.read_text() for name in names)
    assert min(row["cost"]["mean"] for row in rows if row["policy"] != "learned") == next(
        row["cost"]["mean"] for row in rows if row["difference"]["low"] == row["difference"]["high"] == 0
    )
    for row in rows:
        assert sum(row["parts"].values()) == pytest.approx(row["cost"]["mean"])
        assert row["cost"]["low"] < row["cost"]["mean"] < row["cost"]["high"]
    assert "world small: 6 pools" in out
    assert "holding" in out
    assert "<svg" in page.read_text()
    assert "http" not in page.read_text()


def test_the_same_call_gives_the_same_figures(world: Path, tmp_path: Path):
    """Common random numbers from fixed seeds."""
    written = []
    for name in ("one.json", "two.json"):
        words = ["evaluate", "--world", str(world), "--seeds", "4", "--policies", "base-stock,myopic"]
        assert main([*words, "--json", str(tmp_path / name)]) == 0
        written.append((tmp_path / name).read_text())

    assert written[0] == written[1]


def test_the_proven_optimum_stands_beside_the_best(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A world that can be solved: nobody is below it by more than chance; one that cannot says what is in the way."""
    solved, unsolved, told = tmp_path / "solved.toml", tmp_path / "unsolved.toml", tmp_path / "told.json"
    solved.write_text('periods = 200\n[ordering]\nlead_time_periods = 1\n[forecasts]\nsource = "known"\n')
    unsolved.write_text("periods = 40\n[demand]\ndrift = 0.1\n")
    words = ["--seeds", "30", "--policies", "base-stock", "--optimum"]
    assert main(["evaluate", "--world", str(solved), *words, "--json", str(told)]) == 0
    result = json.loads(told.read_text())

    assert result["proven"]["cost"] == pytest.approx(5.43822, abs=1e-5)
    assert result["standings"][0]["cost"]["high"] > result["proven"]["cost"]
    assert "No policy can cost less than 5.438" in capsys.readouterr().out
    assert main(["evaluate", "--world", str(unsolved), *words]) == 0
    assert "No optimum is proven for this world: demand drifts." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--policies", "base-stok"], "no policy 'base-stok'; did you mean 'base-stock'?"),
        (["--policies", ","], "--policies is empty"),
        (["--seeds", "1"], "--seeds 1: from 2 to 5000 are possible"),
        (["--world", "nowhere.toml"], "nowhere.toml cannot be read: No such file"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], message: str, capsys: pytest.CaptureFixture[str]):
    """One line, status 1."""
    assert main(["evaluate", *words]) == 1
    assert message in capsys.readouterr().err
