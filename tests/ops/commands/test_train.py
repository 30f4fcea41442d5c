"""`headgate train` says what is missing, and its table can be read."""

import sys
from pathlib import Path

import pytest

from ops.cli import main
from ops.training_shown import Bar, report
from policies import trained_files
from simulator.training.watch import Progress


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


def test_nothing_to_resume_from_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Without a checkpoint --resume would silently begin anew."""
    assert main(["train", "inventory", "--resume", "--data-dir", str(tmp_path)]) == 1
    assert "there is no checkpoint" in capsys.readouterr().err


def test_a_world_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """The file and its key are named."""
    (tmp_path / "world.toml").write_text("items = 0\n")
    words = ["train", "inventory", "--world", str(tmp_path / "world.toml"), "--data-dir", str(tmp_path)]

    assert main(words) == 1
    assert "items" in capsys.readouterr().err


def test_an_evaluation_is_told_in_a_line(capsys: pytest.CaptureFixture[str]):
    """Where there is no terminal each evaluation is a line; nothing when quiet."""
    evaluated = Progress(done_ratio=0.5, steps=2000, cost_ratio=0.97, best_cost_ratio=0.95)
    for quiet in (False, True):
        with Bar(quiet=quiet) as bar:
            bar.tell("tuning")
            bar.progress(evaluated)

    told = capsys.readouterr().out.splitlines()
    assert told[0] == "tuning"
    assert "-3.00%" in told[1]
    assert len(told) == 2
