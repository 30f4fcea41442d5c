"""LightGBM, fitted again every day on all that was known: one model for all series of a pool, ahead and quantile.

What the mean is asked of is fitted by squares, each quantile by its own pinball loss, the sum over the lead time on
sums. Whoever retrains it every night gets this.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any

import lightgbm
import numpy as np
import optuna

from online_models.base import Float64s
from ops.backtest.configuration import Configuration
from ops.backtest.peers.days import SCORED_LEVELS, per_period, periods_per_day, put, put_sum, stretches
from ops.backtest.peers.features import features
from ops.backtest.protocol import Said, lead_sums, nothing
from ops.backtest.table import PoolTable, reported

ROUNDS = 150
SETTINGS: dict[str, Any] = {"num_leaves": 31, "learning_rate": 0.08}
FIXED: dict[str, Any] = {"num_threads": 1, "verbose": -1, "deterministic": True, "seed": 1}
LABELS_MIN = 40  # fewer fit nothing
TUNING_SHARE = 0.25  # of what lies before the reported span is what settings are chosen on
TUNING_DAYS = 7  # from one fit to the next while they are


@dataclass(frozen=True, slots=True)
class Boosting:
    """A LightGBM with its settings."""

    rounds: int = ROUNDS
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    days: int = 1  # from one fit to the next

    def ask(self, table: PoolTable, configuration: Configuration, done: Callable[[int], None]) -> Said:
        """Return what it says of a pool's reported span; `done` is told of each period."""
        began_s = process_time()
        said = nothing(table, configuration.horizons)
        origins_of = list(stretches(table, configuration, self.days))
        for ahead in configuration.horizons:
            self._say_periods(said, table, configuration, ahead, origins_of)
        if configuration.lead_periods > 1:
            self._say_sums(said, table, configuration, origins_of)
        done(len(table.starts_s) - 1)
        return replace(said, cost_s=per_period(process_time() - began_s, table, configuration))

    def _say_periods(
        self, said: Said, table: PoolTable, configuration: Configuration, ahead: int, origins_of: list[range]
    ) -> None:
        known = features(table, configuration, ahead)
        labels = _ahead(table.values, ahead)
        for origins in origins_of:
            last = origins.start - ahead + 1  # the first origin whose label is not known yet
            means = self.fitted(known, labels, last, origins, None)
            levels = [self.fitted(known, labels, last, origins, level) for level in SCORED_LEVELS]
            put(said, ahead, origins, np.maximum(means, 0.0), np.maximum(np.stack(levels, axis=-1), 0.0))

    def _say_sums(self, said: Said, table: PoolTable, configuration: Configuration, origins_of: list[range]) -> None:
        lead = configuration.lead_periods
        known = features(table, configuration, 1)
        labels = _ahead(lead_sums(table.values, lead), 1)
        for origins in origins_of:
            levels = [self.fitted(known, labels, origins.start - lead + 1, origins, level) for level in SCORED_LEVELS]
            put_sum(said, origins, np.maximum(np.stack(levels, axis=-1), 0.0))

    def fitted(self, known: Float64s, labels: Float64s, last: int, origins: range, level: float | None) -> Float64s:
        """Return forecasts (origins, series) of a model fitted on the origins before `last`; NaN of too few."""
        inputs, outputs = known[: max(last, 0)].reshape(-1, known.shape[-1]), labels[: max(last, 0)].reshape(-1)
        given = ~np.isnan(outputs)
        shape = len(origins), known.shape[1]
        if given.sum() < LABELS_MIN:
            return np.full(shape, np.nan)
        aim = {"objective": "regression"} if level is None else {"objective": "quantile", "alpha": level}
        data = lightgbm.Dataset(inputs[given], outputs[given])
        model = lightgbm.train({**FIXED, **self.settings, **aim}, data, self.rounds)
        asked = known[origins.start : origins.stop].reshape(-1, known.shape[-1])
        return np.asarray(model.predict(asked)).reshape(shape)


def tuned(table: PoolTable, configuration: Configuration, trials: int, seed: int) -> Boosting:
    """Return LightGBM with the settings that did best on the span before the reported one, of `trials` by Optuna.

    What is lost there is the absolute error of the median, one fit a week; the usual settings are the first trial.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ahead = configuration.horizons[0]
    end = reported(table, configuration).start
    known, labels = features(table, configuration, ahead)[:end], _ahead(table.values[:end], ahead)

    def loss(trial: Any) -> float:
        return float(np.nanmean(list(_misses(_suggested(trial), known, labels, configuration))))

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial({**SETTINGS, "rounds": ROUNDS, "min_data_in_leaf": 20, "feature_fraction": 1.0})
    study.optimize(loss, n_trials=trials)
    return _suggested(study.best_trial)


def _misses(boosting: Boosting, known: Float64s, labels: Float64s, configuration: Configuration) -> Iterator[float]:
    """Yield the mean absolute error of each week of the span that settings are chosen on."""
    step, ahead = TUNING_DAYS * periods_per_day(configuration), configuration.horizons[0]
    for start in range(len(known) - int(TUNING_SHARE * len(known)), len(known), step):
        origins = range(start, min(start + step, len(known)))
        found = boosting.fitted(known, labels, start - ahead + 1, origins, 0.5)
        missed = np.abs(found - labels[origins.start : origins.stop])
        if not np.isnan(missed).all():
            yield float(np.nanmean(missed))


def _suggested(trial: Any) -> Boosting:
    settings = {
        "num_leaves": trial.suggest_int("num_leaves", 7, 127, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.5, 1.0),
    }
    return Boosting(trial.suggest_int("rounds", 50, 400, log=True), settings)


def _ahead(values: Float64s, ahead: int) -> Float64s:
    """Return what came `ahead` periods after each origin."""
    found = np.full_like(values, np.nan)
    found[: len(values) - ahead] = values[ahead:]
    return found
