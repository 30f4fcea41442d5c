"""`headgate optimum`: what the best policy of a small lost-sales world costs, proven, and how far simple rules are."""

import argparse
import sys
from functools import partial
from time import process_time

import numpy as np
from rich.console import Console
from rich.progress import Progress, TaskID

from ops.optimum_tables import bed_table, order_table, played_table, rules_table
from ops.optimum_words import hidden_of, instance_of, shops_of
from ops.optimum_worlds import backlog_table, hidden_tables, shops_table
from simulator.inventory.long_run import simulate
from simulator.inventory.lost_sales import LostSales
from simulator.inventory.optimum import Optimum, solve
from simulator.inventory.played_rules import best_played_rules
from simulator.inventory.state_rules import BestRule, best_rules
from simulator.inventory.stationary import StateSpaceError, evaluate_exactly
from simulator.inventory.zipkin_bed import zipkin_bed
from streams.errors import ConfigurationError

EXACT_LEAD_PERIODS_MAX = 4  # beyond, rules reach so many more states than the optimum that they are played
PLAY_USUAL = 2_000_000
PLAY_MAX = 50_000_000  # periods whose demand is drawn at once


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
    parser.add_argument(
        "--play",
        type=int,
        default=0,
        metavar="PERIODS",
        help="play for so long: the optimum, or the rules of a world too large",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the demand that is played")
    parser.add_argument(
        "--backlog", action="store_true", help="customers wait: a unit and period of it cost as a lost sale"
    )
    parser.add_argument(
        "--hidden",
        metavar="QUIET,BUSY,STAY",
        help="Poisson demand between two means that nobody sees, such as 3,8,0.9; lead time 1",
    )
    parser.add_argument(
        "--shop",
        action="append",
        metavar="LAW@COST",
        help="twice: two shops' demand and lost-sale cost, such as poisson:3@4; lead time 1",
    )
    parser.add_argument("--capacity", type=int, default=9, metavar="UNITS", help="what two shops get together a period")
    parser.add_argument(
        "--learn",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="learn a policy for so long on one core and compare it too; needs the extra `train`",
    )
    parser.add_argument("--zipkin", action="store_true", help="solve the 32 published instances and compare instead")


def run(options: argparse.Namespace) -> int:
    """Print the optimum and its neighbours; 1 when a published cost is not met."""
    console = Console()
    try:
        return _run(options, console)
    except StateSpaceError as error:
        raise ConfigurationError(str(error)) from error


def _run(options: argparse.Namespace, console: Console) -> int:
    periods = min(options.play or PLAY_USUAL, PLAY_MAX)
    if options.zipkin:
        return _zipkin(console)
    if options.hidden:
        console.print(*hidden_tables(hidden_of(options), periods, options.seed))
        return 0
    if options.shop:
        console.print(shops_table(shops_of(options), options.capacity, periods, options.seed))
        return 0
    instance = instance_of(options)
    if options.backlog:
        console.print(backlog_table(instance))
        return 0
    rng = np.random.default_rng(options.seed)
    try:
        best = _solved(instance)
    except StateSpaceError as error:
        return _played_only(console, instance, options.play, rng, error)
    sizes = instance.minimum_order_units > 1 or instance.pack_size_units > 1
    if instance.lead_time_periods > EXACT_LEAD_PERIODS_MAX and not sizes:
        rules = best_played_rules(instance, periods, rng)
    else:
        rules = best_rules(instance)
    if options.learn > 0.0:
        rules.append(_learned(instance, options.learn))
    console.print(rules_table(best, rules), order_table(best, instance))
    if options.play > 0:
        played = simulate(instance, best.rule, options.play, rng)
        console.print(
            f"the optimum, played for {played.periods:,} periods: {played.cost:.5f} +- {played.standard_error:.5f}"
        )
    return 0


def _played_only(
    console: Console, instance: LostSales, periods: int, rng: np.random.Generator, reason: StateSpaceError
) -> int:
    """Print the rules alone for a world that is too large, if its rules can be played."""
    sizes = instance.minimum_order_units > 1 or instance.pack_size_units > 1
    if periods <= 0 or periods > PLAY_MAX or sizes:
        raise ConfigurationError(
            f"{reason}; shorten the lead time or lower demand or lost-sale cost, or, without minimum order and pack "
            f"size, compare the rules alone with --play PERIODS, at most {PLAY_MAX:,}"
        ) from reason
    print(f"headgate optimum: {reason}; the rules alone, by play:", file=sys.stderr)
    console.print(played_table(best_played_rules(instance, periods, rng)))
    return 0


def _solved(instance: LostSales) -> Optimum:
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        bar = progress.add_task("solving", total=None)
        return solve(instance, told=partial(_tell, progress, bar))


def _learned(instance: LostSales, seconds: float) -> BestRule:
    """Return what a network that learns by the pathwise gradient for so long comes to, its orders whole."""
    if instance.order_cost or instance.minimum_order_units > 1 or instance.pack_size_units > 1:
        raise ConfigurationError("--learn is for worlds without order cost, minimum order and pack size")
    try:  # only here: nothing but learning needs torch
        from simulator.training.own_network import fast_rule, own_network  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(f"--learn needs the extra `train`: pip install 'headgate[train]' ({error})") from error
    network, _ = own_network(instance, seconds, process_time)
    rule = fast_rule(network, instance)
    return BestRule("learned", (), evaluate_exactly(instance, rule).cost, rule)


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
