"""What learning goes on from is sealed, and nothing else is read."""

from pathlib import Path

import numpy as np
import pytest

from policies.errors import PolicyFileError
from simulator.training.checkpoints import SEAL_BYTES, Checkpoint, load, save

KEY = b"k" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Save a checkpoint and return where."""
    path = tmp_path / "folder" / "one.checkpoint"
    save(path, Checkpoint({"steps": 7, "rules": [0.5]}, {"policy/a.weight": np.arange(6.0).reshape(2, 3)}), KEY)
    return path


def test_what_was_saved_is_loaded(path: Path):
    """Facts and arrays come back as they were, found by their prefix."""
    found = load(path, KEY)

    assert found.facts == {"steps": 7, "rules": [0.5]}
    np.testing.assert_array_equal(found.within("policy")["a.weight"], np.arange(6.0).reshape(2, 3))
    assert [one.name for one in path.parent.iterdir()] == ["one.checkpoint"]


@pytest.mark.parametrize("at", [0, SEAL_BYTES, SEAL_BYTES + 200, -1])
def test_a_modified_checkpoint_is_refused(path: Path, at: int):
    """One changed byte, in the seal or behind it, and nothing is read."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)

    with pytest.raises(PolicyFileError, match="modified"):
        load(path, KEY)


def test_another_installations_checkpoint_is_refused(path: Path):
    """The seal is this installation's own."""
    with pytest.raises(PolicyFileError, match="another installation"):
        load(path, b"x" * 32)


def test_a_torn_and_an_absent_checkpoint_say_what_to_do(path: Path):
    """The remedy is in the text."""
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(PolicyFileError, match="without --resume"):
        load(path, KEY)
    with pytest.raises(PolicyFileError, match="there is no checkpoint"):
        load(path.with_name("other"), KEY)


def test_what_would_run_code_is_never_saved(tmp_path: Path):
    """An array of objects would need pickle."""
    with pytest.raises(ValueError, match="allow_pickle"):
        save(tmp_path / "x", Checkpoint({}, {"bad": np.array([object()], dtype=object)}), KEY)
