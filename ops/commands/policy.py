"""`headgate policy`: which trained policies there are, who is champion, and who may challenge it, while all runs."""

import argparse
import getpass
import time
from collections.abc import Iterator
from functools import partial

from ops.cli import settings_of
from ops.policy_registry import Registry, told_lines
from ops.training_shown import report
from policies import trained_files
from policies.aliases import Change, Word, challenged, promoted, rolled_back, withdrawn
from policies.errors import PolicyFileError
from policies.manifest import Manifest, Result
from streams.errors import ConfigurationError, UnavailableError
from streams.keys import seal_key
from streams.periods import utc_text

REASON_CHARACTERS_MAX = 200
HISTORY_SHOWN = 10
NOT_PROMOTED = 1  # exit status of a promotion that became a shadow


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    words = {
        "list": "all trained policies, champion and challenger, and what has changed",
        "show": "what one of them is: data, seeds, ranges, figures beside the rules",
        "promote": "make it champion if it is proven, else a shadow; or challenger, with or without a canary share",
        "rollback": "one step back: a canary's share ends, else the champion before this one returns",
        "withdraw": "no challenger any more",
    }
    for name, meaning in words.items():
        action = actions.add_parser(name, help=meaning, description=meaning)
        if name in ("show", "promote"):
            action.add_argument("policy", help="a version or its beginning; of a promotion also a rule's name")
        if name in ("promote", "rollback", "withdraw"):
            action.add_argument("--reason", default="", help="why; kept with the change")
        action.add_argument(
            "--offline", action="store_true", help="without Kafka: what DATA_DIR says, for workers of a new broker"
        )
        if name == "promote":
            action.add_argument("--to", choices=["champion", "challenger"], help="default champion")
            action.add_argument("--canary", type=float, metavar="SHARE", help="of the items that it decides: 0.1")
            action.add_argument("--judge-seed", type=int, metavar="N", help="judge it anew on worlds of this seed")
            action.add_argument(
                "--anew", action="store_true", help="pass over what the topic tells: it is of another seal key"
            )


def run(options: argparse.Namespace) -> int:
    """Do it; the exit status of a promotion that became a shadow is 1."""
    settings = settings_of(options)
    moved = trained_files.take_over(settings.data_dir)
    if moved:
        print(f"the policy that an older headgate had trained lies in {moved} now")
    if options.action == "list":
        return _list(options)
    anew = options.action == "promote" and options.anew
    registry = Registry.open(settings, seal_key(settings), offline=options.offline, anew=anew)
    if options.action == "show":
        return _show(registry, options.policy)
    if options.action == "promote":
        return _promote(registry, options)
    step = {"rollback": rolled_back, "withdraw": withdrawn}[options.action]
    after = registry.change(partial(step, word=_word(options)))
    _tell(told_lines(after), registry)
    return 0


def _list(options: argparse.Namespace) -> int:
    settings = settings_of(options)
    try:
        registry = Registry.open(settings, seal_key(settings), offline=options.offline)
    except UnavailableError as error:
        print(f"{error}\nwithout Kafka, this is what {settings.data_dir} says:")
        registry = Registry.open(settings, seal_key(settings), offline=True)
    aliases = registry.aliases
    print(f"{'version':<14}{'from':<9}{'made by':<12}{'head':<12}{'beside the best rule':<28}now")
    for version in registry.versions():
        print(_row(registry, version, [one for one in aliases.references if one.endswith(version)]))
    _tell(told_lines(aliases), registry)
    for change in aliases.history[-HISTORY_SHOWN:]:
        print(history_line(change))
    return 0


def _row(registry: Registry, version: str, references: list[str]) -> str:
    where = registry.where(version)
    try:
        manifest = registry.lineups.find(version).manifest
    except PolicyFileError as error:
        return f"{version:<14}{where:<9}{error}"
    now = {registry.aliases.champion: "champion", registry.aliases.challenger: "challenger"}
    parts = ", ".join(
        now.get(one, "the one before") + (f" ({one.partition('@')[0]})" if "@" in one else "") for one in references
    )
    return f"{version:<14}{where:<9}{manifest.algorithm:<12}{manifest.head:<12}{verdict(manifest.proof):<28}{parts}"


def _show(registry: Registry, text: str) -> int:
    manifest = registry.lineups.find(registry.reference(text).rpartition("@")[2]).manifest
    print("\n".join((*facts(manifest), *report(manifest))))
    return 0


def facts(manifest: Manifest) -> Iterator[str]:
    """Yield what a manifest says beside its table."""
    yield f"{manifest.version}: {manifest.name} by {manifest.algorithm}, head {manifest.head}"
    yield f"code        {manifest.code_version or 'not known'}"
    for name, values in (("data", manifest.data), ("seeds", manifest.seeds), ("training", manifest.training)):
        yield f"{name:<12}{', '.join(f'{key} {value}' for key, value in values.items()) or 'not known'}"
    yield f"features    {len(manifest.features)} of version {manifest.features_version}"
    if not manifest.ranges:
        yield "ranges      not known: nothing is called out of range"
    for name, (low, high) in zip(manifest.features, manifest.ranges, strict=False):
        yield f"  {name:<24}{low:>10.3g} to {high:.3g}"


def _promote(registry: Registry, options: argparse.Namespace) -> int:
    reference = registry.reference(options.policy)
    target = options.to or ("champion" if options.canary is None else "challenger")
    if target == "champion" and options.canary is not None:
        raise ConfigurationError("--canary is a challenger's share: leave out --to champion")
    proof = registry.proof(reference, options.judge_seed)
    proven = proof is None or proof.difference_high_ratio < 0
    if proof is not None:
        print(f"{reference} beside the best rule: {verdict(proof)}")
    word = _word(options)
    if target == "champion" and proven:
        after = registry.change(lambda before: promoted(before, reference, word))
    else:
        share = (options.canary or 0.0) if proven else 0.0
        after = registry.change(lambda before: challenged(before, reference, share, word))
    _tell(told_lines(after), registry)
    if proven or (target == "challenger" and not options.canary):
        return 0
    print("not promoted: the upper 95 % bound is not below zero, so it decides nothing and is recorded beside")
    return NOT_PROMOTED


def verdict(row: Result | None) -> str:
    """Return a network's paired difference to the best rule, with its 95 % interval.

    >>> verdict(None)
    'not compared'
    """
    if row is None:
        return "not compared"
    low, high = row.difference_low_ratio, row.difference_high_ratio
    return f"{row.difference_ratio:+.1%} [{low:+.1%}, {high:+.1%}]"


def history_line(change: Change) -> str:
    """Return one change as people read it."""
    share = f", canary {change.canary_ratio:.0%}" if change.canary_ratio else ""
    why = f": {change.reason}" if change.reason else ""
    head = f"{change.revision:>4}  {utc_text(change.at_s)}  {change.action} {change.policy}"
    return f"{head}{share} by {change.operator}{why}"


def _word(options: argparse.Namespace) -> Word:
    return Word(operator=getpass.getuser(), reason=options.reason.strip()[:REASON_CHARACTERS_MAX], at_s=time.time())


def _tell(lines: Iterator[str], registry: Registry) -> None:
    print("\n".join(lines))
    if registry.offline:
        print("offline: running workers have not been told; a worker takes this where its broker knows of no promotion")
