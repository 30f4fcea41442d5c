"""Tables and charts in, one self-contained HTML page out. No request leaves it, no script runs in it."""

from collections.abc import Sequence
from html import escape

from ops.backtest.drawing import COLOURS
from ops.backtest.page import STYLE
from ops.evaluation.text import LEGEND, PART_NAMES, amount, cells, headings, paid_parts, scale_of
from simulator.inventory.types import PARTS
from simulator.training.standings import Standing

WIDTH_PX, LEFT_PX, BAR_PX = 900, 170, 30
PART_COLOURS = dict(zip(PARTS, COLOURS, strict=False))


def page(title: str, parts: Sequence[str]) -> str:
    """Return the page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"{''.join(parts)}</body></html>\n"
    )


def standings_of(rows: Sequence[Standing]) -> list[str]:
    """Return the table and the chart of standings."""
    return [
        f"<p>{escape(LEGEND)}</p>",
        table(headings(rows), [cells(row, rows) for row in rows]),
        stacked(rows),
        "<h2>Parameters</h2>",
        table(["policy", "version"], [[row.policy, row.version] for row in rows]),
    ]


def table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """Return an HTML table."""
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    shown = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{shown}</tbody></table></div>'


def stacked(rows: Sequence[Standing]) -> str:
    """Return the costs as stacked bars, with the 95 % interval of each sum as a whisker."""
    top, room = scale_of(rows) * 1.1, WIDTH_PX - LEFT_PX - 80
    drawn = ""
    for place, row in enumerate(rows):
        y, x = place * BAR_PX + 4, float(LEFT_PX)
        drawn += f'<text x="{LEFT_PX - 8}" y="{y + 16}" text-anchor="end">{escape(row.policy)}</text>'
        for part in PARTS:
            wide = min(room * row.parts[part] / top, LEFT_PX + room - x)
            drawn += (
                f'<rect x="{x:.1f}" y="{y}" width="{max(wide, 0.0):.1f}" height="{BAR_PX - 8}" '
                f'fill="{PART_COLOURS[part]}"><title>{escape(row.policy)} {PART_NAMES[part]}: '
                f"{amount(row.parts[part])}</title></rect>"
            )
            x += max(wide, 0.0)
        low, high = (LEFT_PX + min(room * end / top, room) for end in (row.cost.low, row.cost.high))
        middle = y + (BAR_PX - 8) / 2
        drawn += f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="currentColor"/>'
        drawn += f'<text x="{max(x, high) + 6:.1f}" y="{y + 16}">{amount(row.cost.mean)}</text>'
    legend = " ".join(
        f'<span style="color:{PART_COLOURS[part]}">&#9632;</span> {PART_NAMES[part]}' for part in paid_parts(rows)
    )
    height = len(rows) * BAR_PX + 8
    return f'<svg viewBox="0 0 {WIDTH_PX} {height}" role="img">{drawn}</svg><p>{legend}</p>'
