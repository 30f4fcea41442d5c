"""`headgate catalog`: validate a file, publish it, show what is in force, or print an example to start from."""

import argparse
from pathlib import Path

from ops.cli import settings_of
from ops.shipped import shipped
from streams.catalog import Catalog, load
from streams.errors import ConfigurationError
from streams.publishing import publish_catalog

EXAMPLE = "examples/own-data/catalog.toml"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser.add_argument("action", choices=["validate", "publish", "show", "example"])
    parser.add_argument("file", nargs="?", type=Path, help="the catalog, for all but example")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if options.action == "example":
        print(shipped(EXAMPLE).read_text(encoding="utf-8"), end="")
        return 0
    if options.file is None:
        raise ConfigurationError(f"{options.action} takes a catalog file; `headgate catalog example` prints one")
    catalog = load(options.file)
    if options.action == "publish":
        publish_catalog(settings_of(options), catalog)
    print(table(catalog) if options.action == "show" else summary(catalog, options.file, options.action))
    return 0


def summary(catalog: Catalog, path: Path, action: str) -> str:
    """Return one line for what was done."""
    resources = sum(len(pool.resources) for pool in catalog.pools)
    done = "published" if action == "publish" else "is valid"
    return f"catalog {path} {done}: revision {catalog.revision}, {len(catalog.pools)} pools, {resources} resources"


def table(catalog: Catalog) -> str:
    """Return the pools and their resources, a line each."""
    lines = []
    for pool in catalog.pools:
        decided = f"decided by {pool.policy}" if pool.controlled else "watched"
        closed = f"  closed {', '.join(pool.closed)}" if pool.closed else ""
        head = f"{pool.pool_id}  {pool.topic}  a {pool.period} in {pool.timezone}  {pool.forecast}  {decided}"
        lines.append(head + closed)
        lines += [f"  {one.id:<16} lead {one.lead_time_periods:>2}  {one.name}" for one in pool.resources]
    return "\n".join(lines)
