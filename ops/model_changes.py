"""What became of a run's models in, kept in one file beside its journal; lines for people out.

The journal is the twin's, and the same run leaves the same one. When an operator switches a model is not part of it.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from streams.errors import ConfigurationError
from streams.model_events import ModelChanged
from streams.periods import utc_text

FILE = "models.json"
LINES_MAX = 20  # newest changes that are told


def write(path: Path, changes: Sequence[ModelChanged]) -> None:
    """Keep the changes, oldest first, whole or not at all."""
    aside = path.with_suffix(".aside")
    aside.write_bytes(msgspec.json.encode(sorted(changes, key=lambda one: one.at_s)))
    aside.replace(path)


def read(path: Path) -> list[ModelChanged]:
    """Return the changes of a run; none when nobody has kept them."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[ModelChanged]) if path.exists() else []
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}; a report without it tells no models") from error


def line(change: ModelChanged) -> str:
    """Return a change in plain words, with its reason.

    >>> line(ModelChanged(pool_id="i94", resource_id=None, kind="switched", model="river-linear", version="6.2",
    ...                   reason="the catalog asks for river-linear, 24 periods ahead", at_s=0.0))
    '1970-01-01 00:00:00Z i94: river-linear 6.2 serves from now on: the catalog asks for river-linear, 24 periods ahead'
    """
    what = {
        "begun": "begins to learn beside what serves",
        "switched": "serves from now on",
        "rolled-back": "serves in place of what was rolled back",
        "returned": "serves again",
    }[change.kind]
    whose = change.pool_id if change.resource_id is None else f"{change.pool_id}/{change.resource_id}"
    return f"{utc_text(change.at_s)} {whose}: {change.model} {change.version} {what}: {change.reason}"


def lines(changes: Sequence[ModelChanged]) -> list[str]:
    """Return the newest changes in plain words, oldest first, and how many are left out."""
    told = [line(one) for one in changes[-LINES_MAX:]]
    left_out = len(changes) - len(told)
    return [f"({left_out} older changes)", *told] if left_out else told
