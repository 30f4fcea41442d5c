"""LightGBM, fitted again every day on all that was known: one model for all series of a pool, ahead and quantile.

What the mean is asked of is fitted by squares, each quantile by its own pinball loss, the sum over the lead time on
sums. Whoever retrains it every night gets this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any

import lightgbm
import numpy as np

from online_models.base import Float64s
from ops.backtest.configuration import Configuration
from ops.backtest.peers.days import SCORED_LEVELS, per_period, put, put_sum, stretches
from ops.backtest.peers.features import features
from ops.backtest.protocol import Said, lead_sums, nothing
from ops.backtest.table import PoolTable

ROUNDS = 150
SETTINGS: dict[str, Any] = {"num_leaves": 31, "learning_rate": 0.08}
BINS: dict[str, Any] = {"max_bin": 127, "feature_pre_filter": False, "num_threads": 1, "verbose": -1}
FIXED: dict[str, Any] = {**BINS, "deterministic": True, "seed": 1}
LABELS_MIN = 40  # fewer fit nothing


@dataclass(frozen=True, slots=True)
class Boosting:
    """A LightGBM with its settings."""

    rounds: int = ROUNDS
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    days: int = 1  # from one fit to the next
    tells_mean: bool = True  # False: quantiles alone, for a fifth less

    def periods(
        self, table: PoolTable, configuration: Configuration, ahead: int, done: Callable[[float], None]
    ) -> Said:
        """Return what it says `ahead` periods before each reported period; `done` is told of shares of the work."""
        began_s, said = process_time(), nothing(table, [ahead])
        known, labels = features(table, configuration, ahead), _ahead(table.values, ahead)
        ways = list(stretches(table, configuration, ahead, self.days))
        for origins in ways:
            data = prepared(known, labels, origins.start - ahead + 1)  # later labels have not come yet
            levels = [self.told(data, known, origins, level) for level in SCORED_LEVELS]
            means = self.told(data, known, origins, None) if self.tells_mean else np.full_like(levels[0], np.nan)
            put(said, ahead, origins, np.maximum(means, 0.0), np.maximum(np.stack(levels, axis=-1), 0.0))
            done(1 / len(ways))
        return replace(said, cost_s=per_period(process_time() - began_s, table, configuration))

    def sums(self, table: PoolTable, configuration: Configuration, done: Callable[[float], None]) -> Said:
        """Return what it says of the sum over the lead time that begins with each period of the reported span."""
        began_s, said, lead = process_time(), nothing(table, []), configuration.lead_periods
        known, labels = features(table, configuration, 1), _ahead(lead_sums(table.demand, lead), 1)
        if table.closed.any():
            known = np.concatenate([known, _open_periods(table, lead)], axis=-1)
        ways = list(stretches(table, configuration, 1, self.days))
        for origins in ways:
            data = prepared(known, labels, origins.start - lead + 1)
            levels = [self.told(data, known, origins, level) for level in SCORED_LEVELS]
            put_sum(said, origins, np.maximum(np.stack(levels, axis=-1), 0.0))
            done(1 / len(ways))
        return replace(said, cost_s=per_period(process_time() - began_s, table, configuration))

    def told(
        self, data: lightgbm.Dataset | None, known: Float64s, origins: Sequence[int], level: float | None
    ) -> Float64s:
        """Return forecasts (origins, series) of a model fitted on `data`, NaN without; level None asks for the mean."""
        shape = len(origins), known.shape[1]
        if data is None:
            return np.full(shape, np.nan)
        aim = {"objective": "regression"} if level is None else {"objective": "quantile", "alpha": level}
        model = lightgbm.train({**FIXED, **self.settings, **aim}, data, self.rounds)
        asked = known[origins[0] : origins[-1] + 1].reshape(-1, known.shape[-1])
        return np.asarray(model.predict(asked)).reshape(shape)


def prepared(known: Float64s, labels: Float64s, last: int) -> lightgbm.Dataset | None:
    """Return what is fitted on of the origins before `last`, once for all quantiles; None of too few labels."""
    inputs, outputs = known[: max(last, 0)].reshape(-1, known.shape[-1]), labels[: max(last, 0)].reshape(-1)
    given = ~np.isnan(outputs)
    if given.sum() < LABELS_MIN:
        return None
    return lightgbm.Dataset(inputs[given], outputs[given], params=BINS).construct()


def _open_periods(table: PoolTable, lead: int) -> Float64s:
    """Return how many of the periods of the sum after each origin are open, (periods, series, 1); NaN past the end."""
    is_open = np.where(table.closed[:, None], 0.0, np.ones(table.values.shape))
    return _ahead(lead_sums(is_open, lead), 1)[..., None]


def _ahead(values: Float64s, ahead: int) -> Float64s:
    """Return what came `ahead` periods after each origin."""
    found = np.full_like(values, np.nan)
    found[: len(values) - ahead] = values[ahead:]
    return found
