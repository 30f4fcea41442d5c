"""The simulated faults as people run them: figures of many runs, and one run again from its seed."""

import json
import subprocess
import sys
from pathlib import Path


def told(*words: str) -> str:
    """Run the benchmark and return what it printed; fail when it missed a must."""
    command = [sys.executable, "-m", "benchmarks.faults", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=200).stdout


def test_faults_are_counted_and_nothing_is_lost(tmp_path: Path) -> None:
    """Each process of the pool runs its share, and the musts are in the file."""
    path = tmp_path / "figures.json"
    told("--faults", "2000", "--processes", "1", "--json", str(path))

    rows = {row["name"]: row for row in json.loads(path.read_text())}

    assert rows["simulated faults"]["value"] >= 2000
    assert [row["value"] for row in rows.values() if row["must"] is not None] == [0.0] * 4


def test_a_seed_is_told_step_by_step() -> None:
    """Who looks for a failure reads what each process did, and when."""
    steps = told("--seed", "3")

    assert "w0#1 starts" in steps
    assert "seed 3:" in steps.splitlines()[-1]
