"""A user's own table: the shipped example, other spellings of it, and what is said when something does not fit."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from streams.catalog import load
from streams.errors import ConfigurationError
from streams.events import Transaction, Unreadable
from streams.feeds import mapping as mappings
from streams.feeds.recorded import FeedEvent
from streams.feeds.suggest import closed_line, suggestion
from streams.feeds.table import read_table

EXAMPLE = Path(__file__).parents[3] / "examples" / "own-data"
CATALOG = load(EXAMPLE / "catalog.toml")
MAPPING = (EXAMPLE / "mapping.toml").read_text(encoding="utf-8")
KEY = b"k" * 32
SMALL = """
version = 1
feed_id = "till"
time = { column = "at", timezone = "Europe/Berlin" }
pool = { constant = "bakery" }
resource = { column = "what" }
quantity = { column = "units" }
"""


def read(folder: Path, table: str, mapping: str = SMALL, name: str = "own.csv") -> list[FeedEvent]:
    """Return the events of a table given as text."""
    (folder / name).write_text(table, encoding="utf-8")
    (folder / "m.toml").write_text(mapping, encoding="utf-8")
    return list(read_table(folder / name, mappings.load(folder / "m.toml"), CATALOG, KEY))


def refused(folder: Path, table: str, mapping: str, name: str = "own.csv") -> str:
    """Return what is said about a table or mapping that does not fit."""
    with pytest.raises(ConfigurationError) as caught:
        read(folder, table, mapping, name)
    return str(caught.value)


def test_the_example_reads_but_for_its_two_bad_cells() -> None:
    """416 of 418 rows are events; the other two say file, line, column and cell."""
    events = list(read_table(EXAMPLE / "sales.csv", mappings.load(EXAMPLE / "mapping.toml"), CATALOG, KEY))
    bad = [event.reason for event in events if isinstance(event, Unreadable)]
    sales = [event for event in events if isinstance(event, Transaction)]
    assert len(sales) == 416
    assert len(bad) == 2
    assert bad[0] == "sales.csv:121: column 'Quantity': a text of 5 characters is no number"
    assert bad[1].startswith("sales.csv:241: column 'Time': '31.02.2024 10:00' is no time")
    assert {event.kind for event in sales} == {"sale", "cancellation"}
    assert all(event.quantity_units < 0 for event in sales if event.kind == "cancellation")
    first = sales[0]
    assert first.occurred_at_s == datetime(2024, 2, 26, 6, 20, tzinfo=UTC).timestamp()
    assert (first.event_id, first.document_id, first.unit_price) == ("1001-1", "1001", 4.80)
    assert not any("K-" in (event.customer_key or "") for event in sales)


def test_a_row_without_a_price_is_no_bad_row(tmp_path: Path) -> None:
    """Counts and deliveries have none; what is there has to be a number all the same."""
    mapping = SMALL + '[price]\ncolumn = "each"\n'
    table = "at,what,units,each\n2024-03-01 08:30,roll,3,\n2024-03-01 08:30,roll,3,0.45\n2024-03-01 08:30,roll,3,?\n"
    none, some, bad = read(tmp_path, table, mapping)
    assert isinstance(none, Transaction)
    assert isinstance(some, Transaction)
    assert (none.unit_price, some.unit_price) == (None, 0.45)
    assert isinstance(bad, Unreadable)


def test_a_parquet_file_reads_as_its_csv_does(tmp_path: Path) -> None:
    """Typed cells (times, dates, whole numbers as floats) become the same events."""
    when = [datetime(2024, 3, 1, 8, 30), datetime(2024, 7, 1, 8, 30)]  # noqa: DTZ001  local, as tables have them
    table = pa.table({"at": when, "what": ["roll", "pretzel"], "units": [3.0, 4.0]})
    parquet.write_table(table, tmp_path / "own.parquet")
    csv = read(tmp_path, "at,what,units\n2024-03-01 08:30,roll,3\n2024-07-01T08:30,pretzel,4\n")
    typed = list(read_table(tmp_path / "own.parquet", mappings.load(tmp_path / "m.toml"), CATALOG, KEY))
    assert [getattr(event, "occurred_at_s", None) for event in typed] == [1709278200.0, 1719815400.0]
    strip = [{**{name: getattr(event, name) for name in event.__struct_fields__}, "event_id": ""} for event in csv]
    assert strip == [
        {**{name: getattr(event, name) for name in event.__struct_fields__}, "event_id": ""} for event in typed
    ]


def test_without_an_event_id_file_and_line_name_a_row(tmp_path: Path) -> None:
    """So that sending the file again doubles nothing."""
    events = read(tmp_path, 'at,what,units\n2024-03-01,"ro\nll",3\n2024-03-02,roll,4\n')
    assert [getattr(event, "event_id", "") for event in events] == ["own-3", "own-4"]


@pytest.mark.parametrize(
    ("cell", "zone", "utc"),
    [
        ("2024-03-31 12:00", "Europe/Berlin", datetime(2024, 3, 31, 10, tzinfo=UTC)),  # the clocks went forward
        ("2024-10-27 02:30", "Europe/Berlin", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),  # twice: the first is meant
        ("2024-11-03 01:30", "America/Chicago", datetime(2024, 11, 3, 6, 30, tzinfo=UTC)),
        ("2024-06-01T12:00+00:00", "Europe/Berlin", datetime(2024, 6, 1, 12, tzinfo=UTC)),  # names its own zone
        ("2024-06-01T12:00Z", "Europe/Berlin", datetime(2024, 6, 1, 12, tzinfo=UTC)),
    ],
)
def test_local_times_follow_the_zone(tmp_path: Path, cell: str, zone: str, utc: datetime) -> None:
    """Also over the clock changes."""
    [event] = read(tmp_path, f"at,what,units\n{cell},roll,1\n", SMALL.replace("Europe/Berlin", zone))
    assert isinstance(event, Transaction)
    assert event.occurred_at_s == utc.timestamp()


@pytest.mark.parametrize(
    ("written", "cell", "at_s"),
    [
        ("unix_s", "1709278200.5", 1709278200.5),
        ("unix_ms", "1709278200500", 1709278200.5),
        ("%Y%m%d", "20240301", None),
    ],
)
def test_other_formats_of_time(tmp_path: Path, written: str, cell: str, at_s: float | None) -> None:
    """Seconds, milliseconds and strptime's letters."""
    mapping = SMALL.replace('timezone = "Europe/Berlin"', f'format = "{written}"')
    [event] = read(tmp_path, f"at,what,units\n{cell},roll,1\n", mapping)
    assert isinstance(event, Transaction)
    assert event.occurred_at_s == pytest.approx(at_s or datetime(2024, 3, 1, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2024-03-01,roll,", "own.csv:2: column 'units' is empty"),
        ("2024-03-01,roll,3;4", "column 'units': '3;4' is no number"),
        ("yesterday,roll,3", "column 'at': a text of 9 characters is no time"),
        (",roll,3", "column 'at' is empty"),
        ("2024-03-01,,3", "column 'what' is empty"),
        ("2024-03-01,roll", "2 cells, the header has 3"),
        (f"2024-03-01,roll,{'9' * 40}x", "a text of 41 characters is no number"),
        (f"2024-03-01,roll,{'x' * 400}", "a text of 400 characters"),
    ],
)
def test_a_bad_cell_is_shown_and_the_rest_goes_on(tmp_path: Path, row: str, said: str) -> None:
    """Never a stop, never silence: one Unreadable with file and line, of bounded length, in a pool that exists."""
    bad, good = read(tmp_path, f"at,what,units\n{row}\n2024-03-02,roll,4\n")
    assert isinstance(good, Transaction)
    assert isinstance(bad, Unreadable)
    assert said in bad.reason
    assert len(bad.reason) < 200
    assert bad.pool_id == "bakery"


