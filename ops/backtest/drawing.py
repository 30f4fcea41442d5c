"""Numbers in, inline SVG out: lines over time, a band with what came, a heat map. NaN breaks a line."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

import numpy as np

from online_models.base import Float64s

WIDTH_PX, HEIGHT_PX, LEFT_PX, BELOW_PX = 900, 240, 64, 22
COLOURS = ("#0b6e4f", "#b3541e", "#4a63a8", "#8a5a99", "#7a6a1e", "#5c6b7a")  # told apart by the colour-blind
CELL_PX = 22


def lines(curves: Mapping[str, Float64s], first: str, last: str) -> str:
    """Return the curves, (points,) each, with their names; `first` and `last` say what the ends are."""
    top = max((float(np.nanmax(curve)) for curve in curves.values() if not np.isnan(curve).all()), default=1.0)
    drawn = "".join(
        f'<path d="{_path(curve, top)}" fill="none" stroke="{colour}" stroke-width="1.75"/>'
        for curve, colour in zip(curves.values(), COLOURS, strict=False)
    )
    return _framed(drawn, top, first, last) + _legend(curves)


def band(low: Float64s, middle: Float64s, high: Float64s, came: Float64s, first: str, last: str) -> str:
    """Return a band with its middle, and what came as dots, (points,) each."""
    top = max((float(np.nanmax(curve)) for curve in (high, came) if not np.isnan(curve).all()), default=1.0)
    drawn = ""
    for part in _whole(low + high):
        there = _path(low[part], top, part.start, len(low))
        back = _path(high[part][::-1], top, part.start, len(low), back=True)
        drawn += f'<path d="{there} {back} Z" fill="{COLOURS[0]}" fill-opacity=".2"/>'
    drawn += f'<path d="{_path(middle, top)}" fill="none" stroke="{COLOURS[0]}" stroke-width="1.5"/>'
    drawn += "".join(
        f'<circle cx="{_x(place, len(came)):.1f}" cy="{_y(value, top):.1f}" r="2" fill="{COLOURS[1]}"/>'
        for place, value in enumerate(came.tolist())
        if not np.isnan(value)
    )
    return _framed(drawn, top, first, last)


def heat_map(cells: Float64s, rows: Sequence[str], columns: Sequence[str]) -> str:
    """Return the cells, (rows, columns), light to dark, with what each is when pointed at."""
    top = float(np.nanmax(cells)) or 1.0
    wide, high = LEFT_PX + CELL_PX * len(columns), CELL_PX * len(rows) + BELOW_PX
    drawn = "".join(
        f'<rect x="{LEFT_PX + column * CELL_PX}" y="{row * CELL_PX}" width="{CELL_PX - 1}" height="{CELL_PX - 1}" '
        f'fill="{COLOURS[0]}" fill-opacity="{max(value / top, 0.0):.2f}">'
        f"<title>{escape(rows[row])} {escape(columns[column])}: {value:.4g}</title></rect>"
        for (row, column), value in np.ndenumerate(cells)
        if not np.isnan(value)
    )
    drawn += "".join(
        f'<text x="{LEFT_PX - 6}" y="{row * CELL_PX + 15}" text-anchor="end">{escape(name)}</text>'
        for row, name in enumerate(rows)
    )
    step = max(len(columns) // 12, 1)
    drawn += "".join(
        f'<text x="{LEFT_PX + place * CELL_PX}" y="{high - 6}">{escape(columns[place])}</text>'
        for place in range(0, len(columns), step)
    )
    return f'<svg viewBox="0 0 {wide} {high}" role="img" style="max-width:{wide}px">{drawn}</svg>'


def _framed(drawn: str, top: float, first: str, last: str) -> str:
    base = HEIGHT_PX - BELOW_PX
    marks = "".join(
        f'<text x="{LEFT_PX - 6}" y="{_y(value, top) + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        f'<line x1="{LEFT_PX}" x2="{WIDTH_PX}" y1="{_y(value, top):.1f}" y2="{_y(value, top):.1f}" class="grid"/>'
        for value in (0.0, top / 2, top)
    )
    ends = f'<text x="{LEFT_PX}" y="{base + 18}">{escape(first)}</text>'
    ends += f'<text x="{WIDTH_PX}" y="{base + 18}" text-anchor="end">{escape(last)}</text>'
    return f'<svg viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" role="img">{marks}{drawn}{ends}</svg>'


def _legend(names: Mapping[str, Float64s]) -> str:
    shown = "".join(
        f'<span style="color:{colour}">&#9632;</span> {escape(name)} '
        for name, colour in zip(names, COLOURS, strict=False)
    )
    return f"<p>{shown}</p>"


def _path(curve: Float64s, top: float, start: int = 0, total: int | None = None, *, back: bool = False) -> str:
    """Return the commands of a path; `back` goes from the right to the left, on from where another ended."""
    total = total or len(curve)
    commands, pen_is_up = [], not back
    for place, value in enumerate(curve.tolist()):
        if np.isnan(value):
            pen_is_up = True
            continue
        at = start + (len(curve) - 1 - place if back else place)
        commands.append(f"{'M' if pen_is_up else 'L'}{_x(at, total):.1f},{_y(value, top):.1f}")
        pen_is_up = False
    return " ".join(commands)


def _whole(curve: Float64s) -> Iterator[slice]:
    """Yield the stretches without a hole."""
    known = np.concatenate([[False], ~np.isnan(curve), [False]])
    edges = np.flatnonzero(known[1:] != known[:-1])
    for start, stop in edges.reshape(-1, 2).tolist():
        yield slice(start, stop)


def _x(place: int, count: int) -> float:
    return LEFT_PX + (WIDTH_PX - LEFT_PX) * (place / max(count - 1, 1))


def _y(value: float, top: float) -> float:
    return 6.0 + (HEIGHT_PX - BELOW_PX - 6.0) * (1.0 - value / (top or 1.0))
