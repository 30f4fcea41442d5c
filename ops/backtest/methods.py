"""The name of a method in, how it is asked out: families of the registry, and peers whose packages are installed."""

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from online_models.registry import DEFAULT, FAMILIES, SIMPLE
from ops.backtest import protocol
from ops.backtest.configuration import Configuration
from ops.backtest.kept import Keeper
from ops.backtest.protocol import Said
from ops.backtest.table import PoolTable
from streams.errors import ConfigurationError

Done = Callable[[int], None]
Ask = Callable[[PoolTable, Configuration, Done, Keeper, str], Said]  # the name is what the answer is kept as

PEERS: Mapping[str, tuple[str, str]] = {  # name: module, what has to be installed
    "autoets": ("ops.backtest.peers.autoets", "statsforecast"),
    "lightgbm": ("ops.backtest.peers.retrained", "lightgbm and optuna"),
}
KNOWN = tuple(sorted([*FAMILIES, *PEERS]))


def default() -> tuple[list[str], list[str]]:
    """Return the methods that are compared unless others are asked for, and those of them that are not installed."""
    missing = [name for name in PEERS if _module(name) is None]
    return [DEFAULT, SIMPLE, *(name for name in PEERS if name not in missing)], missing


def asks(name: str, *, trials: int) -> Ask:
    """Return how the method is asked of a pool; LightGBM is tuned before, with `trials`, when there are any."""
    if name not in PEERS:
        return partial(_family, name)
    module = _module(name)
    if module is None:
        raise ConfigurationError(f"{name} needs {PEERS[name][1]}: pip install 'headgate[backtest]'")
    return cast("Ask", module.AutoEts().ask if name == "autoets" else module.Retrained(trials).ask)


def _family(
    family: str, table: PoolTable, configuration: Configuration, done: Done, kept: Keeper, name: str
) -> Said:  # fmt: skip
    return kept.asked(name, partial(protocol.ask, family, table, configuration, done))


def _module(name: str) -> Any:
    """Return the peer's module, or None when what it needs is not installed."""
    try:
        return importlib.import_module(PEERS[name][0])
    except ModuleNotFoundError:
        return None
