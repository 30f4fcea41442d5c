"""A CSV or Parquet file and a mapping in, events keyed by pool out; a bad cell becomes an `Unreadable`."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from streams.catalog import Catalog
from streams.errors import ConfigurationError
from streams.events import Covariate, SensorReading, Transaction, Unreadable
from streams.feeds import cells, textfile
from streams.feeds.cells import shown
from streams.feeds.customer import customer_key
from streams.feeds.mapping import KindSource, Mapping, NumberColumn, Source
from streams.feeds.placing import Pools
from streams.feeds.recorded import FeedEvent

PARQUET = (".parquet", ".pq")
BATCH_ROWS = 10_000

Row = dict[str, Any]


def read_table(path: Path, mapping: Mapping, catalog: Catalog, hmac_key: bytes) -> Iterator[FeedEvent]:
    """Yield the events of each row of `path`, in the file's order; raise ConfigurationError when they do not fit."""
    header, records = open_table(path, encoding=mapping.encoding, delimiter=mapping.delimiter)
    mapping.check_columns(header, str(path))
    reader = _Reader(mapping, Pools(catalog, mapping.feed_id), path.name, hmac_key)
    _covered(mapping, catalog)
    for line, row in records:
        yield from reader.events(line, row)


def open_table(
    path: Path, *, encoding: str = "utf-8", delimiter: str | None = None
) -> tuple[Sequence[str], Iterator[tuple[int, Row | str]]]:
    """Return the columns of `path` and its rows with their lines; a row that does not fit is a text that says so.

    delimiter None: the one that is most often in the first line.
    """
    name = path.name.lower()
    if name.endswith(PARQUET):
        return _parquet(path)
    if not name.endswith(textfile.SUFFIXES):
        raise ConfigurationError(f"{path}: no known kind of file; known are {', '.join(textfile.SUFFIXES + PARQUET)}")
    records = textfile.rows(path, encoding=encoding, delimiter=delimiter or textfile.delimiter_of(path, encoding))
    header = [column.strip() for column in next(records, (1, []))[1]]
    if not header:
        raise ConfigurationError(f"{path}: is empty; its first line has to name the columns")
    twice = [column for column in header if column and header.count(column) > 1]
    if twice:
        raise ConfigurationError(f"{path}:1: column {twice[0]!r} is there twice; it cannot be told which is meant")
    return header, _rows(header, records)


def _rows(header: Sequence[str], records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, Row | str]]:
    before = 1
    for line, found in records:
        if len(found) == len(header):
            yield line, dict(zip(header, found, strict=True))
        elif found:
            open_quote = f"; it begins on line {before + 1}: a quote may be left open" if line > before + 1 else ""
            yield line, f"{len(found)} cells, the header has {len(header)}{open_quote}"
        before = line


def _parquet(path: Path) -> tuple[Sequence[str], Iterator[tuple[int, Row | str]]]:
    try:
        file = parquet.ParquetFile(path)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: no such file") from error
    except (pa.ArrowException, OSError) as error:
        raise ConfigurationError(f"{path}: is no Parquet file ({error})") from error
    batches = file.iter_batches(batch_size=BATCH_ROWS)
    rows = (row for batch in batches for row in batch.to_pylist())
    return file.schema_arrow.names, enumerate(rows, start=1)


def _covered(mapping: Mapping, catalog: Catalog) -> None:
    """Raise ConfigurationError when covariates come from a feed that no pool waits for."""
    for covariate in mapping.covariates:
        Pools(catalog, covariate.feed_id or mapping.feed_id)


