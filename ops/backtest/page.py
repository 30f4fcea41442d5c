"""What was said, came and scored in; one self-contained HTML page out. No request leaves it, no script runs in it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from html import escape
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import numpy as np

from online_models.base import QUANTILE_LEVELS, Float64s
from ops.backtest import drawing
from ops.backtest.configuration import Configuration
from ops.backtest.protocol import Said
from ops.backtest.result import Row
from ops.backtest.shown import COLUMNS, LEGEND, cells
from ops.backtest.table import PoolTable, reported
from streams.periods import SLOTS_PER_WEEK

SERIES_SHOWN = 12  # the worst ones
POINTS_MAX = 400  # of a band: the last ones
ERROR_POINTS = 60  # of the errors over time
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LOW, MIDDLE, HIGH = (QUANTILE_LEVELS.index(level) for level in (0.1, 0.5, 0.9))

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2733; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem }
div.wide { overflow-x: auto }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #dde3e9; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
svg { width: 100%; font: 12px system-ui, sans-serif } svg text { fill: currentColor } line.grid { stroke: #8884 }
summary { cursor: pointer }
@media (prefers-color-scheme: dark) { body { background: #12181f; color: #dbe4ec } th, td { border-color: #2c3946 } }
"""


def page(
    tables: Sequence[PoolTable],
    said: Mapping[str, Sequence[Said]],
    rows: Sequence[Row],
    configuration: Configuration,
    before: Sequence[Row] | None,
) -> str:
    """Return the page; `before` are the scores of another run to compare with."""
    first = next(iter(said))
    title = f"Backtest from {configuration.report_from}"
    parts = [
        f"<h1>{title}</h1><p>{escape(LEGEND)}</p>",
        *_scores(rows),
        _comparison(rows, before) if before is not None else "",
        f"<h2>Error over time, +{configuration.horizons[0]}</h2>",
        *_errors(tables, said, configuration),
        f"<h2>Worst series, +{configuration.horizons[0]}</h2>",
        f"<p>By the error of {escape(first)}, in mean demand. The band is from 0.1 to 0.9, dots are what came.</p>",
        *_worst(tables, said, configuration),
        "<h2>Mean demand by time of the week</h2>",
        *(f"<h3>{escape(table.name)}</h3>{_profile(table, configuration)}" for table in tables[:SERIES_SHOWN]),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _scores(rows: Sequence[Row]) -> Iterator[str]:
    for ahead, own in groupby(rows, key=lambda row: row.ahead):
        head = "".join(f"<th>{escape(one)}</th>" for one in (ahead, *COLUMNS))
        yield _table(head, [cells(row) for row in own])


def _table(head: str, body: Sequence[Sequence[str]]) -> str:
    shown = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{shown}</tbody></table></div>'


def _comparison(rows: Sequence[Row], before: Sequence[Row]) -> str:
    """Return how much every score is of what it was, for what both runs have."""
    old = {(row.method, row.ahead): row for row in before}
    body = []
    for row in rows:
        was = old.get((row.method, row.ahead))
        if was is not None:
            pairs = ((row.mae, was.mae), (row.pinball, was.pinball), (row.interval_score, was.interval_score))
            body.append((f"{row.method} {row.ahead}", *(_change(*pair) for pair in pairs)))
    head = "<th></th><th>MAE</th><th>pinball</th><th>interval score</th>"
    return f"<h2>Against the run before</h2>{_table(head, body)}"


def _change(now: float | None, before: float | None) -> str:
    return f"{100 * (now / before - 1):+.1f}%" if now is not None and before else "-"


def _errors(
    tables: Sequence[PoolTable], said: Mapping[str, Sequence[Said]], configuration: Configuration
) -> Iterator[str]:
    """Yield the mean absolute errors of each pool's median, smoothed to a few points."""
    ahead = configuration.horizons[0]
    for place, table in enumerate(tables[:SERIES_SHOWN]):
        span = reported(table, configuration)
        curves = {}
        for method, own in said.items():
            missed = np.abs(own[place].quantiles[ahead][span][..., MIDDLE] - table.values[span])
            curves[method] = _coarse(missed)
        yield f"<h3>{escape(table.name)}</h3>" + drawing.lines(curves, *_ends(table, span, configuration))


def _coarse(missed: Float64s) -> Float64s:
    """Return the means of at most `ERROR_POINTS` stretches of (periods, series)."""
    edges = np.unique(np.linspace(0, len(missed), min(ERROR_POINTS, len(missed)) + 1).astype(int))
    stretches = [missed[start:stop] for start, stop in pairwise(edges)]
    return np.array([np.nanmean(one) if not np.isnan(one).all() else np.nan for one in stretches])


def _worst(
    tables: Sequence[PoolTable], said: Mapping[str, Sequence[Said]], configuration: Configuration
) -> Iterator[str]:
    """Yield a folded chart of each of the series that the first method missed most."""
    first, ahead = next(iter(said)), configuration.horizons[0]
    found = []
    for place, table in enumerate(tables):
        span = reported(table, configuration)
        for one in range(len(table.series)):
            came = table.values[span, one]
            missed = {name: np.abs(own[place].quantiles[ahead][span, one, MIDDLE] - came) for name, own in said.items()}
            if np.isnan(missed[first]).all() or not np.nansum(came):
                continue
            shares = {name: float(np.nanmean(miss) / np.nanmean(came)) for name, miss in missed.items()}
            found.append((shares[first], place, one, shares))
    for number, (_, place, one, shares) in enumerate(sorted(found, key=lambda each: -each[0])[:SERIES_SHOWN]):
        table, span = tables[place], reported(tables[place], configuration)
        last = slice(max(span.start, span.stop - POINTS_MAX), span.stop)
        quantiles = said[first][place].quantiles[ahead][last, one]
        chart = drawing.band(
            quantiles[:, LOW], quantiles[:, MIDDLE], quantiles[:, HIGH], table.values[last, one],
            *_ends(table, last, configuration),
        )  # fmt: skip
        told = ", ".join(f"{name} {100 * share:.1f}%" for name, share in shares.items() if not np.isnan(share))
        name = f"{table.name} / {table.series[one]}"
        is_open = " open" if number == 0 else ""
        yield f"<details{is_open}><summary>{escape(name)}: {escape(told)}</summary>{chart}</details>"


def _profile(table: PoolTable, configuration: Configuration) -> str:
    """Return the mean demand of all series, a row a weekday and a column an hour; of days, a column a month."""
    slots = np.array([slot.of_week for slot in table.slots])
    per_day = max(SLOTS_PER_WEEK[configuration.period] // 7, 1)
    demand = np.where(np.isnan(table.values).all(axis=1), np.nan, np.nansum(table.values, axis=1))
    if per_day == 1:
        names: tuple[str, ...] = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
        zone = ZoneInfo(configuration.timezone)
        columns = np.array([datetime.fromtimestamp(at, zone).month - 1 for at in table.starts_s.tolist()])
    else:
        names = tuple(f"{hour}h" for hour in range(24))
        columns = slots % per_day * 24 // per_day
    sums, counts = np.zeros((7, len(names))), np.zeros((7, len(names)))
    known = ~np.isnan(demand)
    np.add.at(sums, (slots[known] // per_day, columns[known]), demand[known])
    np.add.at(counts, (slots[known] // per_day, columns[known]), 1.0)
    means = np.where(counts > 0, sums / np.maximum(counts, 1.0), np.nan)
    return drawing.heat_map(means, DAYS, names) if known.any() else "<p>No demand.</p>"


def _ends(table: PoolTable, span: slice, configuration: Configuration) -> tuple[str, str]:
    """Return the first and the last period of a span, as text."""
    zone = ZoneInfo(configuration.timezone)
    shown = "%Y-%m-%d" if configuration.period == "day" else "%Y-%m-%d %H:%M"
    ends = (table.starts_s[span.start], table.starts_s[span.stop - 1])
    first, last = (datetime.fromtimestamp(float(at), zone).strftime(shown) for at in ends)
    return first, last
