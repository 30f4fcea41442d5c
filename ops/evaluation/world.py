"""`--world`, `--policies` and `--seeds` in, the setting and the policies to compare out."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

from ops.cli import settings_of
from policies.inventory.rules import RULES
from policies.registry import InventoryPolicy, load_policy
from simulator.inventory.toml_section import WorldFileError
from simulator.inventory.world import Setting
from simulator.inventory.world_file import read
from simulator.training.tuning import earlier, tune_rule
from streams.errors import ConfigurationError
from streams.keys import seal_key

# Rules are tuned on other worlds, or an earlier span, than those everybody is judged on.
TUNING_SEED, JUDGING_SEED = 71_003, 91_003
TUNING_WORLDS = 24
WORLDS, WORLDS_MAX = 100, 5_000
LEARNED = ("champion", "learned")


@dataclass(frozen=True, slots=True)
class Judged:
    """A world and the policies that live in it."""

    name: str  # of the world
    setting: Setting
    policies: dict[str, InventoryPolicy]


def add_world(parser: argparse.ArgumentParser) -> None:
    """Add the options of a world and of how many are drawn of it."""
    parser.add_argument(
        "--world", type=Path, metavar="FILE", help="a world in TOML, see docs/worlds.md; default: retail as it is live"
    )
    parser.add_argument(
        "--seeds", type=int, default=WORLDS, metavar="N", help=f"worlds drawn of it, all alike; default {WORLDS}"
    )


def add_policies(parser: argparse.ArgumentParser, default: Sequence[str]) -> None:
    """Add the choice of policies."""
    known = ", ".join((*RULES, *LEARNED))
    parser.add_argument(
        "--policies", default=",".join(default), metavar="A,B", help=f"default: {', '.join(default)}; known: {known}"
    )


def setting_from(options: argparse.Namespace) -> tuple[str, Setting]:
    """Return the name and the setting of the world; raise ConfigurationError when the file or the number is wrong."""
    if not 2 <= options.seeds <= WORLDS_MAX:
        raise ConfigurationError(f"--seeds {options.seeds}: from 2 to {WORLDS_MAX} are possible")
    if options.world is None:
        return "retail", Setting(worlds=options.seeds, periods=112)
    try:
        return options.world.stem, replace(read(options.world), worlds=options.seeds)
    except WorldFileError as error:
        raise ConfigurationError(str(error)) from error


def names_from(options: argparse.Namespace, known: Sequence[str] = (*RULES, *LEARNED)) -> list[str]:
    """Return the chosen policies; raise ConfigurationError that lists the known ones."""
    names = list(dict.fromkeys(word.strip() for word in options.policies.split(",") if word.strip()))
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
            raise ConfigurationError(f"--policies: no policy {name!r}; {meant}")
    if not names:
        raise ConfigurationError(f"--policies is empty; known: {', '.join(known)}")
    return names


def judged_from(options: argparse.Namespace, tell: Callable[[str], None]) -> Judged:
    """Return the world and its policies, rules tuned on earlier or other worlds than those of `JUDGING_SEED`."""
    name, setting = setting_from(options)
    chosen = names_from(options)
    policies: dict[str, InventoryPolicy] = {}
    for one in chosen:
        policies[one] = served(one, options) if one in LEARNED else rule_for(one, setting, tell)
    return Judged(name, setting, policies)


def rule_for(name: str, setting: Setting, tell: Callable[[str], None]) -> InventoryPolicy:
    """Return a rule tuned for a world."""
    try:
        rule = tune_rule(name, earlier(setting, TUNING_WORLDS), TUNING_SEED)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    tell(f"{name} tuned: {rule.version}")
    return rule


def served(name: str, options: argparse.Namespace) -> InventoryPolicy:
    """Return a policy as it is served live."""
    settings = settings_of(options)
    return load_policy(name, data_dir=settings.data_dir, seal_key=seal_key(settings))
