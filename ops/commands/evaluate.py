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
from simulator.training.standings import Standing, best_rule, standings
from simulator.training.tournament import compete
from streams.errors import ConfigurationError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_world(parser)
    add_policies(parser, [*RULES, "learned"])
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
    console.print(f"\n{text.LEGEND}", style="dim")
    write(options.json, msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
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


def write(path: Path | None, content: bytes) -> None:
    """Write a file that was asked for; raise ConfigurationError when that cannot be done."""
    if path is None:
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror})") from error
