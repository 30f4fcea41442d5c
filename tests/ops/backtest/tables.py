"""A small table of two items, and its configuration, for the tests of the backtest."""

from pathlib import Path

import numpy as np

TOML = """
version = 1
period = "day"
timezone = "Europe/London"
horizons = [1, 7]
lead_periods = 3
missing = "missing"
report_from = 2024-02-26
[columns]
time = "day"
series = "item"
value = "units"
"""
DAYS = np.arange("2024-01-01", "2024-05-06", dtype="datetime64[D]")  # 18 weeks from a Monday on


def sold(item: int, day: int) -> int:
    """Return what was sold: the same each week, another number each weekday."""
    return 10 * item + 3 * (day % 7)


def lines(days: int = len(DAYS)) -> list[str]:
    """Return a table of two items."""
    return ["day,item,units", *(f"{DAYS[day]},i{item},{sold(item, day)}" for day in range(days) for item in (1, 2))]


def written(folder: Path, rows: list[str], toml: str = TOML) -> Path:
    """Return the table's path; its configuration lies beside it."""
    (folder / "sales.toml").write_text(toml)
    path = folder / "sales.csv"
    path.write_text("\n".join(rows) + "\n")
    return path
