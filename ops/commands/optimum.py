"""`headgate optimum`: what the best policy of a small lost-sales world costs, proven, and how far simple rules are."""

import argparse
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
from rich.console import Console
from rich.progress import Progress, TaskID

from ops.optimum_tables import bed_table, order_table, rules_table
from simulator.inventory.long_run import simulate
from simulator.inventory.lost_sales import LostSales, geometric, negative_binomial, poisson
from simulator.inventory.optimum import Optimum, solve
from simulator.inventory.state_rules import best_rules
from simulator.inventory.stationary import StateSpaceError
from simulator.inventory.types import Float64s
from simulator.inventory.zipkin_bed import zipkin_bed
from streams.errors import ConfigurationError

FAMILIES: dict[str, tuple[Callable[..., Float64s], int]] = {  # and how many numbers describe one
    "poisson": (poisson, 1),
    "geometric": (geometric, 1),
    "negative-binomial": (negative_binomial, 2),
}
MEAN_MAX = 1_000.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--demand",
        default="poisson:5",
        metavar="LAW",
        help="poisson:MEAN, geometric:MEAN, negative-binomial:MEAN,SHAPE",
    )
    parser.add_argument("--lead-time", type=int, default=2, metavar="PERIODS", help="from order to delivery; default 2")
    parser.add_argument("--lost-sale-cost", type=float, default=9.0, metavar="COST", help="per unit lost; default 9")
    parser.add_argument(
        "--holding-cost", type=float, default=1.0, metavar="COST", help="per unit and period; default 1"
    )
    parser.add_argument("--order-cost", type=float, default=0.0, metavar="COST", help="per order, whatever its size")
    parser.add_argument("--minimum-order", type=int, default=1, metavar="UNITS", help="the smallest order")
    parser.add_argument("--pack-size", type=int, default=1, metavar="UNITS", help="orders are multiples of it")
    parser.add_argument("--play", type=int, default=0, metavar="PERIODS", help="also play the optimum for so long")
    parser.add_argument("--seed", type=int, default=0, help="of the demand it is played on")
    parser.add_argument("--zipkin", action="store_true", help="solve the 32 published instances and compare instead")


def run(options: argparse.Namespace) -> int:
    """Print the optimum and its neighbours; 1 when a published cost is not met."""
    console = Console()
    if options.zipkin:
        return _zipkin(console)
    instance = instance_of(options)
    try:
        best = _solved(instance)
    except StateSpaceError as error:
        raise ConfigurationError(
            f"{error}; choose a shorter lead time, less demand or a lower lost-sale cost"
        ) from error
    console.print(rules_table(best, best_rules(instance)), order_table(best, instance))
    if options.play > 0:
        played = simulate(instance, best.rule, options.play, np.random.default_rng(options.seed))
        console.print(
            f"played for {played.periods:,} periods: {played.cost:.5f} +- {played.standard_error:.5f} a period"
        )
    return 0


def instance_of(options: argparse.Namespace) -> LostSales:
    """Return the world that was described; raise ConfigurationError naming the option that cannot be."""
    for name, least in (("lead_time", 1), ("minimum_order", 1), ("pack_size", 1), ("order_cost", 0)):
        if getattr(options, name) < least:
            raise ConfigurationError(f"--{name.replace('_', '-')} {getattr(options, name)}: has to be {least} or more")
    for name in ("lost_sale_cost", "holding_cost"):
        if not 0.0 < getattr(options, name) < float("inf"):
            raise ConfigurationError(f"--{name.replace('_', '-')} {getattr(options, name)}: has to be above 0")
    return LostSales(
        demand_probability=_demand(options.demand),
        lead_time_periods=options.lead_time,
        lost_sale_cost=options.lost_sale_cost,
        holding_cost=options.holding_cost,
        order_cost=options.order_cost,
        minimum_order_units=options.minimum_order,
        pack_size_units=options.pack_size,
    )


def _demand(words: str) -> Float64s:
    family, _, numbers = words.partition(":")
    try:
        law, count = FAMILIES[family]
        values = [float(one) for one in numbers.split(",")]
    except (KeyError, ValueError) as error:
        raise ConfigurationError(
            f"--demand {words}: has to be poisson:MEAN, geometric:MEAN or negative-binomial:MEAN,SHAPE"
        ) from error
    if len(values) != count or not all(0.0 < one <= MEAN_MAX for one in values):
        raise ConfigurationError(f"--demand {words}: {family} takes {count} number(s) above 0, at most {MEAN_MAX:g}")
    return law(*values)


def _solved(instance: LostSales) -> Optimum:
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        bar = progress.add_task("solving", total=None)
        return solve(instance, told=partial(_tell, progress, bar))


def _tell(progress: Progress, bar: TaskID, line: str) -> None:
    progress.update(bar, description=line)


def _zipkin(console: Console) -> int:
    found = []
    for one in zipkin_bed():
        if sys.stderr.isatty():
            print(f"{one.name}   ", end="\r", file=sys.stderr, flush=True)
        found.append((one, solve(one.world)))
    table, worst = bed_table(found)
    console.print(table)
    return 0 if worst <= 1e-5 else 1
