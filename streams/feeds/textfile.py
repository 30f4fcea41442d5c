"""A CSV file, plain or compressed, in; its rows with their line numbers out; raises ConfigurationError."""

import csv
import gzip
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from streams.errors import ConfigurationError

SUFFIXES = (".csv", ".csv.gz", ".csv.xz")


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open `path` as text by its name's end: .csv, .csv.gz or .csv.xz."""
    name = path.name.lower()
    try:
        if name.endswith(".csv"):
            with path.open("rt", encoding="utf-8-sig", newline="") as file:
                yield file
        elif name.endswith(".csv.gz"):
            with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
                yield file
        elif name.endswith(".csv.xz"):
            with lzma.open(path, "rt", encoding="utf-8-sig", newline="") as file:
                yield file
        else:
            raise ConfigurationError(f"{path}: no known kind of file; known are {', '.join(SUFFIXES)}")
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: no such file") from error
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error})") from error


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of each record, the header (line 1) first; a record over several lines has its last."""
    with opened(path) as file:
        reader = csv.reader(file)
        for cells in reader:
            yield reader.line_num, cells
