"""A smoke run of each table of stock decisions: it does its work and writes well-formed figures."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.inventory.__main__ import main

FIELDS = {"name", "value", "unit", "must", "goal", "meets_must", "meets_goal"}


def figures_of(table: str, path: Path) -> dict[str, Any]:
    """Run one table quickly and return its rows by name."""
    assert main([table, "--quick", "--json", str(path)]) in {0, 1}
    rows = json.loads(path.read_text())
    assert all(set(row) == FIELDS for row in rows)
    return {row["name"]: row for row in rows}


def test_the_optima_are_the_published_ones(tmp_path: Path):
    """Lead times 1 and 2: each cost within one of the last published digit, each bound tight."""
    rows = figures_of("optimum", tmp_path / "figures.json")

    assert rows["optimum: instances"]["value"] == 16
    assert rows["optimum: worst difference to the published cost, millionths"]["meets_must"]
    assert rows["optimum: widest proven bounds, millionths"]["meets_must"]


def test_what_was_learnt_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Two instances are learnt for a moment; the second run of the table finds both and learns nothing."""
    words = ["zipkin", "--quick", "--keep", str(tmp_path / "kept")]
    assert main(words) == 0
    first = capsys.readouterr().out.splitlines()
    assert main(words) == 0

    assert len(first) > 2
    assert capsys.readouterr().out.splitlines() == first[2:]
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_one_network_serves_its_three_tables(tmp_path: Path):
    """It is trained once, for a moment, and found again by the tables that need it."""
    for table, last in (
        ("one-network", "learning, one core"),
        ("generalisation", "worlds too large to be solved"),
        ("long-lead-times", "largest standard error"),
    ):
        words = [table, "--quick", "--keep", str(tmp_path / "kept"), "--json", str(tmp_path / f"{table}.json")]
        assert main(words) == 0
        assert f"{table}: {last}" in {row["name"] for row in json.loads((tmp_path / f"{table}.json").read_text())}
    assert (tmp_path / "kept" / "network" / "policy.onnx").exists()


def test_a_table_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]):
    """The message lists what is there."""
    with pytest.raises(SystemExit):
        main(["zipkins"])

    assert "'zipkin'" in capsys.readouterr().err


def test_the_plain_world_is_as_fast_as_it_is_right(tmp_path: Path):
    """Speeds of both rules beside their peer, and no difference between the ways to play; speed is not judged here."""
    rows = figures_of("throughput", tmp_path / "figures.json")

    for rule in ("base-stock", "capped base-stock"):
        assert rows[f"throughput: {rule}, million item-periods/s"]["value"] > 0
        assert rows[f"throughput: {rule}, a plain step per period of dynamics.py"]["value"] > 0
        assert rows[f"throughput: {rule}, largest difference of cost between the ways"]["value"] == 0


def test_learners_are_compared_with_rules_and_with_the_optimum(tmp_path: Path):
    """Every algorithm has its row; no policy is better than the optimum."""
    rows = figures_of("learners", tmp_path / "figures.json")

    for name in ("pathwise", "ppo", "sac"):
        assert rows[f"learners: {name}, half of its 95 % interval"]["value"] > 0
    assert rows["learners: cost per order, improvement above the optimum"]["value"] > 0
    assert rows["learners: cost per order, best rule ((s, S)) above the optimum"]["value"] > 0


def test_a_decision_is_timed_part_by_part(tmp_path: Path):
    """The whole, its features and its network, and the guard apart; speed is not judged here."""
    rows = figures_of("decisions", tmp_path / "figures.json")

    assert all(row["value"] > 0 for row in rows.values())
    assert [row["must"] for row in rows.values()] == [50.0, None, None, None, None]
