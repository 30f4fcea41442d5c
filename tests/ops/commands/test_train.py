"""`headgate train` says what is missing, and its table can be read."""

import sys

import pytest

from ops.cli import main
from ops.training_shown import report
from policies import trained_files


def test_without_the_extra_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The demo needs no torch; training does, and names the extra."""
    for name in [name for name in sys.modules if name.startswith("simulator.training.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)

    assert main(["train", "inventory", "--steps", "10"]) == 1
    assert "pip install 'headgate[train]'" in capsys.readouterr().err


def test_no_steps_are_refused(capsys: pytest.CaptureFixture[str]):
    """A limit is named with the value that broke it."""
    assert main(["train", "inventory", "--steps", "0"]) == 1
    assert "--steps 0" in capsys.readouterr().err


def test_the_table_names_every_policy_and_the_verdict():
    """One line a policy with its interval, and who is served."""
    manifest = trained_files.load_shipped().manifest
    lines = report(manifest)

    assert len(lines) == 2 + len(manifest.evaluation)
    assert all(row.policy in "\n".join(lines) for row in manifest.evaluation)
    assert ("may become champion" in lines[-1]) == manifest.is_proven
