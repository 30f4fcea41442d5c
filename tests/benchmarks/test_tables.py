"""The page of figures is made from the benchmarks' own files, never by hand."""

import pytest

from benchmarks.inventory.__main__ import TABLES
from benchmarks.tables import PAGE, RESULTS, ROOT, page

INVENTORY = ROOT / "benchmarks" / "inventory"


def test_the_page_is_up_to_date() -> None:
    """`python -m benchmarks.tables` after a new result."""
    names = ["chaos", "demo", "faults", "forecast", "models", "snapshots", "stream"]
    stems = {path.stem for path in RESULTS.glob("*.json")}
    assert stems - {f"inventory-{table}" for table in TABLES} == set(names)
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("table", TABLES)
def test_every_table_of_stock_decisions_is_a_module(table: str) -> None:
    """What is listed can be run."""
    assert (INVENTORY / f"{table.replace('-', '_')}.py").is_file()
