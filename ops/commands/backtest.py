"""`headgate backtest DATA`: how well each method would have forecast a table, had it run when that was recorded."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress

from ops.backtest import result, shown
from ops.backtest.configuration import Configuration, beside, load
from ops.backtest.methods import KNOWN, asks, default
from ops.backtest.protocol import Said
from ops.backtest.table import PoolTable, read, reported
from streams.errors import ConfigurationError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("data", type=Path, metavar="DATA", help="a long .csv, .csv.gz, .csv.xz or .parquet file")
    parser.add_argument("--config", type=Path, metavar="FILE", help="how to read it; default: DATA with the end .toml")
    parser.add_argument("--methods", metavar="A,B", help=f"default: ours and the usual ones; known: {', '.join(KNOWN)}")
    parser.add_argument(
        "--tune", type=int, default=0, metavar="N", help="choose LightGBM's settings with N trials, before the report"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure")


def run(options: argparse.Namespace) -> int:
    """Print the table and write what was asked for."""
    methods = _methods(options.methods)
    configuration = load(options.config or beside(options.data))
    tables = read(options.data, configuration)
    for table in tables:
        reported(table, configuration)  # before hours are spent
    rows = result.rows(tables, _asked(methods, tables, configuration, options.tune), configuration)
    Console().print(*shown.tables_of(rows), shown.LEGEND)
    if options.json:
        try:
            options.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
        except OSError as error:
            raise ConfigurationError(f"{options.json}: cannot be written ({error.strerror})") from error
    return 0


def _methods(words: str | None) -> list[str]:
    if words is None:
        chosen, missing = default()
        if missing:
            print(f"without {' and '.join(missing)}: pip install 'headgate[backtest]'", file=sys.stderr)
        return chosen
    chosen = list(dict.fromkeys(word.strip() for word in words.split(",")))
    unknown = [word for word in chosen if word not in KNOWN]
    if unknown:
        raise ConfigurationError(f"--methods: no method {unknown[0]!r}; known: {', '.join(KNOWN)}")
    return chosen


def _asked(
    methods: Sequence[str], tables: Sequence[PoolTable], configuration: Configuration, trials: int
) -> dict[str, list[Said]]:
    said = {}
    with Progress(transient=True) as progress:
        for method in methods:
            bar = progress.add_task(method, total=sum(len(table.starts_s) - 1 for table in tables))
            ways = asks(method, tables, configuration, trials=trials)
            said[method] = [
                ask(table, configuration, lambda count, bar=bar: progress.advance(bar, count))  # type: ignore[misc]
                for ask, table in zip(ways, tables, strict=True)
            ]
    return said
