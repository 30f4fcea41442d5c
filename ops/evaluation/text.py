"""Standings in, a table and bars for the terminal out."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from simulator.inventory.types import PARTS
from simulator.training.standings import Standing

PART_NAMES = {part: part.replace("_", " ") for part in PARTS}
SHADES = dict(zip(PARTS, "█▓▒░·", strict=True))
STYLES = dict(zip(PARTS, ("green", "red", "yellow", "blue", "magenta"), strict=True))
BAR_CHARACTERS = 60
WIDTH_MIN = 132  # a table is wider than the narrowest terminals; better wrapped by them than cut here
LEGEND = (
    "Cost per pool and period with its 95 % confidence interval; the difference is paired, on the same worlds, to the "
    "best rule. Fill: share of demand sold at once. Service: share of item-periods in which nobody was turned away."
)


def paid_parts(rows: Sequence[Standing]) -> list[str]:
    """Return the parts that cost anybody anything."""
    return [part for part in PARTS if any(row.parts[part] > 0 for row in rows)]


def console() -> Console:
    """Return a console on which a table has room."""
    found = Console()
    return Console(width=max(found.width, WIDTH_MIN))


def table_of(rows: Sequence[Standing]) -> Table:
    """Return the table, the cheapest first."""
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    table.add_column("policy", no_wrap=True)
    for head in headings(rows)[1:]:
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*cells(row, rows))
    return table


def headings(rows: Sequence[Standing]) -> list[str]:
    """Return the heads of the columns."""
    parts = [PART_NAMES[part] for part in paid_parts(rows)]
    return ["policy", "cost", "+-", "to best rule, 95 %", *parts, "fill", "service", "stock"]


def cells(row: Standing, rows: Sequence[Standing]) -> list[str]:
    """Return a row's cells as text."""
    return [
        row.policy,
        amount(row.cost.mean),
        amount(row.cost.high - row.cost.mean),
        _between(row),
        *(amount(row.parts[part]) for part in paid_parts(rows)),
        f"{row.fill_ratio:.2%}",
        f"{row.service_ratio:.2%}",
        amount(row.stock_units),
    ]


def bars(rows: Sequence[Standing]) -> Text:
    """Return a bar for each policy, split into the parts of its cost; what costs far more than most is cut off."""
    top = scale_of(rows)
    wide = max(len(row.policy) for row in rows)
    text = Text()
    for row in rows:
        text.append(f"{row.policy:<{wide}}  ")
        left = BAR_CHARACTERS
        for part in PARTS:
            length = min(round(BAR_CHARACTERS * row.parts[part] / top), left)
            text.append(SHADES[part] * length, style=STYLES[part])
            left -= length
        text.append(f" {amount(row.cost.mean)}{' (cut off)' if row.cost.mean > top else ''}\n")
    text.append(" " * (wide + 2))
    for part in paid_parts(rows):
        text.append(f"{SHADES[part]} {PART_NAMES[part]}  ", style=STYLES[part])
    return text


def scale_of(rows: Sequence[Standing]) -> float:
    """Return the cost that fills a bar: the largest, but no more than three times the smallest."""
    costs = [row.cost.mean for row in rows]
    return max(min(max(costs), 3.0 * min(costs)), 1e-9)


def amount(value: float) -> str:
    """Return a number with as many decimals as it needs.

    >>> amount(0.01234), amount(7.3782), amount(129.97), amount(12345.6)
    ('0.0123', '7.378', '130.0', '12,346')
    """
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{4 if abs(value) < 1 else 3 if abs(value) < 100 else 1}f}"


def _between(row: Standing) -> str:
    """Return the paired difference in percent of the best rule's cost, with its interval."""
    usual = row.cost.mean - row.difference.mean
    if usual <= 0:
        return "-"
    low, high = (100 * end / usual for end in (row.difference.low, row.difference.high))
    return f"{100 * row.difference_ratio:+.2f}% [{low:+.2f}, {high:+.2f}]"
