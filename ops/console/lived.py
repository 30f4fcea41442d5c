"""The twin's journal in, how well the run serves so far out; nothing where no twin runs beside the console."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

_TOTALS = """
SELECT TOTAL(sold), TOTAL(unmet), TOTAL(cost), COUNT(DISTINCT period_start_s),
       COUNT(DISTINCT CASE WHEN decided_by = 'timeout' THEN pool_id || period_start_s END) FROM lived
"""


@dataclass(frozen=True, slots=True)
class LivedSoFar:
    """Totals of a twin's run."""

    fill_ratio: float  # units sold of units asked for
    cost: float  # holding and lost sales, in the catalog's currency
    periods: int
    timeouts: int  # ticks that nobody answered in time


def lived_so_far(path: Path) -> LivedSoFar | None:
    """Return the totals of the journal at `path`; None without one, while it is locked, or before its first period."""
    if not path.exists():
        return None
    try:
        file = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.2)
    except sqlite3.Error:
        return None
    try:
        sold, unmet, cost, periods, timeouts = file.execute(_TOTALS).fetchone()
    except sqlite3.Error:
        return None
    finally:
        file.close()
    asked = sold + unmet
    return LivedSoFar(sold / asked, cost, periods, timeouts) if asked > 0 else None
