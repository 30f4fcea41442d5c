"""`headgate evaluate`: a world and policies in; who costs what there, and how sure that is, out."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from ops.evaluation import page, text
from ops.evaluation.world import JUDGING_SEED, Judged, add_policies, add_world, judged_from
from policies.inventory.rules import RULES
from simulator.inventory import world
from simulator.inventory.proven import Proven, UnsolvedError, solve
from simulator.training.standings import Standing, best_rule, standings
from simulator.training.tournament import compete
from streams.errors import ConfigurationError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_world(parser)
    add_policies(parser, [*RULES, "learned"])
    parser.add_argument(
        "--optimum", action="store_true", help="also what no policy can cost less than, where that can be proven"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page with a chart")


def run(options: argparse.Namespace) -> int:
    """Tune the rules, let all live through the same worlds, print the table and write what was asked for."""
    console = text.console()
    judged = judged_from(options, lambda words: console.print(words, style="dim", highlight=False))
    rows = judge(judged)
    console.print(f"\nworld {judged.name}: {judged.setting.worlds} pools, {judged.setting.periods} periods each\n")
    console.print(text.table_of(rows))
    console.print()
    console.print(text.bars(rows))
    proven = None
    if options.optimum:
        proven, words = bound(judged, rows)
        console.print(f"\n{words}", highlight=False)
    console.print(f"\n{text.LEGEND}", style="dim")
    told = {"world": judged.name, "pools": judged.setting.worlds, "proven": proven, "standings": rows}
    write(options.json, msgspec.json.format(msgspec.json.encode(told)) + b"\n")
    title = f"World {judged.name}, {judged.setting.worlds} pools"
    write(options.html, page.page(title, page.standings_of(rows)).encode())
    return 0


def judge(judged: Judged) -> Sequence[Standing]:
    """Return the standings of all policies on the same worlds."""
    try:
        scenario = world.draw(np.random.default_rng(JUDGING_SEED), judged.setting)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    scores = compete(judged.policies, scenario)
    versions = {name: policy.version for name, policy in judged.policies.items()}
    return standings(scores, versions, best_rule(scores, RULES))


def bound(judged: Judged, rows: Sequence[Standing]) -> tuple[Proven | None, str]:
    """Return the proven optimum, if this world has one, and a line that sets the best policy beside it."""
    try:
        proven = solve(judged.setting)
    except UnsolvedError as error:
        return None, f"No optimum is proven for this world: {error}."
    best = rows[0]
    return proven, (
        f"No policy can cost less than {text.amount(proven.cost)} in the long run ({proven.how}): {best.policy} is "
        f"{best.cost.mean / proven.cost - 1:+.2%} from it, +- {(best.cost.high - best.cost.mean) / proven.cost:.2%}."
    )


def write(path: Path | None, content: bytes) -> None:
    """Write a file that was asked for; raise ConfigurationError when that cannot be done."""
    if path is None:
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror})") from error
