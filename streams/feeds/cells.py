"""One cell of a table, text or typed, in; a text, number or time out; raises ValueError naming column and cell."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, get_args
from zoneinfo import ZoneInfo

from streams.events import TransactionKind

SHOWN_MAX = 32  # characters of a cell that a message repeats
LETTERS_SHOWN_MAX = 3  # a code such as "n/a" or "Q": nobody's name is told
DIGITS_SHOWN_MAX = 14  # a date and time to the second; cards and accounts have more
SHOWN = " +-.,:/%"
KINDS: tuple[str, ...] = get_args(TransactionKind)

TimeReader = Callable[[Any], float]


def text(cell: object) -> str:
    """Return a cell as text: nothing for a missing one, no `.0` behind a whole number.

    >>> text(None), text(13085.0), text(" 12a ")
    ('', '13085', '12a')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def number(row: Mapping[str, Any], column: str, decimal: str) -> float:
    """Return the number in a column. With a decimal comma, points and blanks between thousands are passed over.

    >>> number({"qty": "1.234,5"}, "qty", ","), number({"qty": 7}, "qty", ".")
    (1234.5, 7.0)
    """
    cell = row[column]
    written = text(cell)
    if not written:
        raise ValueError(f"column {column!r} is empty")
    if isinstance(cell, str) and decimal == ",":
        written = written.replace(".", "").replace(" ", "").replace(",", ".")
    try:
        return float(written)
    except ValueError as error:
        raise ValueError(f"column {column!r}: {shown(cell)} is no number") from error


def at(row: Mapping[str, Any], column: str, read: TimeReader) -> float:
    """Return the Unix seconds of the time in a column."""
    cell = row[column]
    if not text(cell):
        raise ValueError(f"column {column!r} is empty")
    try:
        return read(cell)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"column {column!r}: {shown(cell)} is no time") from error


def time_reader(written: str, timezone: str) -> TimeReader:
    """Return a reader of times `written` as "iso", "unix_s", "unix_ms" or in strptime's letters.

    A time that names no zone is local to `timezone`. Where the clocks go back the first of two equal hours is meant.

    >>> read = time_reader("%d.%m.%Y %H:%M", "Europe/Berlin")
    >>> read("28.03.2010 03:00") - read("28.03.2010 01:00")
    3600.0
    """
    zone = ZoneInfo(timezone)
    scale_s = {"unix_s": 1.0, "unix_ms": 0.001}.get(written)

    @lru_cache(maxsize=10_000)
    def read(cell: Any) -> float:
        if isinstance(cell, datetime):
            return _in_zone(cell, zone)
        if isinstance(cell, date):
            return datetime(cell.year, cell.month, cell.day, tzinfo=zone).timestamp()
        if scale_s is not None:
            found = float(cell) * scale_s
            return (datetime.fromtimestamp(0.0, zone) + timedelta(seconds=found)).timestamp()  # refuses NaN and 1e300
        if written == "iso":
            return _in_zone(datetime.fromisoformat(str(cell).strip()), zone)
        return _in_zone(datetime.strptime(str(cell).strip(), written), zone)  # noqa: DTZ007  it gets its zone there

    return read


def _in_zone(moment: datetime, zone: ZoneInfo) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()


def shown(cell: object) -> str:
    """Return a cell for a message: a number or date as it stands, of anything else only its length.

    Where a table's columns have slipped, what should be a quantity may be a name or the number of a card.

    >>> shown("12,5 %"), shown("Mary Smith"), shown("4111 1111 1111 1111")
    ("'12,5 %'", 'a text of 10 characters', 'a text of 19 characters')
    """
    whole = str(cell)
    if len(whole) <= LETTERS_SHOWN_MAX:
        return repr(whole)
    digits = sum(character.isdigit() for character in whole)
    if len(whole) <= SHOWN_MAX and digits <= DIGITS_SHOWN_MAX and all(one in SHOWN or one.isdigit() for one in whole):
        return repr(whole)
    return f"a text of {len(whole)} characters"
