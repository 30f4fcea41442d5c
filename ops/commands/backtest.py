"""`headgate backtest DATA`: how well each method would have forecast a table, had it run when that was recorded."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import Progress

from ops.backtest import result, shown
from ops.backtest.configuration import Configuration, beside, load
from ops.backtest.kept import Forgetful, Keeper, Kept, fingerprint
from ops.backtest.methods import KNOWN, asks, default
from ops.backtest.page import page
from ops.backtest.protocol import Said
from ops.backtest.result import Row
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
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="keep what is done; the same call goes on from there"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page with charts")
    parser.add_argument("--compare", type=Path, metavar="JSON", help="another run's --json, shown beside this one")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure")


def run(options: argparse.Namespace) -> int:
    """Print the table and write what was asked for."""
    methods = _methods(options.methods)
    configuration = load(options.config or beside(options.data))
    tables = read(options.data, configuration)
    for table in tables:
        reported(table, configuration)  # before hours are spent
    before = _before(options.compare)
    kept: Keeper = Forgetful()
    if options.out:
        kept = Kept(options.out, fingerprint(tables, configuration, options.tune))
    said = _asked(methods, tables, configuration, options.tune, kept)
    rows = result.rows(tables, said, configuration)
    Console().print(*shown.tables_of(rows), shown.LEGEND)
    _write(options.json, msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
    if options.html:
        _write(options.html, page(tables, said, rows, configuration, before).encode())
    return 0


def _before(path: Path | None) -> list[Row] | None:
    """Return the scores of another run."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Row]) if path else None
    except (OSError, msgspec.MsgspecError) as error:
        raise ConfigurationError(f"--compare {path}: {error}; it has to be what --json wrote") from error


def _write(path: Path | None, data: bytes) -> None:
    if path is None:
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written ({error.strerror})") from error


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
    methods: Sequence[str],
    tables: Sequence[PoolTable],
    configuration: Configuration,
    trials: int,
    kept: Keeper,
) -> dict[str, list[Said]]:
    said: dict[str, list[Said]] = {}
    with Progress(transient=True) as progress:
        for method in methods:
            bar = progress.add_task(method, total=sum(len(table.starts_s) - 1 for table in tables))
            ways = asks(method, trials=trials)
            said[method] = []
            for pool, table in enumerate(tables):
                done = partial(progress.advance, bar)
                said[method].append(ways(table, configuration, done, kept, f"{method}-{pool}"))
                progress.update(bar, completed=sum(len(one.starts_s) - 1 for one in tables[: pool + 1]))
    return said
