"""A learner's state in, one sealed file out, and back: plain arrays and JSON, nothing that loading could execute.

Stable-Baselines3's own `.zip` holds pickles, so it is neither written nor read. A file here is the seal, an
HMAC-SHA256 made with the key of this installation, in front of a numpy archive; what was modified or comes from
elsewhere is refused before it is read.
"""

import hashlib
import hmac
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from policies.errors import PolicyFileError

BYTES_MAX = 1024 * 1024 * 1024  # a replay buffer is the largest thing in it
PURPOSE = b"headgate training checkpoint 1\n"  # a seal of another kind of file is none of this
SEAL_BYTES = 64  # hexadecimal
FACTS = "facts.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything that learning goes on from: what JSON can say, and arrays by name."""

    facts: dict[str, Any]
    arrays: dict[str, NDArray[Any]]

    def within(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays whose names begin with `prefix` and a slash, without it.

        >>> sorted(Checkpoint({}, {"policy/a": np.zeros(1), "best/a": np.ones(1)}).within("best"))
        ['a']
        """
        return {
            name.removeprefix(f"{prefix}/"): values
            for name, values in self.arrays.items()
            if name.startswith(f"{prefix}/")
        }


def prefixed(prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return `arrays` under names that `Checkpoint.within` finds."""
    return {f"{prefix}/{name}": values for name, values in arrays.items()}


def save(path: Path, checkpoint: Checkpoint, key: bytes) -> None:
    """Write the sealed file; whoever is killed meanwhile leaves the one before it."""
    archive = io.BytesIO()
    facts = np.frombuffer(msgspec.json.encode(checkpoint.facts), dtype=np.uint8)
    np.savez(archive, allow_pickle=False, **{FACTS: facts}, **checkpoint.arrays)
    content = archive.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(_seal(key, content).encode() + content)
    partial.replace(path)


def load(path: Path, key: bytes) -> Checkpoint:
    """Return what was saved; raise PolicyFileError when it is absent, modified or another installation's."""
    remedy = "train again without --resume"
    try:
        with path.open("rb") as file:
            seal, content = file.read(SEAL_BYTES), file.read(BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise PolicyFileError(f"there is no checkpoint {path} to resume from; {remedy}") from error
    except OSError as error:
        raise PolicyFileError(f"checkpoint {path} cannot be read: {error.strerror}") from error
    if len(content) > BYTES_MAX or not hmac.compare_digest(seal, _seal(key, content).encode()):
        raise PolicyFileError(f"checkpoint {path} was modified, or sealed with another installation's key; {remedy}")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return Checkpoint(msgspec.json.decode(arrays.pop(FACTS).tobytes()), arrays)
    except (KeyError, ValueError, zipfile.BadZipFile, msgspec.DecodeError) as error:
        raise PolicyFileError(f"checkpoint {path} is none of this version of headgate: {error}; {remedy}") from error


def _seal(key: bytes, content: bytes) -> str:
    return hmac.new(key, PURPOSE + content, hashlib.sha256).hexdigest()
