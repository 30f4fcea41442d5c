"""What methods said, kept in a folder while a backtest runs: the same data and configuration go on where it stopped.

Each method's answers about each pool are one file, written whole or not at all; nothing in it is ever executed.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from online_models.forecaster import STATE_VERSION
from ops.backtest.configuration import Configuration
from ops.backtest.protocol import Said
from ops.backtest.table import PoolTable
from streams.errors import ConfigurationError

RUN = "run.txt"


def fingerprint(tables: Sequence[PoolTable], configuration: Configuration, trials: int) -> str:
    """Return what names a run: the demand as it was read, how it is scored, and the version of the models."""
    digest = hashlib.sha256(f"models {STATE_VERSION} trials {trials}\n".encode())
    digest.update(msgspec.json.encode(configuration))
    for table in tables:
        digest.update(msgspec.json.encode((table.name, table.series, table.slots, table.covariates)))
        digest.update(table.starts_s.tobytes())
        digest.update(table.values.tobytes())
    return digest.hexdigest()


class Kept:
    """A folder of one run."""

    def __init__(self, folder: Path, run: str) -> None:
        self._folder = folder
        place = folder / RUN
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = place.read_text(encoding="utf-8") if place.exists() else None
        except OSError as error:
            raise ConfigurationError(f"--out {folder}: {error.strerror}") from error
        if found is None and any(folder.iterdir()):
            raise ConfigurationError(f"--out {folder}: is not empty and holds no backtest; name another folder")
        if found not in (None, run):
            raise ConfigurationError(
                f"--out {folder}: holds a backtest of other data, another configuration, other trials or another "
                "version; name another folder"
            )
        _write(place, run.encode())

    def asked(self, method: str, pool: int, ask: Callable[[], Said]) -> Said:
        """Return what `ask` does, from the folder when it was asked before."""
        path = self._folder / f"{method}-{pool}.npz"
        if path.exists():
            return _said(path)
        said = ask()
        _write(path, _bytes(said))
        return said


def _bytes(said: Said) -> bytes:
    arrays = {f"mean {ahead}": mean for ahead, mean in said.mean.items()}
    arrays |= {f"quantiles {ahead}": quantiles for ahead, quantiles in said.quantiles.items()}
    arrays |= {"lead": said.lead_quantiles, "cost": np.array(said.cost_s)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _said(path: Path) -> Said:
    try:
        with np.load(path, allow_pickle=False) as found:
            aheads = [int(name.split()[1]) for name in found.files if name.startswith("mean")]
            mean = {ahead: found[f"mean {ahead}"] for ahead in aheads}
            quantiles = {ahead: found[f"quantiles {ahead}"] for ahead in aheads}
            return Said(mean, quantiles, found["lead"], float(found["cost"]))
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{path}: is not readable ({error}); delete it to ask again") from error


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror})") from error
