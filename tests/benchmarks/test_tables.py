"""The page of figures is made from the benchmarks' own files, never by hand."""

from benchmarks.inventory.__main__ import TABLES
from benchmarks.tables import PAGE, RESULTS, page


def test_the_page_is_up_to_date() -> None:
    """`python -m benchmarks.tables` after a new result."""
    names = ["chaos", "demo", "faults", "forecast", "models", "snapshots", "stream"]
    stems = {path.stem for path in RESULTS.glob("*.json")}
    assert stems - {f"inventory-{table}" for table in TABLES} == set(names)
    assert PAGE.read_text(encoding="utf-8") == page()
