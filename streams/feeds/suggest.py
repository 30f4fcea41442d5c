"""A foreign table in, a mapping and a catalog to start from out, guessed from its column names and first rows."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from streams.closed_days import WEEKDAYS
from streams.errors import ConfigurationError
from streams.feeds import cells
from streams.feeds.table import PARQUET, Row, open_table
from streams.feeds.textfile import delimiter_of

ROWS = 2000  # looked at
YEAR_1990_S, YEAR_2100_S = 631_152_000.0, 4_102_444_800.0  # what is outside was written in another format
CLOSED_WEEKS = 3  # that every other weekday is seen in, before one that no row is of is taken to be closed
CLOSED_WEEKDAYS_MAX = 2
RESOURCES = 10  # put into the catalog, the most frequent ones
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
FORMATS = (
    "iso",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "unix_s",
    "unix_ms",
)

# What columns are called, the likelier first. A column is used once.
WORDS: dict[str, tuple[str, ...]] = {
    "time": ("time", "date", "datum", "when", "day", "tag", "ts"),
    "document": ("invoice", "receipt", "order", "document", "bon", "beleg"),
    "customer": ("customer", "client", "member", "kunde"),
    "price": ("price", "preis"),
    "quantity": ("quantity", "qty", "units", "menge", "amount", "count", "volume", "value"),
    "resource": (
        "sku",
        "stockcode",
        "article",
        "artikel",
        "product",
        "item",
        "resource",
        "sensor",
        "code",
        "name",
        "id",
    ),
    "pool": ("store", "shop", "site", "filiale", "pool", "branch"),
}
NEEDED = ("time", "quantity", "resource")


def suggestion(path: Path) -> str:
    """Return both files as one text; raise ConfigurationError when a needed column cannot be guessed."""
    header, records = open_table(path)
    rows = [row for _, row in islice(records, ROWS) if not isinstance(row, str)]
    guess = columns(header)
    missing = [part for part in NEEDED if part not in guess]
    if missing or not rows:
        what = f"a column for {' and '.join(missing)}" if missing else "any row"
        raise ConfigurationError(
            f"{path}: cannot guess {what}; it has {', '.join(header)}. Write the mapping by hand from "
            "examples/own-data/mapping.toml"
        )
    delimiter = "," if path.name.lower().endswith(PARQUET) else delimiter_of(path)
    return mapping_text(guess, rows, delimiter) + "\n" + catalog_text(path, guess, rows)


def columns(header: Sequence[str]) -> dict[str, str]:
    """Return which column is what, as far as the names tell.

    >>> columns(["Date", "Shop", "SKU", "Qty"])
    {'time': 'Date', 'quantity': 'Qty', 'resource': 'SKU', 'pool': 'Shop'}
    """
    guess: dict[str, str] = {}
    for part, words in WORDS.items():
        free = [name for name in header if name not in guess.values()]
        found = next((name for word in words for name in free if word in re.split(r"[^a-z]+", _plain(name))), None)
        found = found or next((name for word in words if len(word) > 3 for name in free if word in _plain(name)), None)
        if found:
            guess[part] = found
    return guess


def mapping_text(guess: dict[str, str], rows: Sequence[Row], delimiter: str) -> str:
    """Return the mapping as TOML."""
    comma = any(re.fullmatch(r"-?[\d. ]*\d,\d+", cells.text(row[guess["quantity"]])) for row in rows)
    comma = comma or ("price" in guess and any("," in cells.text(row[guess["price"]]) for row in rows))
    written = time_format([row[guess["time"]] for row in rows])
    lines = [
        "# mapping.toml: check every line, above all the time's format and timezone",
        "version = 1",
        'feed_id = "till"',
        *([f"delimiter = {_quoted(delimiter)}"] if delimiter != "," else []),
        *(['decimal = ","'] if comma else []),
        f'time = {{ column = {_quoted(guess["time"])}, format = {_quoted(written)}, timezone = "UTC" }}',
        f"resource = {{ column = {_quoted(guess['resource'])} }}",
        f"quantity = {{ column = {_quoted(guess['quantity'])} }}",
        f"pool = {{ column = {_quoted(guess['pool'])} }}" if "pool" in guess else 'pool = { constant = "pool-1" }',
    ]
    lines += [
        f"{part} = {{ column = {_quoted(guess[part])} }}" for part in ("document", "customer", "price") if part in guess
    ]
    return "\n".join(lines) + "\n"


def catalog_text(path: Path, guess: dict[str, str], rows: Sequence[Row]) -> str:
    """Return a catalog with the most frequent pools and resources as TOML; it only watches."""
    pool_column = guess.get("pool")
    pools = _frequent([row[pool_column] for row in rows], 3) if pool_column else ["pool-1"]
    lines = [
        "# catalog.toml: costs, lead times and limits are yours to fill in before `controlled` may be true",
        "version = 1",
    ]
    lines += [f"note = {_quoted(f'suggested from {path.name}')}"]
    for pool_id in pools:
        mine = [row for row in rows if pool_column is None or cells.text(row[pool_column]) == pool_id]
        lines += [
            "",
            "[[pools]]",
            f"pool_id = {_quoted(pool_id)}",
            'timezone = "UTC"',
            closed_line([row[guess["time"]] for row in mine]),
            'period = "day"',
            "controlled = false",
        ]
        lines += ["", "[[pools.feeds]]", 'id = "till"']
        for resource_id in _frequent([row[guess["resource"]] for row in mine], RESOURCES):
            lines += ["", "[[pools.resources]]", f"id = {_quoted(resource_id)}"]
    return "\n".join(lines) + "\n"


def closed_line(found: Sequence[Any]) -> str:
    """Return the line that tells of closed days: at most two weekdays, if no cell is of one and many of each other.

    >>> closed_line([f"2024-03-{day:02}" for day in range(1, 31) if day % 7 != 3])
    'closed = ["sunday"]  # none of the first rows is of these; also "12-25", "2027-04-02" or "holidays"'
    """
    days = {datetime.fromtimestamp(at_s, UTC).date() for at_s in _times_s(time_format(found), found)}
    seen = Counter(day.weekday() for day in days)
    absent = [name for weekday, name in enumerate(WEEKDAYS) if weekday not in seen]
    if not 1 <= len(absent) <= CLOSED_WEEKDAYS_MAX or min(seen.values()) < CLOSED_WEEKS:
        return 'closed = []  # days that sell nothing, such as "sunday", "12-25", "2027-04-02" or "holidays"'
    names = ", ".join(map(_quoted, absent))
    return f'closed = [{names}]  # none of the first rows is of these; also "12-25", "2027-04-02" or "holidays"'


def time_format(found: Sequence[Any]) -> str:
    """Return the known format that most of the cells are written in; "iso" when there is none.

    Of several (is 1/12/2009 in January?) the one that makes the rows lie closest together: files go on day by day.

    >>> time_format(["12/30/2009 08:26", "1/2/2010 9:00"]), time_format(["12/1/2009 08:26", "12/2/2009 9:00"])
    ('%m/%d/%Y %H:%M', '%m/%d/%Y %H:%M')
    """
    times = {written: _times_s(written, found) for written in FORMATS}
    most = max(len(read) for read in times.values())
    fitting = [written for written in FORMATS if most and len(times[written]) >= most]
    return min(fitting, key=lambda written: max(times[written]) - min(times[written]), default="iso")


def _times_s(written: str, found: Sequence[Any]) -> list[float]:
    read = cells.time_reader(written, "UTC")
    times = []
    for cell in found:
        with suppress(ValueError, OverflowError, OSError, TypeError):
            times.append(read(cell))
    return [at_s for at_s in times if YEAR_1990_S < at_s < YEAR_2100_S]


def _frequent(found: Iterable[Any], count: int) -> list[str]:
    counts = Counter(cells.text(cell) for cell in found)
    return [name for name, _ in counts.most_common() if IDENTIFIER.fullmatch(name)][:count]


def _plain(name: str) -> str:
    return re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
