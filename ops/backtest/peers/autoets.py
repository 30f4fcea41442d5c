"""AutoETS of statsforecast, each series for itself: the form is chosen anew each week, its states follow every day.

Exponential smoothing in state space form, chosen by information criterion. A missing value is given the last one a
season before. Only the last two years of days, or eight weeks of shorter periods, are looked at, so that it ends.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

import numpy as np
from statsforecast.models import AutoETS

from online_models.base import Float64s
from ops.backtest.configuration import Configuration
from ops.backtest.peers.days import per_period, periods_per_day, put, stretches
from ops.backtest.protocol import Said, nothing
from ops.backtest.table import PoolTable

DAYS_SEEN = 730
SHORT_DAYS_SEEN = 56
FITTED_DAYS = 7
_COLUMNS = ("lo-80", "mean", "hi-80", "hi-90")  # the scored levels of a normal forecast


@dataclass(frozen=True, slots=True)
class AutoEts:
    """The peer."""

    def ask(self, table: PoolTable, configuration: Configuration, done: Callable[[int], None]) -> Said:
        """Return what it says of a pool's reported span; sums over a lead time it does not tell."""
        began_s = process_time()
        said = nothing(table, configuration.horizons)
        per_day = periods_per_day(configuration)
        season = 7 if per_day == 1 else per_day
        seen = DAYS_SEEN if per_day == 1 else SHORT_DAYS_SEEN * per_day
        columns = [_filled(column, season) for column in table.values.T]
        models: dict[int, Any] = {}
        for day, origins in enumerate(stretches(table, configuration)):
            if day % FITTED_DAYS == 0:
                models.clear()
            for origin in origins:
                found = [
                    self._said(models, one, column[max(origin + 1 - seen, 0) : origin + 1], season, configuration)
                    for one, column in enumerate(columns)
                ]
                for place, ahead in enumerate(configuration.horizons):
                    scored = np.array([own[place] for own in found])  # (series, levels)
                    put(said, ahead, [origin], scored[None, :, 1], np.maximum(scored[None], 0.0))
        done(len(table.starts_s) - 1)
        return replace(said, cost_s=per_period(process_time() - began_s, table, configuration))

    @staticmethod
    def _said(
        models: dict[int, Any], one: int, column: Float64s, season: int, configuration: Configuration
    ) -> Float64s:
        """Return (horizons, levels)."""
        horizons = np.array(configuration.horizons)
        if len(column) < 2 * season or np.isnan(column).any():
            return np.full((len(horizons), len(_COLUMNS)), np.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if one not in models:
                models[one] = AutoETS(season_length=season)
                models[one].fit(column)
            found = models[one].forward(column, h=int(horizons.max()), level=[80, 90])
        return np.stack([np.asarray(found[name], np.float64)[horizons - 1] for name in _COLUMNS], axis=-1)


def _filled(column: Float64s, season: int) -> Float64s:
    """Return a series without holes: a missing value is the one a season before, the first ones the first known."""
    filled = column.copy()
    for at in np.flatnonzero(np.isnan(filled)).tolist():
        filled[at] = filled[at - season] if at >= season else np.nan
    known = column[~np.isnan(column)]
    return np.where(np.isnan(filled), known[0] if len(known) else np.nan, filled)
