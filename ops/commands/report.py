"""`headgate report`: what a twin's run cost, beside the tuned rule alone and perfect foresight on the same demand."""

import argparse
import json
import secrets
from pathlib import Path

from ops.cli import settings_of
from ops.commands.twin import CATALOG, DATA
from ops.journal import FILE
from ops.report import Report, build
from ops.report_page import render_page
from ops.report_text import render_text
from ops.shipped import shipped
from streams.catalog import load
from streams.errors import ConfigurationError
from streams.feeds.retail import read_retail
from streams.keys import KEY_BYTES


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--catalog", type=Path, help="the catalog of that run; default: the shipped retail catalog")
    parser.add_argument("--data", type=Path, help="the recorded demand of that run; default: the shipped retail data")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page that needs nothing else")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure")


def run(options: argparse.Namespace) -> int:
    """Print the report and write what was asked for."""
    folder = settings_of(options).data_dir
    found = [path for path in (folder / FILE, folder / "demo" / FILE) if path.exists()]
    journal = max(found, key=lambda path: path.stat().st_mtime, default=folder / FILE)
    report = report_of(journal, options.catalog, options.data)
    print(render_text(report))
    if options.html:
        _write(options.html, render_page(report))
    if options.json:
        _write(options.json, json.dumps(report.as_json(), indent=2) + "\n")
    return 0


def text_of(journal: Path) -> str:
    """Return the report of a run on the shipped data, as text for the terminal."""
    return render_text(report_of(journal, None, None))


def report_of(journal: Path, catalog: Path | None, data: Path | None) -> Report:
    """Return the report of a run; None takes what is shipped."""
    if not journal.exists():
        raise ConfigurationError(
            f"no journal at {journal}: nothing was simulated here; run `headgate demo` or `headgate twin`, or name the "
            "folder of one with --data-dir"
        )
    known = load(catalog or shipped(CATALOG))
    key = secrets.token_bytes(KEY_BYTES)  # customers are only told apart here, and nothing is kept
    return build(journal, known, read_retail(data or shipped(DATA), known, key))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from error
    print(f"written: {path}")
