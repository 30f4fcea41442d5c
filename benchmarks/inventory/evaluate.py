"""Any world described in TOML: what every policy costs there, and how far that is from the best rule, with errors.

    python -m benchmarks.inventory evaluate --world examples/worlds/lost-sales.toml

Rules are tuned on other worlds than the judged ones, or on an earlier span where series are replayed. `--quick` judges
on fewer worlds. Where the world can be solved exactly, each policy is set beside the proven optimum too.
"""

import argparse
from collections.abc import Iterator

from benchmarks.figures import Figure
from ops.commands.evaluate import bound, judge
from ops.evaluation.world import add_policies, add_world, judged_from
from policies.inventory.rules import RULES
from simulator.training.standings import Interval, Standing
from simulator.training.tournament import NORMAL_975

QUICK_WORLDS = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the world, how many are drawn of it, and the policies."""
    add_world(parser)
    add_policies(parser, [*RULES, "learned"])
    parser.set_defaults(broker=None, redis=None, data_dir=None)  # as in the environment: where policies lie


def figures(options: argparse.Namespace) -> list[Figure]:
    """Return the figures of every policy."""
    if options.quick:
        options.seeds = min(options.seeds, QUICK_WORLDS)
    judged = judged_from(options, print)
    rows = judge(judged)
    found = [figure for row in rows for figure in _figures(judged.name, row)]
    proven, words = bound(judged, rows)
    print(words)
    if proven is not None:
        found.append(Figure(f"{judged.name}: proven optimum", proven.cost, "currency"))
        found += [
            Figure(f"{judged.name}: {row.policy}, above the optimum", 100 * (row.cost.mean / proven.cost - 1), "%")
            for row in rows
        ]
    return found


def _figures(world: str, row: Standing) -> Iterator[Figure]:
    best = row.cost.mean - row.difference.mean
    where = f"{world}: {row.policy}"
    yield Figure(f"{where}, cost per pool and period", row.cost.mean, "currency")
    yield Figure(f"{where}, its standard error", _standard_error(row.cost), "currency")
    if best > 0:
        yield Figure(f"{where}, above the best rule, paired", 100 * row.difference.mean / best, "%")
        yield Figure(f"{where}, standard error of that", 100 * _standard_error(row.difference) / best, "%")
    for part, cost in row.parts.items():
        if cost > 0:
            yield Figure(f"{where}, of it {part.replace('_', ' ')}", cost, "currency")
    yield Figure(f"{where}, fill rate", 100 * row.fill_ratio, "%")
    yield Figure(f"{where}, cycle service", 100 * row.service_ratio, "%")


def _standard_error(one: Interval) -> float:
    return (one.high - one.low) / 2 / NORMAL_975
