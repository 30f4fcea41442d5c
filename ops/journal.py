"""What the twin's world lived through, period by period, in; the same rows for the report out. SQLite, one run a file.

Nothing of wall time is in it, so two runs that decided alike leave equal journals.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.errors import ConfigurationError, StateError

FILE = "twin.sqlite"
VERSION = "2"

_TABLES = """
CREATE TABLE IF NOT EXISTS run (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS lived (
  pool_id TEXT, period_start_s REAL, resource_id TEXT, demand REAL, sold REAL, unmet REAL, returned REAL,
  ordered REAL, received REAL, on_hand REAL, cost REAL, proposed REAL, decided_by TEXT, reason_code TEXT,
  policy TEXT, policy_version TEXT, role TEXT, shadow REAL, PRIMARY KEY (pool_id, period_start_s, resource_id)
);
"""


@dataclass(frozen=True, slots=True)
class Lived:
    """One resource in one period: what was asked, what became of it, and who had decided. Units and currency."""

    pool_id: str
    period_start_s: float
    resource_id: str
    demand: float  # asked for and not cancelled within the period
    sold: float
    unmet: float
    returned: float  # of older sales
    ordered: float
    received: float
    on_hand: float  # at the end
    cost: float  # holding of what is left over and lost sales
    proposed: float  # what the policy had asked for before the guard
    decided_by: str  # "policy", "rule" (out of range), "baseline", "hold", or "timeout": nothing had come in time
    reason_code: str  # "policy", or the rule of the guard that changed it
    policy: str  # of this line
    policy_version: str
    role: str = ""  # of that policy, see `streams.events.Role`
    shadow: float | None = None  # units that the other alias would have ordered in its place


class Journal:
    """Writes one run; use it as a context manager. Opening it forgets the run before."""

    def __init__(self, path: Path, run: Mapping[str, str]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = sqlite3.connect(path)
            self._file.execute("PRAGMA journal_mode=WAL")
            self._file.execute("PRAGMA synchronous=NORMAL")
            self._file.executescript(_TABLES)
            with self._file:
                self._file.execute("DELETE FROM run")
                self._file.execute("DELETE FROM lived")
                self._file.executemany("INSERT INTO run VALUES (?, ?)", ({"version": VERSION} | dict(run)).items())
        except sqlite3.Error as error:
            raise StateError(f"journal {path}: {error}; move it away and start again") from error
        self._path = path

    def __enter__(self) -> Self:
        """Return the journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; what was written is there."""
        self._file.close()

    def write(self, rows: Iterable[Lived]) -> None:
        """Write `rows` together, or none of them."""
        marks = ", ".join("?" * len(fields(Lived)))
        try:
            with self._file:
                self._file.executemany(f"INSERT INTO lived VALUES ({marks})", (astuple(row) for row in rows))  # noqa: S608
        except sqlite3.Error as error:
            raise StateError(f"journal {self._path}: {error}; is the disk full?") from error


def read(path: Path) -> tuple[dict[str, str], list[Lived]]:
    """Return the run's facts and its rows by pool, period and resource; raise ConfigurationError without any."""
    if not path.exists():
        raise ConfigurationError(
            f"no journal at {path}: nothing was simulated yet; run `headgate demo` or `headgate twin`"
        )
    columns = ", ".join(one.name for one in fields(Lived))
    try:
        file = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            run = dict(file.execute("SELECT name, value FROM run"))
            rows = file.execute(f"SELECT {columns} FROM lived ORDER BY 1, 2, 3").fetchall()  # noqa: S608
        finally:
            file.close()
    except sqlite3.Error as error:
        raise ConfigurationError(f"journal {path} cannot be read ({error}); move it away and simulate again") from error
    if run.get("version") != VERSION:
        raise ConfigurationError(
            f"journal {path} is of version {run.get('version')}, this is {VERSION}; simulate again"
        )
    if not rows:
        raise ConfigurationError(f"journal {path}: no period has been lived through yet; wait for the first to end")
    return run, [Lived(*row) for row in rows]
