"""`headgate whatif`: other lead times, costs, demand, limits or policies, played from the live state; read only."""

import argparse
import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ops import amounts, policy_topic, situations
from ops.cli import settings_of
from ops.whatif import Comparison, Question, compare
from ops.whatif_text import render
from policies.registry import resolve
from simulator.inventory.whatif import interval
from streams.errors import ConfigurationError
from streams.keys import seal_key
from streams.lineups import Lineups

PERIODS, PATHS, SEED = 28, 400, 1
PERIODS_MAX, PATHS_MAX = 366, 20_000
CHANGES = {
    "lead_time": ("--lead-time", "+2, -1 or 5 periods from order to receipt"),
    "lost_sale_cost": ("--lost-sale-cost", "x1.5, +20% or 2.5 a unit"),
    "holding_cost": ("--holding-cost", "x1.5, +20% or 0.1 a unit and period"),
    "demand": ("--demand", "+20%, -10% or x1.5 of what is forecast; the forecasts know it"),
    "budget": ("--budget", "5000, x0.5 or -20% of what a pool may spend a period"),
    "capacity_units": ("--capacity", "900, x0.5 or -20% of the units that a pool may order a period"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser._negative_number_matcher = re.compile(r"^-\d.*$")  # noqa: SLF001  "--demand -10%" is no option, and argparse has no other way
    parser.add_argument("pool", nargs="?", help="the pool's id")
    parser.add_argument("--all", action="store_true", help="every controlled pool")
    for name, (option, meaning) in CHANGES.items():
        parser.add_argument(option, dest=name, metavar="CHANGE", help=meaning)
    parser.add_argument("--policy", metavar="NAME", help="another policy: a rule, a version, champion or challenger")
    parser.add_argument("--periods", type=int, default=PERIODS, help=f"that are played; default {PERIODS}")
    parser.add_argument("--paths", type=int, default=PATHS, help=f"of demand; default {PATHS}")
    parser.add_argument("--seed", type=int, default=SEED, help="of the paths; the same gives the same figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure")


def run(options: argparse.Namespace) -> int:
    """Play both cases and print them beside each other."""
    question = question_of(options)
    settings = settings_of(options)
    specs = situations.pools(settings, None if options.all else options.pool)
    now = [
        situations.situation(spec, view) for spec, view in zip(specs, situations.views(settings, specs), strict=True)
    ]
    lineups = Lineups(policy_topic.read(settings)[0], settings.data_dir, lambda: seal_key(settings))
    found = []
    for spec, one in zip(specs, now, strict=True):
        own = resolve(spec.policy, lineups.aliases(), lineups.find)
        other = resolve(options.policy, lineups.aliases(), lineups.find) if options.policy else own
        found.append(compare(spec, one, own, other, question))
    print(render(found, heading(options), periods=question.periods, paths=question.paths))
    if options.json:
        options.json.write_text(json.dumps([as_json(one) for one in found], indent=2) + "\n", encoding="utf-8")
        print(f"written: {options.json}")
    return 0


def question_of(options: argparse.Namespace) -> Question:
    """Return what is asked; raise ConfigurationError when that is nothing, or too much."""
    if (options.pool is None) == (not options.all):
        raise ConfigurationError("name one pool, or --all")
    changes = {
        name: amounts.parse(getattr(options, name), option)
        for name, (option, _) in CHANGES.items()
        if getattr(options, name) is not None
    }
    if not changes and options.policy is None:
        listed = ", ".join(option for option, _ in CHANGES.values())
        raise ConfigurationError(f"say what would be another way: {listed} or --policy")
    for name, most in (("periods", PERIODS_MAX), ("paths", PATHS_MAX)):
        number = getattr(options, name)
        if not 2 <= number <= most:
            raise ConfigurationError(f"--{name} {number}: 2 to {most:,} can be played")
    return Question(changes, options.periods, options.paths, options.seed)


def heading(options: argparse.Namespace) -> str:
    """Return what is changed, as it was typed."""
    typed = {option: getattr(options, name) for name, (option, _) in CHANGES.items()}
    told = [f"{option[2:].replace('-', ' ')} {change}" for option, change in typed.items() if change is not None]
    return ", ".join([*told, f"policy {options.policy}"] if options.policy else told)


def as_json(one: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values: means over the paths, item by item."""
    return {
        "pool_id": one.spec.pool_id,
        "currency": one.spec.currency,
        "difference": asdict(one.difference),
        **{
            name: {
                "cost": asdict(interval(case.cost.sum(axis=1))),
                "fill_ratio": case.fill_ratio,
                "stock_units": float(case.stock_units.sum(axis=1).mean()),
                "ordered_units": float(case.ordered_units.sum(axis=1).mean()),
                "out_of_range": case.out_of_range,
                "ordered_now": dict(zip(one.situation.observation.resource_ids, case.now_units.tolist(), strict=True)),
                "item_cost": dict(
                    zip(one.situation.observation.resource_ids, case.cost.mean(axis=0).tolist(), strict=True)
                ),
            }
            for name, case in (("now", one.base), ("changed", one.other))
        },
    }
