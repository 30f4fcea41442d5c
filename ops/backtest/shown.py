"""Rows of scores in, tables for the terminal out: one for each number of periods ahead, 80 characters wide."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich import box
from rich.table import Table

from ops.backtest.result import Row

COLUMNS = ("values", "silent", "MAE", "MASE", "pinball", "in band", "score", "bias", "us")
LEGEND = (
    "MAE of the median, bias of the mean, pinball of 0.1, 0.5, 0.9 and 0.95, band from 0.1 to 0.9 with its interval "
    "score, us of processor for each period and series. All are scored on the values of which each said something."
)


def tables_of(rows: Sequence[Row]) -> Iterator[Table]:
    """Yield the scores."""
    for ahead, own in groupby(rows, key=lambda row: row.ahead):
        table = Table(box=box.SIMPLE_HEAD, padding=0, collapse_padding=True, pad_edge=False)
        table.add_column(ahead, no_wrap=True, min_width=16)
        for column in COLUMNS:
            table.add_column(column, justify="right", no_wrap=True)
        for row in own:
            table.add_row(*cells(row))
        yield table


def cells(row: Row) -> tuple[str, ...]:
    """Return a row of scores as text, the method first."""
    return (
        row.method,
        str(row.count),
        str(row.silent),
        *(_number(value) for value in (row.mae, row.mase, row.pinball)),
        _share(row.coverage),
        _number(row.interval_score),
        _share(row.bias),
        f"{row.cost_us:.0f}",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if value < 10 else f"{value:.4g}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"
