"""AutoETS of statsforecast, each series for itself: the form is chosen anew each week, its states follow every day.

Exponential smoothing in state space form, chosen by information criterion. A missing value is given the last one a
season before. The sum over the lead time is read off drawn paths (`paths.py`). Only the last two years of days, or
eight weeks of shorter periods, are looked at, so that it ends.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import process_time
from typing import Any

import numpy as np
from statsforecast.ets import forecast_ets, forward_ets
from statsforecast.models import AutoETS

from online_models.base import Bools, Float64s
from ops.backtest.configuration import Configuration
from ops.backtest.kept import Keeper
from ops.backtest.peers.days import SCORED_LEVELS, Share, per_period, periods_per_day, put, put_sum, stretches
from ops.backtest.peers.paths import sum_quantiles
from ops.backtest.protocol import Said, nothing
from ops.backtest.table import PoolTable

DAYS_SEEN = 730
SHORT_DAYS_SEEN = 56
FITTED_DAYS = 7
_COLUMNS = ("lo-80", "mean", "hi-80", "hi-90")  # the scored levels of a normal forecast


@dataclass(frozen=True, slots=True)
class AutoEts:
    """The peer."""

    def ask(
        self, table: PoolTable, configuration: Configuration, done: Callable[[int], None], kept: Keeper, name: str
    ) -> Said:
        """Return what it says of a pool's reported span, kept as `name`; `done` is told of periods."""
        share = Share(done, len(table.starts_s) - 1, 1)
        said = kept.asked(name, partial(self._asked, table, configuration, share))
        share.end()
        return said

    def _asked(self, table: PoolTable, configuration: Configuration, share: Share) -> Said:
        began_s, said = process_time(), nothing(table, configuration.horizons)
        per_day = periods_per_day(configuration)
        season = 7 if per_day == 1 else per_day
        seen = DAYS_SEEN if per_day == 1 else SHORT_DAYS_SEEN * per_day
        columns = [_filled(column, season, table.closed) for column in table.values.T]
        models: dict[int, Any] = {}
        beyond = configuration.grid.slots(float(table.starts_s[-1]), configuration.horizon_periods + 1)[1:]
        slots = (*table.slots, *beyond)
        start = 0  # what is looked at begins there until the next fit: the season's phase is counted from it
        days = list(stretches(table, configuration, configuration.horizon_periods))
        for day, origins in enumerate(days):
            if day % FITTED_DAYS == 0:
                models.clear()
                start = max(origins[0] + 1 - seen, 0)
            for origin in origins:
                is_open = [not slot.closed for slot in slots[origin + 1 : origin + 1 + configuration.horizon_periods]]
                found = np.array([
                    self._said(models, one, column[start : origin + 1], season, configuration, is_open)
                    for one, column in enumerate(columns)
                ])  # (series, horizons and the sum, levels)  # fmt: skip
                scored = np.maximum(found, 0.0)
                for place, ahead in enumerate(configuration.horizons):
                    put(said, ahead, [origin], scored[None, :, place, 1], scored[None, :, place])
                put_sum(said, [origin], scored[None, :, -1])
            share.some(1 / len(days))
        return replace(said, cost_s=per_period(process_time() - began_s, table, configuration))

    @staticmethod
    def _said(
        models: dict[int, Any],
        one: int,
        column: Float64s,
        season: int,
        configuration: Configuration,
        is_open: Sequence[bool],
    ) -> Float64s:
        """Return (horizons and the sum, levels); `is_open` tells of the next periods, as far as any is asked of."""
        horizons, lead = np.array(configuration.horizons), configuration.lead_periods
        found = np.full((len(horizons) + 1, len(SCORED_LEVELS)), np.nan)
        if len(column) < 2 * season or np.isnan(column).any():
            return found
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if one not in models:
                models[one] = AutoETS(season_length=season)
                models[one].fit(column)
            model = forward_ets(models[one].model_, column)  # type: ignore[no-untyped-call]
            told = forecast_ets(model, h=int(horizons.max()), level=[80, 90])  # type: ignore[no-untyped-call]
        found[:-1] = np.stack([np.asarray(told[column], np.float64)[horizons - 1] for column in _COLUMNS], axis=-1)
        found[:-1][~np.array(is_open)[horizons - 1]] = 0.0
        if lead > 1:
            found[-1] = sum_quantiles(model, is_open[:lead], SCORED_LEVELS)
        return found


def _filled(column: Float64s, season: int, closed: Bools) -> Float64s:
    """Return a series without holes: a missing value is the one a season before, the first ones the first known.

    A closed one whose like a season before was closed too is the one before it.
    """
    filled = column.copy()
    for at in np.flatnonzero(np.isnan(filled)).tolist():
        back = 1 if closed[at] and at >= season and closed[at - season] else season
        filled[at] = filled[at - back] if at >= back else np.nan
    known = column[~np.isnan(column)]
    return np.where(np.isnan(filled), known[0] if len(known) else np.nan, filled)
