"""Real rows of the shipped subset, each with its own kind of dirt, and what becomes of them."""

import csv
import lzma
from collections import Counter
from pathlib import Path

import pytest

from streams.catalog import load
from streams.errors import ConfigurationError
from streams.events import Transaction, Unreadable, encode
from streams.feeds import retail
from streams.feeds.textfile import rows
from streams.topics import partition_of

ROOT = Path(__file__).parents[3]
SUBSET = ROOT / "data" / "retail" / "online_retail_ii_subset.csv.xz"
CATALOG = load(ROOT / "catalogs" / "retail.toml")
KEY = b"k" * 32
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"


@pytest.fixture(scope="module")
def events() -> list[Transaction]:
    """Return the whole subset as events."""
    return retail.read_retail(SUBSET, CATALOG, KEY)


@pytest.fixture(scope="module")
def by_id(events: list[Transaction]) -> dict[str, Transaction]:
    """Return the events by id."""
    return {event.event_id: event for event in events}


def test_every_row_is_one_event_of_its_own_id_in_time_order(events: list[Transaction]) -> None:
    """Nothing is dropped, merged or out of order, though the file itself goes back in time once."""
    with lzma.open(SUBSET, "rt", encoding="utf-8", newline="") as file:
        assert len(events) == sum(1 for _ in csv.reader(file)) - 1
    assert len({event.event_id for event in events}) == len(events)
    times = [event.occurred_at_s for event in events]
    assert times == sorted(times)


def test_the_catalog_and_the_strangers_go_to_the_tills_pools(events: list[Transaction]) -> None:
    """A product lies in its pool; a code is always sent to the same pool, known or not."""
    homes: dict[str, set[str]] = {}
    for event in events:
        homes.setdefault(event.resource_id, set()).add(event.pool_id)
    assert all(len(pools) == 1 for pools in homes.values())
    for pool in CATALOG.pools:
        assert all(homes[resource.id] == {pool.pool_id} for resource in pool.resources)
    assert {"POST", "DOT", "M", "BANK CHARGES"} <= set(homes)


def test_the_four_pools_lie_in_four_partitions() -> None:
    """Four workers can share the demo with the default number of partitions."""
    assert len({partition_of(pool.pool_id, 4) for pool in CATALOG.pools}) == 4


def test_a_sale_is_as_the_file_has_it(by_id: dict[str, Transaction]) -> None:
    """The first catalogued line of December 2009, read by hand."""
    sale = by_id["489435-13"]
    assert (sale.kind, sale.resource_id, sale.quantity_units, sale.unit_price) == ("sale", "22353", 12.0, 2.55)
    assert sale.occurred_at_s == 1259653560.0  # 2009-12-01 07:46 in London, which is UTC in winter
    assert sale.document_id == "489435"


def test_a_cancellation_keeps_its_negative_quantity(events: list[Transaction]) -> None:
    """Every C invoice is a cancellation and nothing else is."""
    cancelled = [event for event in events if event.kind == "cancellation"]
    assert len(cancelled) == 2070
    assert all((event.document_id or "").startswith("C") for event in cancelled)
    assert not any((event.document_id or "").startswith("C") for event in events if event.kind != "cancellation")
    assert sum(event.quantity_units < 0 for event in cancelled) == 2069  # one real row is positive: cleaning parks it


def test_a_write_off_stays_a_sale_of_negative_quantity(events: list[Transaction]) -> None:
    """Negative without C is not repaired here: the rule negative-quantity shall show it."""
    assert sum(event.kind == "sale" and event.quantity_units < 0 for event in events) == 58


def test_a_bad_debt_is_sent_as_recorded(by_id: dict[str, Transaction]) -> None:
    """The A invoice of 2010-04-29: a code B that is no product, with a negative price."""
    debts = [event for event in by_id.values() if (event.document_id or "").startswith("A")]
    assert {(event.resource_id, event.unit_price) for event in debts} == {
        ("B", -53594.36),
        ("B", -44031.79),
        ("B", -38925.87),
    }


def test_repeated_rows_are_kept_with_ids_of_their_own(events: list[Transaction]) -> None:
    """The nine days of December 2010 that both source sheets have are there twice."""
    lines = Counter((event.document_id, event.resource_id, event.quantity_units, event.unit_price) for event in events)
    assert sum(count - 1 for count in lines.values()) > 2000


