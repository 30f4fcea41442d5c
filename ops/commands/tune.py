"""`headgate tune`: a world and a rule in; the parameters that cost least, and what they save on new worlds, out."""

import argparse
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from rich.progress import Progress

from ops.commands.evaluate import write
from ops.evaluation import text
from ops.evaluation.world import JUDGING_SEED, TUNING_SEED, TUNING_WORLDS, add_world, setting_from
from policies.inventory.rules import RULES
from simulator.inventory import world
from simulator.inventory.world import Setting
from simulator.training.search import Found, Search, search
from simulator.training.standings import Standing, standings
from simulator.training.tournament import compete
from simulator.training.tuning import earlier
from streams.errors import ConfigurationError

TRIALS, TRIALS_MAX = 64, 10_000
EXTRA_ABSENT = "tuning needs optuna ({error}); install the extra: pip install 'headgate[train]'"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_world(parser)
    parser.add_argument("--policy", default="capped-base-stock", choices=RULES, help="default capped-base-stock")
    parser.add_argument("--trials", type=int, default=TRIALS, metavar="N", help=f"parameters tried; default {TRIALS}")
    parser.add_argument(
        "--storage", type=Path, metavar="FILE", help="an SQLite file: the same call goes on from what it keeps"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what was found")


def run(options: argparse.Namespace) -> int:
    """Search on worlds of one seed, compare with the default on worlds of another, and print both."""
    if not 1 <= options.trials <= TRIALS_MAX:
        raise ConfigurationError(f"--trials {options.trials}: from 1 to {TRIALS_MAX:,} are possible")
    name, setting = setting_from(options)
    console = text.console()
    found = _searched(options, setting)
    rows = _reported(options.policy, found, setting)
    again = f", {found.resumed} of them done before" if found.resumed else ""
    console.print(f"\nworld {name}, {options.policy}: best of {found.trials} trials{again}", highlight=False)
    for one in RULES[options.policy].parameters:
        console.print(
            f"  {one.name:<12} {found.values[one.name]:.4g}   (default {one.default:g}, tried from {one.low:g} to "
            f"{one.high:g})",
            highlight=False,
        )
    console.print(f"on {setting.worlds} worlds that the search has not seen; differences are to the default\n")
    console.print(text.table_of(rows))
    write(options.json, msgspec.json.format(msgspec.json.encode({"found": found, "standings": rows})) + b"\n")
    return 0


def _searched(options: argparse.Namespace, setting: Setting) -> Found:
    try:
        what = Search(options.policy, earlier(setting, TUNING_WORLDS), TUNING_SEED, options.trials, options.storage)
        with Progress(transient=True) as progress:
            bar = progress.add_task(f"tuning {options.policy}", total=options.trials)
            return search(what, lambda done, _: progress.update(bar, completed=done))
    except ImportError as error:
        raise ConfigurationError(EXTRA_ABSENT.format(error=error)) from error
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _reported(policy: str, found: Found, setting: Setting) -> tuple[Standing, ...]:
    rule = RULES[policy]
    both = {"default": rule.of({}), "tuned": rule.of(found.values)}
    scores = compete(both, world.draw(np.random.default_rng(JUDGING_SEED), setting))
    rows = standings(scores, {name: one.version for name, one in both.items()}, "default")
    return tuple(replace(row, policy=f"{policy}, {row.policy}") for row in rows)
