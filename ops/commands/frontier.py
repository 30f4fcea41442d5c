"""`headgate frontier`: a world and policies in; what each fill rate and cycle service costs with each of them out."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from rich.table import Table

from ops.commands.evaluate import write
from ops.evaluation import curves, page, text
from ops.evaluation.text import amount
from ops.evaluation.world import JUDGING_SEED, add_policies, add_world, judged_from
from simulator.inventory import world
from simulator.training.frontier import Point, frontier
from streams.errors import ConfigurationError

DEFAULT = ("base-stock", "capped-base-stock", "myopic", "service-level", "learned")
HEADS = ("policy", "asked", "cost of stock", "+-", "fill", "service", "cost in all", "")
LEGEND = (
    "Each policy is tuned for the world's own costs and then asked for other services: it is told another cost of a "
    "lost sale (the critical ratio), or its own level is turned. Cost of stock: holding, ordering and purchase per "
    "pool and period; cost in all adds the world's own penalties. "
    "* no other point, nor taking turns between two, does it for less."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_world(parser)
    add_policies(parser, DEFAULT)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every point")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page with charts")


def run(options: argparse.Namespace) -> int:
    """Tune the rules, ask every policy for several services on the same worlds, print and write what they cost."""
    console = text.console()
    judged = judged_from(options, lambda words: console.print(words, style="dim", highlight=False))
    try:
        scenario = world.draw(np.random.default_rng(JUDGING_SEED), judged.setting)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    points = frontier(judged.policies, scenario)
    console.print(f"\nworld {judged.name}: {judged.setting.worlds} pools, {judged.setting.periods} periods each\n")
    console.print(_table(points))
    console.print(f"\n{curves.characters(points)}", highlight=False)
    console.print(f"\n{LEGEND}", style="dim")
    write(options.json, msgspec.json.format(msgspec.json.encode(points)) + b"\n")
    charts = [f"<h2>Cost of stock against {kind}</h2>{curves.svg(points, kind)}" for kind in curves.OF]
    body = [f"<p>{LEGEND}</p>", *charts, page.table(HEADS, [_cells(point) for point in points])]
    write(options.html, page.page(f"Frontier of world {judged.name}", body).encode())
    return 0


def _table(points: Sequence[Point]) -> Table:
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for head in HEADS:
        table.add_column(head, justify="left" if head == "policy" else "right", no_wrap=True)
    for point in points:
        table.add_row(*_cells(point))
    return table


def _cells(point: Point) -> list[str]:
    return [
        point.policy,
        f"{point.asked:g}",
        amount(point.stock_cost.mean),
        amount(point.stock_cost.high - point.stock_cost.mean),
        f"{point.fill_ratio:.2%}",
        f"{point.service_ratio:.2%}",
        amount(point.cost),
        "*" if point.efficient else "",
    ]
