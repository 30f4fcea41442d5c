"""What tuning the rule alone found, kept beside the journal: the same pools and past in, the same costs out at once."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from online_models.forecaster import STATE_VERSION
from streams.catalog import PoolSpec
from streams.events import Transaction, encode

FILE = "rule-alone.json"


class Tuned(msgspec.Struct, frozen=True):
    """The cost of each factor tried on one past, and which past that was."""

    digest: str
    tried: list[tuple[float, float]]  # (factor, cost on the earlier span in currency)


def digest_of(specs: Sequence[PoolSpec], past: Iterable[Transaction]) -> str:
    """Return what names the pools, the lines they were tuned on and the models that forecast them."""
    digest = blake2b(f"models {STATE_VERSION}\n".encode(), digest_size=16)
    for spec in specs:
        digest.update(encode(spec))
    for line in past:
        digest.update(f"{line.event_id}|{line.resource_id}|{line.kind}|{line.quantity_units}\n".encode())
    return digest.hexdigest()


def read(path: Path, digest: str) -> dict[float, float] | None:
    """Return the costs kept in `path` for `digest`, or None when there are none, or of another past."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Tuned)
    except (OSError, msgspec.MsgspecError):
        return None
    return dict(kept.tried) if kept.digest == digest else None


def write(path: Path, digest: str, tried: dict[float, float]) -> None:
    """Keep `tried` in `path`, whole or not at all."""
    aside = path.with_suffix(".aside")
    aside.write_bytes(msgspec.json.encode(Tuned(digest, list(tried.items()))))
    aside.replace(path)