class _Reader:
    """What one file's rows have in common."""

    def __init__(self, mapping: Mapping, pools: Pools, file_name: str, hmac_key: bytes) -> None:
        self._mapping = mapping
        self._pools = pools
        self._file_name = file_name
        self._customer = lru_cache(maxsize=100_000)(lambda identifier: customer_key(identifier, hmac_key))
        self._time = cells.time_reader(mapping.time.format, mapping.time.timezone)

    def events(self, line: int, row: Row | str) -> Iterator[FeedEvent]:
        """Yield the row's event and its covariates; what cannot be read is one `Unreadable` that says why."""
        place = f"{self._file_name}:{line}"
        event_id = f"{self._file_name.split('.')[0]}-{line}"
        if isinstance(row, str):
            yield self._unreadable(event_id, self._pools.of(""), f"{place}: {row}")
            return
        resource_id = self._text(self._mapping.resource, row) or ""
        pool_id = self._pool(row, resource_id)
        event_id = self._event_id(row) or event_id
        try:
            event = self._event(event_id, pool_id, resource_id, row)
        except ValueError as error:
            yield self._unreadable(event_id, pool_id or self._pools.of(resource_id), f"{place}: {error}")
            return
        yield event
        at_s = event.occurred_at_s if isinstance(event, Transaction) else event.observed_at_s
        yield from self._covariates(event_id, pool_id, at_s, place, row)

    def _unreadable(self, event_id: str, pool_id: str, reason: str) -> Unreadable:
        return Unreadable(event_id=event_id, pool_id=pool_id, feed_id=self._mapping.feed_id, reason=reason)

    def _event(self, event_id: str, pool_id: str, resource_id: str, row: Row) -> Transaction | SensorReading:
        mapping = self._mapping
        for source, found in ((mapping.pool, pool_id), (mapping.resource, resource_id)):
            if not found:
                raise ValueError(f"column {source.column!r} is empty")
        at_s = cells.at(row, mapping.time.column, self._time)
        if mapping.value is not None:
            return SensorReading(
                event_id=event_id,
                pool_id=pool_id,
                resource_id=resource_id,
                feed_id=mapping.feed_id,
                quantity=mapping.value.quantity,
                value=self._number(mapping.value, row),
                observed_at_s=at_s,
            )
        assert mapping.quantity is not None, "the mapping was validated"
        return Transaction(
            event_id=event_id,
            pool_id=pool_id,
            resource_id=resource_id,
            feed_id=mapping.feed_id,
            kind=self._kind(mapping.kind, row),
            quantity_units=self._number(mapping.quantity, row),
            occurred_at_s=at_s,
            document_id=self._text(mapping.document, row) if mapping.document else None,
            unit_price=self._price(row),
            customer_key=self._customer(self._text(mapping.customer, row) or "") if mapping.customer else None,
        )

    def _price(self, row: Row) -> float | None:
        source = self._mapping.price
        if source is None or not cells.text(row[source.column]):
            return None  # counts and deliveries have none
        return self._number(source, row)

    def _covariates(self, event_id: str, pool_id: str, at_s: float, place: str, row: Row) -> Iterator[FeedEvent]:
        for source in self._mapping.covariates:
            feed_id = source.feed_id or self._mapping.feed_id
            name = f"{event_id}-{source.name}"
            try:
                value = self._number(source, row)
            except ValueError as error:
                yield Unreadable(event_id=name, pool_id=pool_id, feed_id=feed_id, reason=f"{place}: {error}")
                continue
            yield Covariate(
                event_id=name, pool_id=pool_id, feed_id=feed_id, name=source.name, value=value, observed_at_s=at_s
            )

    def _pool(self, row: Row, resource_id: str) -> str:
        if self._mapping.pool.by_resource:
            return self._pools.of(resource_id)
        return self._text(self._mapping.pool, row) or ""

    def _kind(self, source: KindSource, row: Row) -> Any:
        text = self._text(source, row) or ""
        kind = source.values.get(text, text)
        if kind not in cells.KINDS:
            known = ", ".join([*source.values, *cells.KINDS])
            raise ValueError(f"column {source.column!r}: {shown(text)} is no kind of transaction; known: {known}")
        return kind

    def _event_id(self, row: Row) -> str | None:
        if self._mapping.event_id is None:
            return None
        return "-".join(cells.text(row[column]) for column in self._mapping.event_id.columns)

    def _text(self, source: Source, row: Row) -> str | None:
        if source.constant is not None:
            return source.constant
        assert source.column is not None, "the mapping was validated"
        return cells.text(row[source.column]) or None

    def _number(self, source: NumberColumn, row: Row) -> float:
        return source.scale * cells.number(row, source.column, self._mapping.decimal) + source.offset
