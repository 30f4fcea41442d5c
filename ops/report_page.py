"""A report in, one self-contained HTML page out: table, conclusions, cost by week. No request leaves it."""

from collections.abc import Sequence
from html import escape
from itertools import accumulate

from ops.comparison import Arm
from ops.report import FORESIGHT, HEADGATE, RULE, Report
from ops.report_text import MODELS, POLICIES, cells, conclusions, footing, headings, who_decided

WIDTH_PX, HEIGHT_PX, MARGIN_PX, LABEL_PX = 900, 300, 60, 17
COLOURS = {HEADGATE: "#0b6e4f", RULE: "#b3541e", FORESIGHT: "#5c6b7a"}  # told apart by the colour-blind, and by labels

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2733; background: #fff; max-width: 62rem; margin: 2rem auto;
  padding: 0 1rem }
table { border-collapse: collapse; margin: 1.5rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid #dde3e9; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
tr.pool th { background: #f2f5f8; text-align: left }
p.small { color: #5c6b7a; font-size: 13px }
@media (prefers-color-scheme: dark) { body { background: #12181f; color: #dbe4ec } tr.pool th { background: #1d2732 }
  th, td { border-color: #2c3946 } }
"""


def render_page(report: Report) -> str:
    """Return the page."""
    title = f"Headgate from {escape(report.first)} to {escape(report.last)}"
    told = "".join(f"<p>{escape(line)}</p>" for line in conclusions(report))
    small = "".join(f'<p class="small">{escape(line)}</p>' for line in footing(report) if line)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{title}</h1><p>{report.periods} periods, {report.items} items.</p>"
        f"{told}{_table(report)}<h2>Cost so far, {escape(report.currency)}</h2>{_chart(report)}"
        f"{_listed(POLICIES, who_decided(report))}{_listed(MODELS, report.models)}{small}</body></html>\n"
    )


def _listed(heading: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f"<h2>{heading}</h2><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def _table(report: Report) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings(report))
    body = _rows(report, report.total)
    for pool_id, arms in report.pools.items():
        body += f'<tr class="pool"><th colspan="{len(headings(report))}">{escape(pool_id)}</th></tr>'
        body += _rows(report, arms)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _rows(report: Report, arms: dict[str, Arm]) -> str:
    rows = (cells(report, name, arms) for name in (HEADGATE, RULE, FORESIGHT))
    return "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)


def _chart(report: Report) -> str:
    """Return cumulative cost by week as inline SVG, each line labelled at its end."""
    curves = {name: [0.0, *accumulate(costs)] for name, costs in report.weekly.items()}
    top = max(max(curve) for curve in curves.values()) or 1.0
    weeks = max(len(curve) for curve in curves.values()) - 1
    wide, high = WIDTH_PX - 3 * MARGIN_PX, HEIGHT_PX - MARGIN_PX
    drawn, label_y = [], float("inf")
    for name, curve in sorted(curves.items(), key=lambda item: item[1][-1]):  # from below: labels keep their distance
        points = [
            (MARGIN_PX + wide * week / max(weeks, 1), 20 + high * (1 - cost / top)) for week, cost in enumerate(curve)
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        x, y = points[-1]
        label_y = min(y, label_y - LABEL_PX)
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'
            f'<text x="{x + 6:.1f}" y="{label_y + 4:.1f}" fill="{COLOURS[name]}" font-size="13">{escape(name)}</text>'
        )
    base = 20 + high
    axis = (
        f'<line x1="{MARGIN_PX}" y1="{base}" x2="{MARGIN_PX + wide}" y2="{base}" stroke="#8a97a5"/>'
        f'<text x="{MARGIN_PX - 6}" y="{base + 4}" text-anchor="end" font-size="12" fill="#8a97a5">0</text>'
        f'<text x="{MARGIN_PX - 6}" y="24" text-anchor="end" font-size="12" fill="#8a97a5">{top:,.0f}</text>'
        f'<text x="{MARGIN_PX + wide}" y="{base + 18}" text-anchor="end" font-size="12" fill="#8a97a5">'
        f"week {weeks}</text>"
    )
    label = "Cumulative cost by week of Headgate, the rule alone and perfect foresight"
    return (
        f'<svg viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" width="100%" role="img" aria-label="{label}">'
        f"{axis}{''.join(drawn)}</svg>"
    )
