"""A set in, what LightGBM and AutoETS said of it out; of a folder that keeps it, what they said in a run before.

What is kept is named by a fingerprint of what a peer is told, its settings and its version: nothing of ours changes it,
so that ours is measured again without asking them again. A set that a run was interrupted at goes on by its parts.
"""

from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.forecast.datasets import DataSet
from ops.backtest.kept import Forgetful, Keeper, Kept, fingerprint_of_peer
from ops.backtest.peers.autoets import AutoEts
from ops.backtest.peers.features import features
from ops.backtest.peers.gradient_boosting import Boosting
from ops.backtest.peers.retrained import Retrained
from ops.backtest.peers.tuning import tuned
from ops.backtest.protocol import Said

TUNING_SEED = 12
WITHOUT_LIGHTGBM = ("ambulance", "icu")  # judged against AutoETS and the seasonal naive


@dataclass(frozen=True, slots=True)
class Asking:
    """How peers are asked."""

    trials: int  # of Optuna, for LightGBM; 0: the usual settings
    days: int  # from one fit of LightGBM to the next
    keep: Path | None = None  # where what they say is kept


def asked(one: DataSet, asking: Asking) -> dict[str, Said]:
    """Return what every peer says of a set, by its name: AutoETS of all, LightGBM of those that it is judged on."""
    return {
        "AutoETS": autoets(one, asking),
        **({"LightGBM": lightgbm(one, asking)} if one.name not in WITHOUT_LIGHTGBM else {}),
    }


def lightgbm(one: DataSet, asking: Asking) -> Said:
    """Return what LightGBM says. Means it tells none; of many horizons it is asked the nearest, the furthest, the sum.

    All in between would take a night, and no figure is of them.
    """
    limited, keeper = _limited(one), _keeper_of_lightgbm(one, asking)
    peer = Retrained(asking.trials, TUNING_SEED, asking.days, tells_mean=False)
    return peer.ask(limited.table, limited.configuration, quiet, keeper, "lightgbm")


def lightgbm_told(one: DataSet, told: DataSet, ahead: int, asking: Asking) -> Said:
    """Return what LightGBM says of one horizon of `told`, with the settings that were chosen for `one`."""
    boosting = Boosting()
    if asking.trials:
        limited, keeper = _limited(one), _keeper_of_lightgbm(one, asking)
        choose = partial(tuned, limited.table, limited.configuration, asking.trials, TUNING_SEED, quiet)
        boosting = keeper.chosen("lightgbm-settings", Boosting, choose)
    boosting = replace(boosting, days=asking.days, tells_mean=False)
    say = partial(boosting.periods, told.table, told.configuration, ahead, quiet)
    return _keeper_of_lightgbm(told, asking).asked(f"lightgbm+{ahead}", say)


def _limited(one: DataSet) -> DataSet:
    horizons = one.configuration.horizons
    if one.configuration.lead_periods > 1:
        horizons = (horizons[0], horizons[-1])
    return DataSet(one.name, one.table, msgspec.structs.replace(one.configuration, horizons=horizons))


def _keeper_of_lightgbm(one: DataSet, asking: Asking) -> Keeper:
    limited = _limited(one)
    versions = f"lightgbm {version('lightgbm')} optuna {version('optuna')}"
    settings = f"{versions} trials {asking.trials} days {asking.days}"
    told = features(limited.table, limited.configuration, limited.configuration.horizons[0])
    return _keeper(limited, asking.keep, settings, told)


def autoets(one: DataSet, asking: Asking) -> Said:
    """Return what AutoETS says of each series."""
    keeper = _keeper(one, asking.keep, f"statsforecast {version('statsforecast')}", np.empty(0))
    return AutoEts().ask(one.table, one.configuration, quiet, keeper, "autoets")


def _keeper(one: DataSet, keep: Path | None, settings: str, told: np.ndarray) -> Keeper:
    if keep is None:
        return Forgetful()
    print_of_it = fingerprint_of_peer(one.table, one.configuration, settings, told)
    folder = "-".join([*one.name.split(), settings.split(maxsplit=1)[0], print_of_it[:12]])
    return Kept(keep / folder, print_of_it)


def quiet(_count: float) -> None:
    """Show no progress."""
