"""What the gateway did with each action, on disk: a line's id in, its state and outcome out.

    (unknown) -> received -> handing -> settled -> published
                    ^----------'  only when the receiver surely did not act

`handing` is written before the receiver is called, `settled` carries the outcome, `published` means that Kafka has
it. A crash leaves a line where it was, and the next start takes it on from there.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from streams.errors import StateError

KEPT_S = 60 * 86_400.0  # how long a published action is remembered (wall time): well above the retention of ticks

_SCHEMA = """
CREATE TABLE IF NOT EXISTS actions (
    action_id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('received', 'handing', 'settled', 'published')),
    note TEXT NOT NULL,
    outcome BLOB,
    received_at_s REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS published_by_age ON actions (received_at_s) WHERE state = 'published';
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One action as the journal knows it."""

    state: str
    note: str  # the receiver's last error, "" while there was none
    outcome: bytes | None  # JSON of streams.events.Outcome, once settled


class Journal:
    """The gateway's memory in the file `path`, or for a dry run in no file. A second holder is refused."""

    def __init__(self, path: Path | None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=0.5)
        try:
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")  # a crash of the machine loses no line
            self._database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            self._database.close()
            raise StateError(
                f"gateway journal {path}: {error}; another gateway may be using it: stop that one"
            ) from error
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise StateError(
                f"gateway journal {path} is damaged ({error}); move it away, and compare the open actions with the "
                "receiver before you start again: without it orders could act twice"
            ) from error

    def __enter__(self) -> Self:
        """Return the journal."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._database.close()

    def entries(self, action_ids: Sequence[str]) -> dict[str, Entry]:
        """Return what is known of `action_ids`."""
        found = {}
        for action_id in action_ids:
            row = self._database.execute(
                "SELECT state, note, outcome FROM actions WHERE action_id = ?", (action_id,)
            ).fetchone()
            if row:
                found[action_id] = Entry(*row)
        return found

    def receive(self, action_ids: Iterable[str], now_s: float) -> None:
        """Remember that these actions have come; those known stay as they are."""
        rows = [(action_id, now_s) for action_id in action_ids]
        self._write("INSERT OR IGNORE INTO actions VALUES (?, 'received', '', NULL, ?)", rows)

    def move(self, action_ids: Iterable[str], state: str, note: str = "") -> None:
        """Put these actions into `state`, with the receiver's error if there was one."""
        rows = [(state, note, action_id) for action_id in action_ids]
        self._write(
            "UPDATE actions SET state = ?1, note = CASE ?2 WHEN '' THEN note ELSE ?2 END WHERE action_id = ?3", rows
        )

    def settle(self, outcomes: Iterable[tuple[str, bytes]]) -> None:
        """Keep the outcome of each (action_id, JSON) until it is published."""
        rows = [(outcome, action_id) for action_id, outcome in outcomes]
        self._write("UPDATE actions SET state = 'settled', outcome = ? WHERE action_id = ?", rows)

    def forget(self, now_s: float) -> None:
        """Drop published actions older than `KEPT_S`."""
        self._write("DELETE FROM actions WHERE state = 'published' AND received_at_s < ?", [(now_s - KEPT_S,)])

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(statement, rows)
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")
