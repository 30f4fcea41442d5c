"""`headgate backtest DATA`: how well each method would have forecast a table, had it run when that was recorded."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress

from online_models.registry import FORECASTERS, POOL_FORECASTERS
from ops.backtest import protocol, result, shown
from ops.backtest.configuration import Configuration, beside, load
from ops.backtest.protocol import Said
from ops.backtest.table import PoolTable, read, reported
from streams.errors import ConfigurationError

METHODS = ("mixture", "river-linear", "seasonal-naive")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    known = ", ".join(sorted([*FORECASTERS, *POOL_FORECASTERS]))
    parser.add_argument("data", type=Path, metavar="DATA", help="a long .csv, .csv.gz, .csv.xz or .parquet file")
    parser.add_argument("--config", type=Path, metavar="FILE", help="how to read it; default: DATA with the end .toml")
    parser.add_argument(
        "--methods", default=",".join(METHODS), metavar="A,B", help=f"default: %(default)s; known: {known}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure")


def run(options: argparse.Namespace) -> int:
    """Print the table and write what was asked for."""
    methods = _methods(options.methods)
    configuration = load(options.config or beside(options.data))
    tables = read(options.data, configuration)
    for table in tables:
        reported(table, configuration)  # before hours are spent
    rows = result.rows(tables, _asked(methods, tables, configuration), configuration)
    Console().print(*shown.tables_of(rows), shown.LEGEND)
    if options.json:
        try:
            options.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
        except OSError as error:
            raise ConfigurationError(f"{options.json}: cannot be written ({error.strerror})") from error
    return 0


def _methods(words: str) -> list[str]:
    chosen = list(dict.fromkeys(word.strip() for word in words.split(",")))
    known = sorted([*FORECASTERS, *POOL_FORECASTERS])
    unknown = [word for word in chosen if word not in known]
    if unknown:
        raise ConfigurationError(f"--methods: no method {unknown[0]!r}; known: {', '.join(known)}")
    return chosen


def _asked(methods: Sequence[str], tables: Sequence[PoolTable], configuration: Configuration) -> dict[str, list[Said]]:
    said = {}
    with Progress(transient=True) as progress:
        for method in methods:
            bar = progress.add_task(method, total=sum(len(table.starts_s) - 1 for table in tables))
            said[method] = [
                protocol.ask(method, table, configuration, lambda count, bar=bar: progress.advance(bar, count))  # type: ignore[misc]
                for table in tables
            ]
    return said
