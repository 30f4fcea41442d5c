"""Format, lint, types and layers, as tests: one command tells whether the house is in order."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUARDS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
    "layers": ["-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
}


@pytest.mark.timeout(600)  # in a fresh clone mypy reads torch's types too, beside other tests
@pytest.mark.parametrize("name", GUARDS)
def test_guard(name: str):
    """The tool's own words are the failure's text."""
    done = subprocess.run(
        [sys.executable, *GUARDS[name]], cwd=ROOT, capture_output=True, text=True, timeout=580, check=False
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
