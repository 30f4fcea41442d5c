"""A long table, CSV or Parquet, in; the demand of each pool on a grid of periods out; raises ConfigurationError."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from online_models.base import Bools, Covariates, Float64s, Slot
from ops.backtest.configuration import Configuration
from streams.errors import ConfigurationError
from streams.feeds import cells
from streams.feeds.table import open_table

PERIODS_MAX = 1_000_000  # of one pool: 28 years of quarters of an hour


@dataclass(frozen=True, slots=True)
class PoolTable:
    """What was recorded of the series of one pool."""

    name: str
    series: tuple[str, ...]
    starts_s: Float64s  # (periods,) Unix seconds
    slots: tuple[Slot, ...]  # (periods,) places in the local calendar
    values: Float64s  # (periods, series); NaN: missing, or closed
    covariates: tuple[Covariates, ...]  # (periods,) as recorded in that period; of several rows the mean, as live

    @property
    def closed(self) -> Bools:
        """Return which periods are closed, (periods,)."""
        return np.array([slot.closed for slot in self.slots], dtype=bool)

    @property
    def demand(self) -> Float64s:
        """Return what was asked for, (periods, series) units: `values`, and none in closed periods."""
        return np.where(self.closed[:, None], 0.0, self.values)


@dataclass(slots=True)
class _Recorded:
    values: dict[tuple[float, str], tuple[float, int]] = field(default_factory=dict)  # (start_s, series): value, line
    covariates: dict[float, dict[str, list[float]]] = field(default_factory=lambda: defaultdict(dict))


def read(path: Path, configuration: Configuration) -> list[PoolTable]:
    """Return the pools of `path` by name. Rows may come in any order, each series and period once."""
    header, rows = open_table(path, encoding=configuration.encoding)
    absent = [column for column in configuration.columns.all() if column not in header]
    if absent:
        raise ConfigurationError(f"{path}:1: there is no column {absent[0]!r}; there are: {', '.join(header)}")
    pools: dict[str, _Recorded] = defaultdict(_Recorded)
    time_of = cells.time_reader(configuration.time_format, configuration.timezone)
    for line, row in rows:
        try:
            _add(pools, row, line, time_of, configuration)
        except ValueError as error:
            raise ConfigurationError(f"{path}:{line}: {error}") from error
    if not pools:
        raise ConfigurationError(f"{path}: has no rows")
    try:
        return [_gridded(name, recorded, configuration) for name, recorded in sorted(pools.items())]
    except ValueError as error:
        raise ConfigurationError(f"{path}:{error}") from error


def _add(
    pools: dict[str, _Recorded],
    row: Mapping[str, Any] | str,
    line: int,
    time_of: cells.TimeReader,
    configuration: Configuration,
) -> None:
    if isinstance(row, str):
        raise ValueError(row)  # noqa: TRY004  a row that does not fit its header
    columns = configuration.columns
    series = cells.text(row[columns.series])
    if not series:
        raise ValueError(f"column {columns.series!r} is empty")
    start_s = configuration.periods.start_of(cells.at(row, columns.time, time_of))
    recorded = pools[cells.text(row[columns.pool]) if columns.pool else "all"]
    if (start_s, series) in recorded.values:
        raise ValueError(
            f"column {columns.time!r}: {configuration.periods.text(start_s)} is there twice of one series, first on "
            f"line {recorded.values[start_s, series][1]}"
        )
    recorded.values[start_s, series] = (_number(row, columns.value, configuration), line)
    for name in columns.covariates:
        if cells.text(row[name]):
            recorded.covariates[start_s].setdefault(name, []).append(_number(row, name, configuration))


def _number(row: Mapping[str, Any], column: str, configuration: Configuration) -> float:
    """Return the number in a column; of the value an empty cell is a missing one."""
    if column == configuration.columns.value and not cells.text(row[column]):
        return math.nan
    found = cells.number(row, column, configuration.decimal)
    if not math.isfinite(found):
        raise ValueError(f"column {column!r}: {found} is not finite")
    if column == configuration.columns.value and found < 0:
        raise ValueError(f"column {column!r}: {found} is below 0, which demand never is")
    return found


def _gridded(name: str, recorded: _Recorded, configuration: Configuration) -> PoolTable:
    series = tuple(sorted({one for _, one in recorded.values}))
    starts_s = _grid(sorted({start_s for start_s, _ in recorded.values}), configuration)
    rows, columns = {at: number for number, at in enumerate(starts_s)}, {one: at for at, one in enumerate(series)}
    slots = places(starts_s, configuration)
    values = np.full((len(rows), len(series)), 0.0 if configuration.missing == "zero" else math.nan)
    values[[slot.closed for slot in slots]] = math.nan
    for (start_s, one), (value, line) in recorded.values.items():
        if slots[rows[start_s]].closed:
            if value > 0.0:
                day = configuration.periods.text(start_s)
                raise ValueError(f"{line}: {day} is declared closed, and series {one!r} has {value:g}")
            continue
        values[rows[start_s], columns[one]] = value
    return PoolTable(
        name,
        series,
        np.array(starts_s),
        slots,
        values,
        tuple(
            tuple(sorted((name, sum(found) / len(found)) for name, found in recorded.covariates.get(at, {}).items()))
            for at in starts_s
        ),
    )


def places(starts_s: Iterable[float], configuration: Configuration) -> tuple[Slot, ...]:
    """Return the places in the local calendar of periods that start at `starts_s`."""
    grid = configuration.grid
    return tuple(grid.slots(at, 1)[0] for at in starts_s)


def _grid(found: Sequence[float], configuration: Configuration) -> list[float]:
    if configuration.calendar == "as-recorded":
        return list(found)
    return list(_complete(found[0], found[-1], configuration))


def _complete(first_s: float, last_s: float, configuration: Configuration) -> Iterator[float]:
    at_s = first_s
    for _ in range(PERIODS_MAX):
        if at_s > last_s:
            return
        yield at_s
        at_s = configuration.periods.shift(at_s, 1)
    raise ConfigurationError(
        f"from {configuration.periods.text(first_s)} to {configuration.periods.text(last_s)} there are more than "
        f"{PERIODS_MAX} periods; look for a wrong time"
    )


def reported(table: PoolTable, configuration: Configuration) -> slice:
    """Return the periods that are scored; raise ConfigurationError when there are none, or none before them."""
    first = int(np.searchsorted(table.starts_s, _midnight_s(configuration.report_from, configuration)))
    until = configuration.report_until
    end = (
        len(table.starts_s)
        if until is None
        else int(np.searchsorted(table.starts_s, _midnight_s(until, configuration)))
    )
    if not configuration.horizon_periods < first < end:
        spans = [configuration.periods.text(float(table.starts_s[at])) for at in (0, -1)]
        raise ConfigurationError(
            f"pool {table.name}: report_from {configuration.report_from} leaves {max(first, 0)} periods before it and "
            f"{max(end - first, 0)} to score, at least {configuration.horizon_periods + 1} and 1 are needed; its rows "
            f"span {spans[0]} to {spans[1]}"
        )
    return slice(first, end)


def _midnight_s(day: date, configuration: Configuration) -> float:
    return datetime.combine(day, time(), ZoneInfo(configuration.timezone)).timestamp()
