"""`headgate topics create|list|lag`: topics made as declared, compared with their declaration, and who is behind."""

import argparse
import sys

from ops.cli import settings_of
from ops.topic_health import Lag, differences, lags
from streams.administration import create_topics
from streams.settings import Settings
from streams.topics import DAY_MS, TOPICS, TopicSpec


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    parser.add_argument(
        "action",
        choices=["create", "list", "lag"],
        help="create what is missing; list every topic and where the broker differs from its declaration; "
        "lag: how many events each consumer group is behind",
    )


def run(options: argparse.Namespace) -> int:
    """Do it; return 1 when a topic is not as declared."""
    settings = settings_of(options)
    if options.action == "create":
        created = create_topics(settings)
        print(f"created: {', '.join(created)}" if created else "nothing to create: every topic is there")
        return 0
    if options.action == "lag":
        print(lag_table(lags(settings)))
        return 0
    print("\n".join(_line(spec, settings) for spec in TOPICS))
    found = differences(settings)
    if found:
        print("\n".join(found), "`headgate topics create` creates what is absent", sep="\n", file=sys.stderr)
    return 1 if found else 0


def _line(spec: TopicSpec, settings: Settings) -> str:
    kept = "compacted" if spec.compacted else "for ever"
    if spec.retention_ms >= 0:
        kept = f"{spec.retention_ms // DAY_MS} days"
    return f"{spec.name:14} {spec.partitions or settings.partitions:3} partitions  {kept:10} {spec.meaning}"


def lag_table(found: list[Lag]) -> str:
    """Return one line a partition.

    >>> print(lag_table([Lag("headgate-workers", "transactions", 0, committed=5, end=9)]))
    headgate-workers             transactions/0           4 behind (5 of 9)
    """
    if not found:
        return "no consumer group has committed anything yet"
    return "\n".join(
        f"{one.group:28} {one.topic + '/' + str(one.partition):18} {one.events:7} behind ({one.committed} of {one.end})"
        for one in found
    )
