"""What methods said, kept in a folder while a backtest runs: the same data and configuration go on where it stopped.

Each part of a method's answers about a pool is one file, written whole or not at all; nothing in it is ever executed.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
import numpy as np

from online_models.base import Float64s
from online_models.forecaster import STATE_VERSION
from ops.backtest.configuration import Configuration
from ops.backtest.protocol import Said
from ops.backtest.table import PoolTable, reported
from streams.errors import ConfigurationError

RUN = "run.txt"
PEERS_VERSION = 1  # of what LightGBM and AutoETS are told and how they are asked
T = TypeVar("T")


def fingerprint(tables: Sequence[PoolTable], configuration: Configuration, trials: int) -> str:
    """Return what names a run: the demand as it was read, how it is scored, and the version of the models."""
    digest = hashlib.sha256(f"models {STATE_VERSION} peers {PEERS_VERSION} trials {trials}\n".encode())
    digest.update(msgspec.json.encode(configuration))
    for table in tables:
        digest.update(msgspec.json.encode((table.name, table.series, table.slots, table.covariates)))
        digest.update(table.starts_s.tobytes())
        digest.update(table.values.tobytes())
    return digest.hexdigest()


def fingerprint_of_peer(table: PoolTable, configuration: Configuration, settings: str, told: Float64s) -> str:
    """Return what names a peer's answers about a pool: nothing of ours changes it.

    `settings` are the peer's own with its package's version, `told` the features that it is given beside the demand.
    """
    span = reported(table, configuration)
    asked = (
        PEERS_VERSION,
        settings,
        configuration.period,
        configuration.horizons,
        configuration.lead_periods,
        configuration.columns.covariates,
        (span.start, span.stop),
        table.values.shape,
    )
    digest = hashlib.sha256(msgspec.json.encode(asked))
    digest.update(table.values.tobytes())
    digest.update(told.tobytes())
    if (closed := table.closed).any():
        digest.update(closed.tobytes())
    return digest.hexdigest()


class Keeper(Protocol):
    """Where answers are looked for before a method is asked again."""

    def asked(self, name: str, ask: Callable[[], Said]) -> Said:
        """Return what `ask` does, or did when the name was asked before."""
        ...

    def chosen(self, name: str, kind: type[T], choose: Callable[[], T]) -> T:
        """Return what `choose` does, or did when the name was chosen before."""
        ...


class Forgetful:
    """Keeps nothing."""

    def asked(self, name: str, ask: Callable[[], Said]) -> Said:  # noqa: ARG002
        """Return what `ask` does."""
        return ask()

    def chosen(self, name: str, kind: type[T], choose: Callable[[], T]) -> T:  # noqa: ARG002
        """Return what `choose` does."""
        return choose()


class Kept:
    """A folder of one run."""

    def __init__(self, folder: Path, run: str) -> None:
        self._folder = folder
        place = folder / RUN
        try:
            folder.mkdir(parents=True, exist_ok=True)
            found = place.read_text(encoding="utf-8") if place.exists() else None
        except OSError as error:
            raise ConfigurationError(f"{folder}: {error.strerror}") from error
        if found is None and any(folder.iterdir()):
            raise ConfigurationError(f"{folder}: is not empty and holds no backtest; name another folder")
        if found not in (None, run):
            raise ConfigurationError(
                f"{folder}: holds a backtest of other data, another configuration, other trials or another "
                "version; name another folder"
            )
        _write(place, run.encode())

    def asked(self, name: str, ask: Callable[[], Said]) -> Said:
        """Return what `ask` does, from the folder when it was asked before."""
        path = self._folder / f"{name}.npz"
        if path.exists():
            return _said(path)
        said = ask()
        _write(path, _bytes(said))
        return said

    def chosen(self, name: str, kind: type[T], choose: Callable[[], T]) -> T:
        """Return what `choose` does, from the folder when it was chosen before."""
        path = self._folder / f"{name}.json"
        if path.exists():
            try:
                return msgspec.json.decode(path.read_bytes(), type=kind)
            except (OSError, msgspec.MsgspecError) as error:
                raise ConfigurationError(f"{path}: is not readable ({error}); delete it to choose again") from error
        found = choose()
        _write(path, msgspec.json.encode(found))
        return found


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
