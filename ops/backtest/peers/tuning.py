"""A pool's table in, LightGBM with the settings that Optuna found best on the span before the reported one out.

What is judged is what is scored: the pinball loss, mean over the scored quantiles, of the nearest and the furthest
horizon, each relative to that of the usual settings, so that the far one does not outweigh the near one. A trial that
is worse than half of those before it, on the same days, is not fitted on the rest of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import lightgbm
import numpy as np
import optuna

from online_models.base import Float64s
from ops.backtest.configuration import Configuration
from ops.backtest.peers.days import SCORED_LEVELS, periods_per_day
from ops.backtest.peers.features import features
from ops.backtest.peers.gradient_boosting import ROUNDS, SETTINGS, Boosting, prepared
from ops.backtest.table import PoolTable, reported

TUNING_SHARE = 0.25  # of what lies before the reported span is what settings are chosen on
TUNING_DAYS = 28  # from one fit to the next while they are
USUAL: dict[str, Any] = {**SETTINGS, "rounds": ROUNDS, "min_data_in_leaf": 20, "feature_fraction": 1.0}


@dataclass(frozen=True, slots=True)
class _Fit:
    """One fit of each trial: what is known, what came, and the origins that are asked of."""

    data: lightgbm.Dataset | None
    known: Float64s  # (periods, series, features)
    came: Float64s  # (origins, series)
    origins: range


def tuned(
    table: PoolTable, configuration: Configuration, trials: int, seed: int, done: Callable[[float], None]
) -> Boosting:
    """Return the best of `trials`, of which the usual settings are the first; `done` is told of shares of the work."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    horizons = sorted({configuration.horizons[0], configuration.horizons[-1]})
    of_each = [list(_fits(table, configuration, ahead)) for ahead in horizons]
    fits = [one for together in zip_longest(*of_each) for one in together if one is not None]  # near and far by turns
    usual = [_loss(Boosting(), one) for one in fits]
    counted = [place for place, loss in enumerate(usual) if loss > 0.0]  # NaN, of too few labels, is not
    if not counted:
        return Boosting()  # too little came to tell one from another

    def judged(trial: Any) -> float:
        boosting, ratios = _suggested(trial), []
        for place in counted:
            ratios.append(_loss(boosting, fits[place]) / usual[place])
            trial.report(float(np.mean(ratios)), len(ratios))
            if trial.should_prune():
                done(1 / trials)
                raise optuna.TrialPruned
        done(1 / trials)
        return float(np.mean(ratios))

    pruner = optuna.pruners.MedianPruner(n_startup_trials=5)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner)
    study.enqueue_trial(USUAL)
    study.optimize(judged, n_trials=trials)
    return _suggested(study.best_trial)


def _fits(table: PoolTable, configuration: Configuration, ahead: int) -> Iterator[_Fit]:
    end = reported(table, configuration).start
    known = features(table, configuration, ahead)[:end]
    labels = np.full_like(table.values[:end], np.nan)
    labels[: end - ahead] = table.values[ahead:end]
    step = TUNING_DAYS * periods_per_day(configuration)
    for start in range(end - int(TUNING_SHARE * end), end - ahead, step):
        origins = range(start, min(start + step, end - ahead))
        data = prepared(known, labels, start - ahead + 1)
        yield _Fit(data, known, labels[origins.start : origins.stop], origins)


def _loss(boosting: Boosting, fit: _Fit) -> float:
    """Return the mean pinball loss over origins, series and scored quantiles, units; NaN if nothing can be said."""
    losses = []
    for level in SCORED_LEVELS:
        missed = fit.came - np.maximum(boosting.told(fit.data, fit.known, fit.origins, level), 0.0)
        losses.append(np.maximum(level * missed, (level - 1.0) * missed))
    found = np.stack(losses)
    return float(np.nanmean(found)) if not np.isnan(found).all() else np.nan


def _suggested(trial: Any) -> Boosting:
    settings = {
        "num_leaves": trial.suggest_int("num_leaves", 7, 47, log=True),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.5, 1.0),
    }
    return Boosting(trial.suggest_int("rounds", 50, 150, log=True), settings)
