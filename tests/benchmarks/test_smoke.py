"""A smoke run of each benchmark: it does its work and writes well-formed figures. What is fast is not judged here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FIELDS = {"name", "value", "unit", "must", "goal", "meets_must", "meets_goal"}


def figures_of(name: str, path: Path) -> dict[str, Any]:
    """Run one benchmark quickly and return its rows by name."""
    words = [sys.executable, "-m", f"benchmarks.{name}", "--quick", "--json", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode in (0, 1), done.stderr  # 1: a figure missed its must, perhaps because the machine is busy
    assert path.exists(), done.stderr  # it gave up before it could measure
    rows = json.loads(path.read_text())
    assert rows
    assert all(set(row) == FIELDS for row in rows)
    return {row["name"]: row for row in rows}


@pytest.mark.timeout(300)
def test_the_models_are_measured(tmp_path: Path) -> None:
    """Every family is scored beside seasonal naive in the same run."""
    rows = figures_of("models", tmp_path / "figures.json")

    assert any("river-linear" in name for name in rows)
    assert any("seasonal-naive" in name for name in rows)


@pytest.mark.timeout(300)
def test_forecasts_are_compared_with_lightgbm(tmp_path: Path) -> None:
    """On shops that never were: ratios to a LightGBM that was tuned, coverage, trouble, and no bound broken."""
    rows = figures_of("forecast", tmp_path / "figures.json")

    assert rows["generated: MAE +1 / LightGBM"]["value"] > 0
    assert rows["generated: worst coverage of 80 % bands, least"]["value"] > 50
    assert rows["generated: forecasts outside their bounds or not finite"]["value"] == 0


@pytest.mark.timeout(300)
def test_the_demo_acts_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """From an empty folder to actions of several days, and after Ctrl-C no process and no port is left."""
    rows = figures_of("demo", tmp_path / "figures.json")

    assert rows["days of the shop lived in a minute, from the first action"]["value"] > 0
    assert rows["processes left behind"]["value"] == 0
    assert rows["ports left behind"]["value"] == 0
    assert rows["memory of the whole demo"]["meets_must"]
    assert rows["memory of the worker"]["meets_must"]


@pytest.mark.timeout(300)
def test_faults_lose_and_double_nothing(tmp_path: Path) -> None:
    """A short chaos run on real servers: a worker killed, garbage, Redis emptied."""
    rows = figures_of("chaos", tmp_path / "figures.json")

    assert rows["all: faults"]["value"] >= 3
    assert rows["all: lost, applied twice, mismatches"]["value"] == 0


@pytest.mark.timeout(300)
def test_snapshots_are_taken_of_shards_that_move(tmp_path: Path) -> None:
    """The real ingest path seals all shards of a worker."""
    rows = figures_of("snapshots", tmp_path / "figures.json")

    assert rows["2,000 series of a worker: oldest snapshot"]["value"] > 0
    assert rows["2,000 series of a worker: snapshot"]["value"] > 1