def test_numbers_that_are_none_are_left_to_cleaning(tmp_path: Path) -> None:
    """`nan` reads as a number here; on the wire it is null, which the shard parks."""
    [event] = read(tmp_path, "at,what,units\n2024-03-01,roll,nan\n")
    assert isinstance(event, Transaction)
    assert event.quantity_units != event.quantity_units


def test_a_kind_that_nobody_knows_is_shown(tmp_path: Path) -> None:
    """With the kinds that are known, the mapping's own words first."""
    mapping = SMALL + 'kind = { column = "k", values = { V = "sale" } }\n'
    good, own, bad = read(
        tmp_path, "at,what,units,k\n2024-03-01,roll,1,V\n2024-03-01,roll,1,return\n2024-03-01,roll,1,Q\n", mapping
    )
    assert isinstance(good, Transaction)
    assert isinstance(own, Transaction)
    assert (good.kind, own.kind) == ("sale", "return")
    assert isinstance(bad, Unreadable)
    assert "'Q' is no kind of transaction; known: V, sale, cancellation" in bad.reason


def test_sensors_with_covariates_from_one_row(tmp_path: Path) -> None:
    """[value] makes readings; a bad covariate costs only itself."""
    mapping = SMALL.replace('quantity = { column = "units" }', 'value = { column = "units", quantity = "count_units" }')
    mapping += '[[covariates]]\nname = "temperature_c"\ncolumn = "temp"\noffset = -273.15\n'
    events = read(tmp_path, "at,what,units,temp\n2024-03-01,roll,3,300\n2024-03-01,roll,3,warm\n", mapping)
    assert [type(event).__name__ for event in events] == ["SensorReading", "Covariate", "SensorReading", "Unreadable"]
    assert getattr(events[1], "value", None) == pytest.approx(26.85)
    assert getattr(events[3], "event_id", None) == "own-3-temperature_c"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ('"units"', '"unit"'),
            "has no column 'unit', which the mapping's [quantity] names; did you mean 'units'? It has: at, what, units",
        ),
        (('"what"', '"Q"'), "has no column 'Q', which the mapping's [resource] names. It has: at, what, units"),
        (("quantity", "quantities"), "unknown field `quantities`"),
        (("quantity = { column", "#"), "give either [quantity] (transactions) or [value] (sensor readings)"),
        (("version = 1", "version = 2"), "$.version"),
        (('feed_id = "till"', ""), "missing required field `feed_id`"),
        (("Europe/Berlin", "Berlin"), "[time] timezone 'Berlin' is no IANA timezone"),
        (('pool = { constant = "bakery" }', "pool = {}"), "[pool] takes one of column, constant or by_resource"),
        (('"till"', '"door"'), "no pool of the catalog has a feed 'door'"),
        (("version = 1", "version = 1\nencoding = 'utf-9'"), "encoding 'utf-9' is not known"),
        (("version = 1", "version = "), "m.toml: Invalid value (at line 2"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """One clear message, before anything is sent."""
    assert said in refused(tmp_path, "at,what,units\n2024-03-01,roll,1\n", SMALL.replace(*change))


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("own.xlsx", "", "own.xlsx: no known kind of file; known are .csv, .csv.gz, .csv.xz, .parquet, .pq"),
        ("own.parquet", "at,what,units", "own.parquet: is no Parquet file"),
        ("own.csv.gz", "at,what,units", "own.csv.gz: cannot be read (Not a gzipped file"),
        ("own.csv", "", "own.csv: is empty; its first line has to name the columns"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path: Path, name: str, table: str, said: str) -> None:
    """One clear message naming the file."""
    assert said in refused(tmp_path, table, SMALL, name)


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    """And reads once the mapping names it."""
    (tmp_path / "own.csv").write_bytes("at,what,units\n2024-03-01,Brötchen,1\n".encode("latin-1"))
    (tmp_path / "m.toml").write_text(SMALL)
    with pytest.raises(ConfigurationError, match=r"is not utf-8 .* name its encoding"):
        list(read_table(tmp_path / "own.csv", mappings.load(tmp_path / "m.toml"), CATALOG, KEY))
    (tmp_path / "m.toml").write_text('encoding = "latin-1"\n' + SMALL)
    [event] = read_table(tmp_path / "own.csv", mappings.load(tmp_path / "m.toml"), CATALOG, KEY)
    assert getattr(event, "resource_id", None) == "Brötchen"


def test_files_that_are_not_there_say_what_to_do(tmp_path: Path) -> None:
    """Mapping and table alike."""
    with pytest.raises(ConfigurationError, match="no such file; `headgate feed csv FILE --suggest` prints one"):
        mappings.load(tmp_path / "none.toml")
    (tmp_path / "m.toml").write_text(SMALL)
    for name in ("none.csv", "none.parquet"):
        with pytest.raises(ConfigurationError, match="no such file"):
            list(read_table(tmp_path / name, mappings.load(tmp_path / "m.toml"), CATALOG, KEY))


def test_a_suggestion_for_the_example_can_be_used(tmp_path: Path) -> None:
    """Cut in two files it reads the table it was made from: same times (but the zone), quantities and articles."""
    mapping, catalog = suggestion(EXAMPLE / "sales.csv").split("\n# catalog.toml")
    (tmp_path / "m.toml").write_text(mapping.replace("UTC", "Europe/Berlin"), encoding="utf-8")
    (tmp_path / "c.toml").write_text("#" + catalog, encoding="utf-8")
    own = load(tmp_path / "c.toml")
    events = list(read_table(EXAMPLE / "sales.csv", mappings.load(tmp_path / "m.toml"), own, KEY))
    by_hand = list(read_table(EXAMPLE / "sales.csv", mappings.load(EXAMPLE / "mapping.toml"), CATALOG, KEY))

    def told(event: FeedEvent) -> Any:
        return type(event), [getattr(event, name, 0) for name in ("occurred_at_s", "quantity_units", "resource_id")]

    assert own.pools[0].closed == ("sunday",)
    assert {resource.id for resource in own.pools[0].resources} == {one.id for one in CATALOG.pools[0].resources}
    assert [told(event) for event in events] == [told(event) for event in by_hand]


@pytest.mark.parametrize(
    ("days", "closed"),
    [
        ([1, 2, 3], "[]"),
        (list(range(1, 29, 7)), "[]"),
        ([day for day in range(1, 29) if day % 7 not in (2, 3)], '["saturday", "sunday"]'),
        ([day for day in range(1, 29) if day % 7 not in (1, 2, 3)], "[]"),
        (list(range(1, 29)), "[]"),
    ],
)
def test_closed_weekdays_are_suggested_from_several_whole_weeks_alone(days: list[int], closed: str) -> None:
    """Three rows, or a row a week, say nothing of the days that they are not of."""
    assert closed_line([f"2024-03-{day:02}" for day in days]).startswith(f"closed = {closed}  #")


def test_a_table_that_cannot_be_guessed_says_what_is_missing(tmp_path: Path) -> None:
    """And where an example of a mapping is."""
    (tmp_path / "odd.csv").write_text(f"a,b,c\n1,2,{date(2024, 1, 1)}\n")
    with pytest.raises(ConfigurationError, match=r"cannot guess a column for time and quantity and resource.*a, b, c"):
        suggestion(tmp_path / "odd.csv")
