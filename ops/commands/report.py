"""`headgate report`: what a twin's run cost, beside the tuned rule alone and perfect foresight on the same demand."""

import argparse
import json
import os
import secrets
from pathlib import Path

from ops import tuned_rule
from ops.cli import settings_of
from ops.commands.twin import CATALOG, DATA
from ops.journal import FILE, read
from ops.report import Report, build
from ops.report_page import render_page
from ops.report_text import render_text
from ops.rule_alone import tune
from ops.shipped import shipped
from ops.supervisor import interrupt_on_terminate
from streams.catalog import Catalog, load
from streams.errors import ConfigurationError
from streams.events import Transaction
from streams.feeds.retail import read_retail
from streams.keys import KEY_BYTES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--catalog", type=Path, help="the catalog of that run; default: the shipped retail catalog")
    parser.add_argument("--data", type=Path, help="the recorded demand of that run; default: the shipped retail data")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page that needs nothing else")
    parser.add_argument("--tune", action="store_true", help="only tune the rule, for a later report to be quick")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure")


def run(options: argparse.Namespace) -> int:
    """Print the report and write what was asked for."""
    interrupt_on_terminate()
    folder = settings_of(options).data_dir
    found = [path for path in (folder / FILE, folder / "demo" / FILE) if path.exists()]
    journal = max(found, key=lambda path: path.stat().st_mtime, default=folder / FILE)
    if options.tune:
        _tune(journal, options.catalog, options.data)
        return 0
    report = report_of(journal, options.catalog, options.data)
    print(render_text(report))
    if options.html:
        _write(options.html, render_page(report))
    if options.json:
        _write(options.json, json.dumps(report.as_json(), indent=2) + "\n")
    return 0


def report_of(journal: Path, catalog: Path | None, data: Path | None) -> Report:
    """Return the report of a run; None takes what is shipped."""
    known, lines = _demand(journal, catalog, data)
    return build(journal, known, lines)


def _tune(journal: Path, catalog: Path | None, data: Path | None) -> None:
    os.nice(10)  # somebody may be watching what runs beside it
    known, lines = _demand(journal, catalog, data)
    facts, _ = read(journal)
    pools = sorted((pool for pool in known.pools if pool.controlled), key=lambda pool: pool.pool_id)
    tune(pools, lines, float(facts["control_from_s"]), journal.parent / tuned_rule.FILE)


def _demand(journal: Path, catalog: Path | None, data: Path | None) -> tuple[Catalog, list[Transaction]]:
    if not journal.exists():
        raise ConfigurationError(
            f"no journal at {journal}: nothing was simulated here; run `headgate demo` or `headgate twin`, or name the "
            "folder of one with --data-dir"
        )
    known = load(catalog or shipped(CATALOG))
    key = secrets.token_bytes(KEY_BYTES)  # customers are only told apart here, and nothing is kept
    return known, read_retail(data or shipped(DATA), known, key)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    print(f"written: {path}")
