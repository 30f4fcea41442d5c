"""Points of a frontier in, charts of cost against service out: characters for the terminal, SVG for a page."""

from collections.abc import Callable, Sequence
from html import escape

from ops.backtest.drawing import COLOURS
from ops.evaluation.text import amount
from simulator.training.frontier import Point

COLUMNS, ROWS = 72, 18  # of the chart of characters
WIDTH_PX, HEIGHT_PX, MARGIN_PX = 900, 360, 56
FILL, SERVICE = "fill", "service"
OF: dict[str, Callable[[Point], float]] = {
    FILL: lambda point: point.fill_ratio,
    SERVICE: lambda point: point.service_ratio,
}


def characters(points: Sequence[Point], kind: str = FILL) -> str:
    """Return a chart: cost of stock upwards, service to the right, a letter for each policy; the lowest is best."""
    names = _names(points)
    grid = [[" "] * COLUMNS for _ in range(ROWS)]
    left, right, top = _bounds(points, kind)
    for point in points:
        column = round((COLUMNS - 1) * (OF[kind](point) - left) / (right - left))
        row = ROWS - 1 - min(round((ROWS - 1) * point.stock_cost.mean / top), ROWS - 1)
        letter = chr(ord("a") + names.index(point.policy))
        grid[row][column] = letter if grid[row][column] in {" ", letter} else "+"
    lines = [f"{amount(top):>9} |{''.join(grid[0])}", *(f"{'':>9} |{''.join(row)}" for row in grid[1:])]
    ends = f"{left:.1%}{f'{right:.1%} {kind}':>{COLUMNS - 5}}"
    legend = ", ".join(f"{chr(ord('a') + place)} {name}" for place, name in enumerate(names))
    return "\n".join([*lines, f"{'0':>9} +{'-' * COLUMNS}", f"{'':>11}{ends}", f"{'':>11}{legend}, + several"])


def svg(points: Sequence[Point], kind: str) -> str:
    """Return a line for each policy, with the 95 % interval of each point's cost as a whisker."""
    names, (left, right, top) = _names(points), _bounds(points, kind)
    wide, high = WIDTH_PX - 2 * MARGIN_PX, HEIGHT_PX - MARGIN_PX

    def x(point: Point) -> float:
        return MARGIN_PX + wide * (OF[kind](point) - left) / (right - left)

    def y(cost: float) -> float:
        return 8 + (high - 8) * (1 - min(cost / top, 1.0))

    drawn = "".join(
        f'<text x="{MARGIN_PX - 6}" y="{y(cost) + 4:.1f}" text-anchor="end">{amount(cost)}</text>'
        f'<line x1="{MARGIN_PX}" x2="{WIDTH_PX}" y1="{y(cost):.1f}" y2="{y(cost):.1f}" class="grid"/>'
        for cost in (0.0, top / 2, top)
    )
    for name, colour in zip(names, COLOURS * (1 + len(names) // len(COLOURS)), strict=False):
        own = sorted((point for point in points if point.policy == name), key=OF[kind])
        path = " ".join(f"{x(one):.1f},{y(one.stock_cost.mean):.1f}" for one in own)
        drawn += f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.75"/>'
        drawn += "".join(_dot(one, x(one), y, colour) for one in own)
    drawn += f'<text x="{MARGIN_PX}" y="{HEIGHT_PX - 30}">{left:.1%}</text>'
    drawn += f'<text x="{MARGIN_PX + wide}" y="{HEIGHT_PX - 30}" text-anchor="end">{right:.1%} {kind}</text>'
    legend = " ".join(
        f'<span style="color:{colour}">&#9632;</span> {escape(name)}'
        for name, colour in zip(names, COLOURS * (1 + len(names) // len(COLOURS)), strict=False)
    )
    return f'<svg viewBox="0 0 {WIDTH_PX} {HEIGHT_PX}" role="img">{drawn}</svg><p>{legend}</p>'


def _dot(point: Point, at: float, y: Callable[[float], float], colour: str) -> str:
    low, high = y(point.stock_cost.low), y(point.stock_cost.high)
    told = f"{point.policy} asked for {point.asked:g}: {amount(point.stock_cost.mean)}, fill {point.fill_ratio:.2%}"
    return (
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="{colour}"/>'
        f'<circle cx="{at:.1f}" cy="{y(point.stock_cost.mean):.1f}" r="3" fill="{colour}">'
        f"<title>{escape(told)}</title></circle>"
    )


def _names(points: Sequence[Point]) -> list[str]:
    return list(dict.fromkeys(point.policy for point in points))


def _bounds(points: Sequence[Point], kind: str) -> tuple[float, float, float]:
    """Return the least and the greatest service, and the greatest cost of stock."""
    services = [OF[kind](point) for point in points]
    left, top = min(services), max(point.stock_cost.mean for point in points)
    return left, max(*services, left + 1e-6), max(top, 1e-9)
