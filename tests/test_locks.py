"""The lock files hold what pyproject.toml asks for, with hashes, and name no server."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
ASKED = {"run": PROJECT["dependencies"], "dev": PROJECT["dependencies"] + EXTRAS["train"] + EXTRAS["dev"]}


def locked(name: str) -> dict[str, list[str]]:
    """Return the versions that a lock file has of each package; some differ by Python version."""
    versions: dict[str, list[str]] = {}
    for package, version in re.findall(r"^([\w.-]+)==([\w.]+)", text(name), re.MULTILINE):
        versions.setdefault(canonicalize_name(package), []).append(version)
    return versions


def text(name: str) -> str:
    """Return a lock file's text."""
    return (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ASKED)
def test_everything_that_is_asked_for_is_locked(name: str):
    """Run requirements/lock after a change of pyproject.toml."""
    versions = locked(name)
    asked = [Requirement(line) for line in ASKED[name]]

    assert {one.name for one in asked if canonicalize_name(one.name) not in versions} == set()
    for one in asked:
        assert all(one.specifier.contains(version) for version in versions[canonicalize_name(one.name)]), one


@pytest.mark.parametrize("name", ASKED)
def test_files_are_pinned_by_hash_and_not_by_place(name: str):
    """Any registry that serves the same files will do."""
    assert "://" not in text(name)
    assert text(name).count("--hash=sha256:") >= sum(map(len, locked(name).values()))


def test_what_runs_is_what_was_tested():
    """The tests run on the versions that the demo runs on."""
    run, dev = locked("run"), locked("dev")

    assert {name: versions for name, versions in run.items() if dev.get(name) != versions} == {}
    assert "torch" not in run
