"""`headgate dead-letters list|redrive`: what broke a rule and where, shown or appended again; never its payload."""

import argparse
from collections import Counter
from collections.abc import Sequence

from ops.cli import settings_of
from ops.hanging import columns, hanging
from streams import dead_letters
from streams.dead_letters import Place, Redriven
from streams.events import DeadLetter
from streams.periods import utc_text

LIST_DEFAULT = 50
REDRIVE_MAX = 10_000  # letters looked at by one redrive: the newest
PLACES_SHOWN_MAX = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the two actions and their options."""
    parser.set_defaults(rule=None, limit=LIST_DEFAULT)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="show the newest dead letters: place, rule, message")
    listing.add_argument("--rule", help="only those that broke this rule")
    listing.add_argument(
        "--limit", type=int, default=LIST_DEFAULT, metavar="N", help=f"look at the newest N (default {LIST_DEFAULT})"
    )
    again = actions.add_parser("redrive", help="append the original records again, after the cause is gone")
    which = again.add_mutually_exclusive_group(required=True)
    which.add_argument("--rule", help="those that broke this rule, e.g. unknown-resource")
    which.add_argument("--place", help="one record: topic/partition/offset")
    again.add_argument("--dry-run", action="store_true", help="say what would be sent, send nothing")
    again.add_argument("--force", action="store_true", help="also what would only break its rule again")


def run(options: argparse.Namespace) -> int:
    """List or redrive; return 0, or 1 when a redrive found nothing to send."""
    if options.action == "list":
        found = dead_letters.newest(settings_of(options), max(options.limit, 1))
        print(table(dead_letters.chosen(found, rule=options.rule), columns()))
        return 0
    place = Place.parse(options.place) if options.place else None
    settings = settings_of(options)
    wanted = dead_letters.chosen(dead_letters.newest(settings, REDRIVE_MAX), rule=options.rule, place=place)
    if not wanted:
        print(
            f"no dead letter {f'at {place}' if place else f'of rule {options.rule}'}; see `headgate dead-letters list`"
        )
        return 1
    outcome = dead_letters.redrive(settings, wanted, dry_run=options.dry_run, force=options.force)
    print(summary(outcome, dry_run=options.dry_run))
    return 0 if outcome.sent else 1


def table(letters: Sequence[DeadLetter], width: int) -> str:
    """Return the letters, a message going on below itself where it would pass `width`, and their count by rule."""
    if not letters:
        return "no dead letters"
    rows = [
        (utc_text(one.at_s), str(dead_letters.place_of(one)), one.rule, one.message.replace("\n", " "))
        for one in letters
    ]
    head = ("appended", "place", "rule", "message")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(3)]
    lines = [
        hanging("".join(cell.ljust(wide) + "  " for cell, wide in zip(row, widths, strict=False)), row[3], width)
        for row in [head, *rows]
    ]
    counts = ", ".join(f"{rule} {count}" for rule, count in Counter(one.rule for one in letters).most_common())
    return "\n".join([*lines, f"{len(letters)} shown: {counts}"])


def summary(outcome: Redriven, *, dry_run: bool) -> str:
    """Return what a redrive did, in plain words."""
    verb = "would be appended again" if dry_run else "appended again; each event keeps its id and counts once"
    lines = [f"{len(outcome.sent)} still there: {verb}{_named(outcome.sent)}"]
    if outcome.gone:
        lines.append(f"{len(outcome.gone)} too old: no longer in the log{_named(outcome.gone)}")
    for rule, count in Counter(rule for _, rule in outcome.hopeless).most_common():
        lines.append(f"{count} left alone: the same bytes break {rule} again; --force sends them all the same")
    return "\n".join(lines)


def _named(places: Sequence[Place]) -> str:
    if not places:
        return ""
    more = f" and {len(places) - PLACES_SHOWN_MAX} more" if len(places) > PLACES_SHOWN_MAX else ""
    return f" ({', '.join(map(str, places[:PLACES_SHOWN_MAX]))}{more})"