def test_missing_customers_are_none_and_known_ones_are_no_number(events: list[Transaction]) -> None:
    """No identifier of the file is found in anything that is sent."""
    identifiers = {cells[7].removesuffix(".0") for line, cells in rows(SUBSET) if line > 1 and cells[7]}
    keys = {event.customer_key for event in events}
    assert sum(event.customer_key is None for event in events) == 12776
    assert len(keys - {None}) == len(identifiers)
    assert not keys & identifiers
    assert all(len(key) == 32 for key in keys if key)


def test_another_key_makes_other_customers(events: list[Transaction]) -> None:
    """Without the key nobody can try identifiers out."""
    other = retail.read_retail(SUBSET, CATALOG, b"o" * 32)
    known = [place for place, event in enumerate(events) if event.customer_key][:100]
    assert all(events[place].customer_key != other[place].customer_key for place in known)


def test_descriptions_and_countries_stay_behind(events: list[Transaction]) -> None:
    """What is written beside the numbers is free text, and not for us."""
    sent = b"".join(encode(event) for event in events[:5000])
    assert b"HEART" not in sent
    assert b"Kingdom" not in sent


def test_lower_case_codes_are_the_same_product(events: list[Transaction]) -> None:
    """60 lines say 85123a for 85123A in the whole file."""
    written = Counter(cells[2] for _, cells in rows(SUBSET))
    assert written["85123a"] == 60
    assert sum(event.resource_id == "85123A" for event in events) == written["85123A"] + written["85123a"]


@pytest.mark.parametrize(
    ("date", "utc_s"),
    [
        ("3/27/2010 12:00", 1269691200.0),  # winter time: UTC
        ("3/28/2010 12:00", 1269774000.0),  # summer time began at 01:00: UTC + 1 h
        ("10/30/2010 12:00", 1288436400.0),
        ("10/31/2010 12:00", 1288526400.0),  # and ended: UTC
    ],
)
def test_local_times_follow_the_clock_changes(date: str, utc_s: float) -> None:
    """Noon in London is 11:00 UTC in summer."""
    assert retail.at_s(date) == utc_s


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,85123A,x,1,31/12/2010 8:26,2.55,,UK", "InvoiceDate '31/12/2010 8:26'"),
        ("1,85123A,x,few,12/1/2010 8:26,2.55,,UK", "Quantity 'few' is no number"),
        ("1,85123A,x,1,12/1/2010 8:26,,17850,UK", "Price ''"),
        ("1,85123A,x,1", "4 cells, the header has 8"),
    ],
)
def test_a_row_that_is_no_event_is_shown_with_file_and_line(tmp_path: Path, row: str, said: str) -> None:
    """It goes on as an Unreadable that names place and cell, the rows around it as ever, and no customer is told."""
    file = tmp_path / "bad.csv"
    good = "1,85123A,x,1,12/1/2010 8:26,2.55,17850,UK"
    file.write_text(f"{HEADER}\n{good}\n{row}\n{good}")
    first, second, third = retail.read_rows(file, CATALOG, KEY)
    assert isinstance(first, Transaction)
    assert isinstance(third, Transaction)
    assert isinstance(second, Unreadable)
    assert said in second.reason
    assert "bad.csv:3" in second.reason + second.event_id
    assert b"17850" not in encode(second)
    assert [one.event for one in retail.recorded(file, CATALOG, KEY)] == [first, second, third]


def test_a_file_of_other_columns_is_refused(tmp_path: Path) -> None:
    """The message names the missing column, the file and what it has."""
    file = tmp_path / "other.csv"
    file.write_text("Invoice,Date\n")
    with pytest.raises(ConfigurationError, match=r"other\.csv: no column 'StockCode'; the file has Invoice, Date"):
        list(retail.read_rows(file, CATALOG, KEY))


def test_a_catalog_without_a_till_is_refused() -> None:
    """Events nobody waits for would be lost in silence."""
    with pytest.raises(ConfigurationError, match="no pool of the catalog has a feed 'till'"):
        list(retail.read_rows(SUBSET, load(ROOT / "catalogs" / "traffic.toml"), KEY))
