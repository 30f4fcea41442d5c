"""A CSV file, plain or compressed, in; its rows with their line numbers out; raises ConfigurationError."""

import csv
import gzip
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from streams.errors import ConfigurationError

_OPENERS: dict[str, Callable[..., Any]] = {".csv": open, ".csv.gz": gzip.open, ".csv.xz": lzma.open}
SUFFIXES = tuple(_OPENERS)
DELIMITERS = ",;\t|"


@contextmanager
def opened(path: Path, encoding: str = "utf-8") -> Iterator[TextIO]:
    """Open `path` as text by its name's end: .csv, .csv.gz or .csv.xz."""
    opener = next((opener for suffix, opener in _OPENERS.items() if path.name.lower().endswith(suffix)), None)
    if opener is None:
        raise ConfigurationError(f"{path}: no known kind of file; known are {', '.join(SUFFIXES)}")
    try:
        with opener(path, "rt", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
            yield file
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        line = _undecodable_line(opener, path, encoding)
        raise ConfigurationError(
            f"{path}:{line}: is not {encoding} ({error.reason}); name its encoding, e.g. latin-1"
        ) from error
    except LookupError as error:
        raise ConfigurationError(f"{path}: {error}; known are, for example, utf-8 and latin-1") from error
    except (OSError, EOFError, lzma.LZMAError, csv.Error) as error:
        raise ConfigurationError(f"{path}: cannot be read ({error})") from error


def _undecodable_line(opener: Callable[..., Any], path: Path, encoding: str) -> int:
    """Return the first line that cannot be read: the decoder itself knows only a place in its buffer."""
    with opener(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return number
    return 1  # of an encoding whose lines cannot be read one by one


def rows(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of each record, the header (line 1) first; a record over several lines has its last."""
    with opened(path, encoding) as file:
        reader = csv.reader(file, delimiter=delimiter)
        for cells in reader:
            yield reader.line_num, cells


def delimiter_of(path: Path, encoding: str = "utf-8") -> str:
    """Return the character that most likely parts the columns: the one that is most often in the first line."""
    with opened(path, encoding) as file:
        first = file.readline()
    return max(DELIMITERS, key=first.count)
