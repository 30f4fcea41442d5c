"""A measured number and its limits in; a row of a benchmark's table and of its JSON file out."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number and what it has to be at most, or at least; None: no limit, shown for the record."""

    name: str
    value: float
    unit: str
    must: float | None = None
    goal: float | None = None
    at_least: bool = False  # whether the limits are floors

    def row(self) -> dict[str, Any]:
        """Return the figure as a row of the JSON file."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "must": self.must,
            "goal": self.goal,
            "meets_must": self._meets(self.must),
            "meets_goal": self._meets(self.goal),
        }

    def _meets(self, limit: float | None) -> bool:
        if limit is None:
            return True
        return self.value >= limit if self.at_least else self.value <= limit


def options(description: str) -> argparse.ArgumentParser:
    """Return the parser every benchmark begins with."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a smoke run: the same work, less of it")
    parser.add_argument("--json", type=Path, help="write the figures there")
    return parser


def tell(figures: Sequence[Figure], path: Path | None) -> int:
    """Print the figures, write them to `path` if there is one, and return 1 when a must is missed."""
    rows = [figure.row() for figure in figures]
    for figure, row in zip(figures, rows, strict=True):
        limit = "" if figure.must is None else f"  must {figure.must:g}: {'met' if row['meets_must'] else 'MISSED'}"
        print(f"{figure.name:<72}{figure.value:>11.3f} {figure.unit:<8}{limit}")
    if path is not None:
        path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0 if all(row["meets_must"] for row in rows) else 1
