"""A column mapping in TOML in, how each row of a foreign table becomes our events out; raises ConfigurationError.

`examples/own-data/mapping.toml` is a commented example.
"""

import tomllib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from streams.catalog import Identifier
from streams.errors import ConfigurationError
from streams.events import Quantity, TransactionKind

Column = Annotated[str, Meta(min_length=1)]


class TimeColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the event time is and how it is written."""

    column: Column
    format: str = "iso"  # "iso", "unix_s", "unix_ms", or as strptime has it, e.g. "%d.%m.%Y %H:%M"
    timezone: str = "UTC"  # of times that name none


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column, or the same text for every row."""

    column: Column | None = None
    constant: str | None = None


class PoolSource(Source, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column, a constant, or the pool that the catalog has the row's resource in."""

    by_resource: bool = False


class KindSource(Source, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What kind of transaction a row is."""

    values: dict[str, TransactionKind] = {}  # how the column's texts are called here


class NumberColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column of numbers; what is sent is `scale` x cell + `offset`."""

    column: Column
    scale: float = 1.0
    offset: float = 0.0


class ValueColumn(NumberColumn, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The column of a sensor's values."""

    quantity: Quantity  # what is measured; its name ends with the unit


class CovariateColumn(NumberColumn, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column that explains demand: weather, a price, mentions."""

    name: Identifier
    feed_id: Identifier | None = None  # None: the mapping's


class IdColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The columns that together name a row for ever; without them file and line do."""

    columns: Annotated[tuple[Column, ...], Meta(min_length=1)]


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A whole mapping file: `quantity` makes transactions, `value` makes sensor readings; exactly one is given."""

    version: Literal[1]
    feed_id: Identifier
    time: TimeColumn
    pool: PoolSource
    resource: Source
    quantity: NumberColumn | None = None
    value: ValueColumn | None = None
    kind: KindSource = KindSource(constant="sale")
    event_id: IdColumns | None = None
    document: Source | None = None
    customer: Source | None = None  # replaced by a keyed HMAC before anything is sent
    price: NumberColumn | None = None
    covariates: tuple[CovariateColumn, ...] = ()
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","  # of CSV
    decimal: Literal[".", ","] = "."  # of numbers written as text
    encoding: str = "utf-8"

    @property
    def feed_ids(self) -> frozenset[str]:
        """Return the feeds that a file read with this mapping speaks for."""
        return frozenset({self.feed_id, *(one.feed_id for one in self.covariates if one.feed_id)})

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield (section, column) of every column that is named."""
        for section in ("time", "pool", "resource", "quantity", "value", "kind", "document", "customer", "price"):
            part = getattr(self, section)
            if part is not None and part.column is not None:
                yield section, part.column
        for column in self.event_id.columns if self.event_id else ():
            yield "event_id", column
        for covariate in self.covariates:
            yield f"covariates {covariate.name}", covariate.column

    def check_columns(self, header: Sequence[str], where: str) -> None:
        """Raise ConfigurationError naming the first column that a file with `header` does not have."""
        for section, column in self.columns():
            if column in header:
                continue
            close = get_close_matches(column, header, n=1, cutoff=0.5) or get_close_matches(
                column.lower(), [name.lower() for name in header], n=1, cutoff=0.5
            )
            nearest = next((name for name in header if close and name.lower() == close[0].lower()), None)
            hint = f"; did you mean {nearest!r}?" if nearest else "."
            raise ConfigurationError(
                f"{where} has no column {column!r}, which the mapping's [{section}] names{hint} It has: "
                f"{', '.join(header) or 'none'}"
            )


def load(path: Path) -> Mapping:
    """Return the mapping in the TOML file `path`; raise ConfigurationError naming file, place and limit."""
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapping)
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"mapping {path}: no such file; `headgate feed csv FILE --suggest` prints one to start from"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(f"mapping {path}: {error}") from error
    _validate(mapping, f"mapping {path}")
    return mapping


def _validate(mapping: Mapping, where: str) -> None:
    if (mapping.quantity is None) == (mapping.value is None):
        raise ConfigurationError(f"{where}: give either [quantity] (transactions) or [value] (sensor readings)")
    for section in ("resource", "kind", "document", "customer"):
        part = getattr(mapping, section)
        if part is not None and (part.column is None) == (part.constant is None):
            raise ConfigurationError(f"{where}: [{section}] takes either column or constant")
    chosen = (mapping.pool.column is not None, mapping.pool.constant is not None, mapping.pool.by_resource)
    if sum(chosen) != 1:
        raise ConfigurationError(f"{where}: [pool] takes one of column, constant or by_resource = true")
    try:
        ZoneInfo(mapping.time.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(
            f"{where}: [time] timezone {mapping.time.timezone!r} is no IANA timezone, such as Europe/Berlin"
        ) from error
    try:
        "".encode(mapping.encoding)
    except LookupError as error:
        raise ConfigurationError(
            f"{where}: encoding {mapping.encoding!r} is not known; try utf-8 or latin-1"
        ) from error
