"""Rows of Online Retail II in, transactions keyed by pool out, with everything that is wrong with them.

Nothing is repaired here but the spelling of stock codes: cancellations, write-offs, codes that are no product,
repeated rows and missing customers go on as they are, for the shard to judge. Descriptions and countries stay
behind, customers leave as a keyed HMAC.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from zoneinfo import ZoneInfo

from streams.catalog import Catalog
from streams.errors import ConfigurationError
from streams.events import Transaction, TransactionKind, Unreadable
from streams.feeds.cells import shown
from streams.feeds.customer import customer_key
from streams.feeds.placing import Pools
from streams.feeds.recorded import Recorded, in_time_order
from streams.feeds.textfile import rows

FEED_ID = "till"
SHOP_TIME = ZoneInfo("Europe/London")  # the file states none; the shop is in London
COLUMNS = ("Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID")
PRODUCT = re.compile(r"\d{5}[A-Za-z]{0,2}\s*")


def read_retail(path: Path, catalog: Catalog, hmac_key: bytes) -> list[Transaction]:
    """Return the transactions in `path` (.csv, .csv.gz, .csv.xz) in time order; equal times keep the file's order.

    Rows that are no transaction are left to `read_rows`, which shows them.
    """
    return sorted(
        (event for event in read_rows(path, catalog, hmac_key) if isinstance(event, Transaction)),
        key=attrgetter("occurred_at_s"),
    )


def read_rows(path: Path, catalog: Catalog, hmac_key: bytes) -> Iterator[Transaction | Unreadable]:
    """Yield one event for each row, in the file's order."""
    pools = Pools(catalog, FEED_ID)
    records = rows(path)
    header = next(records, (1, []))[1]
    places = _places(header, path)
    own_line = header.index("Line") if "Line" in header else None  # a subset names the line of the whole file
    keyed = lru_cache(maxsize=100_000)(lambda identifier: customer_key(identifier, hmac_key))
    for line, cells in records:
        if len(cells) != len(header):
            pool_id = pools.of("")
            yield _unreadable(pool_id, f"{path.name}:{line}", f"{len(cells)} cells, the header has {len(header)}")
            continue
        name = cells[own_line] if own_line is not None else str(line)
        invoice, code, quantity, date, price, customer = (cells[place] for place in places)
        resource_id = resource_of(code)
        try:
            yield Transaction(
                event_id=f"{invoice}-{name}",
                pool_id=pools.of(resource_id),
                resource_id=resource_id,
                feed_id=FEED_ID,
                kind=kind_of(invoice),
                quantity_units=_number("Quantity", quantity),
                occurred_at_s=at_s(date),
                document_id=invoice,
                unit_price=_number("Price", price),
                customer_key=keyed(customer),
            )
        except ValueError as error:
            yield _unreadable(pools.of(resource_id), f"{invoice}-{name}", f"{path.name}:{line}: {error}")


def resource_of(code: str) -> str:
    """Return the resource of a stock code: products upper case and without blanks, all else as it stands.

    Some lines say `85123a` for `85123A`: the same heart on the same shelf, but 2,547 of the 771,364 rows, which
    would else be sales of an unknown resource.

    >>> resource_of("85123a"), resource_of("47503J "), resource_of("BANK CHARGES"), resource_of("gift_0001_20")
    ('85123A', '47503J', 'BANK CHARGES', 'gift_0001_20')
    """
    return code.strip().upper() if PRODUCT.fullmatch(code) else code


def kind_of(invoice: str) -> TransactionKind:
    """Return the kind that the invoice number tells. Returns are written as cancellations; `A` is a bad debt.

    >>> kind_of("489434"), kind_of("C489449"), kind_of("A506401")
    ('sale', 'cancellation', 'sale')
    """
    return "cancellation" if invoice.startswith("C") else "sale"


@lru_cache(maxsize=10_000)
def at_s(date: str) -> float:
    """Return the Unix seconds of a local `M/D/YYYY H:MM`; raise ValueError. The first of a repeated hour is meant.

    >>> at_s("6/1/2010 0:00") - at_s("5/31/2010 23:00"), at_s("3/29/2010 0:00") - at_s("3/28/2010 0:00")
    (3600.0, 82800.0)
    """
    try:
        return datetime.strptime(date, "%m/%d/%Y %H:%M").replace(tzinfo=SHOP_TIME).timestamp()
    except ValueError as error:
        raise ValueError(f"InvoiceDate {shown(date)} is no month/day/year hour:minute") from error


def _number(column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise ValueError(f"{column} {shown(cell)} is no number") from error


def _places(header: Sequence[str], path: Path) -> tuple[int, ...]:
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise ConfigurationError(f"{path}: no column {missing[0]!r}; the file has {', '.join(header) or 'none'}")
    return tuple(header.index(column) for column in COLUMNS)


def _unreadable(pool_id: str, event_id: str, reason: str) -> Unreadable:
    return Unreadable(event_id=event_id, pool_id=pool_id, feed_id=FEED_ID, reason=reason)


def recorded(path: Path, catalog: Catalog, hmac_key: bytes) -> list[Recorded]:
    """Return every row of `path` for `streams.feeds.replay`, in time order."""
    return in_time_order(read_rows(path, catalog, hmac_key))


def known_resources(events: Iterable[Transaction], catalog: Catalog) -> list[Transaction]:
    """Return the events of resources that the catalog has."""
    known = {resource.id for pool in catalog.pools for resource in pool.resources}
    return [event for event in events if event.resource_id in known]
