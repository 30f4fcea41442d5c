"""`python -m benchmarks.chaos.table`: a chaos run's figures (benchmarks/results/chaos.json) in, docs/chaos.md out."""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.chaos.cases import CASES

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "benchmarks" / "results" / "chaos.json"
PAGE = ROOT / "docs" / "chaos.md"
HEAD = """# The chaos run

Made by `python -m benchmarks.chaos.table` from benchmarks/results/chaos.json, which was written by `python -m
benchmarks.chaos --json benchmarks/results/chaos.json` on two cores. Machines are noisy: run it on yours; `--quick`
takes less than a minute, `--case NAME` does one of them, `--faults N` says how many in all.

A real broker (or three), a real Valkey, real `headgate worker` processes, and a steady load of 800 events/s: eight
pools of two resources, one hour of event time a second each, so that 960 buckets close a minute; 2 % of the events
come twice, 1 % an hour too late. A verifier in a process of its own reads all topics and Redis, folds the input by
code that imports nothing from the packages under test, and compares every closed bucket, tick, decision, dead
letter and view:

- *lost* and *twice*: each sale moves one unit, so a unit too few or too many in a bucket, or an event too few or
  too many in a view's count, is one event.
- *mismatches*: a bucket, tick or decision told twice in different words; a model that has learnt another number of
  buckets, or whose forecast does not follow from the one before; stock, counters or last value of a view; garbage
  without a dead letter and a dead letter without garbage; a tick without a decision; a fault not recovered from.
- *recovery*: from the fault, or from the end of an outage whose length we chose, until something that was appended
  later is readable of **every** pool, both in Kafka and in Redis. Each pool closes once a second, so a fault that
  disturbs nothing shows about one second.
- *p99 latency*: from the append of the record that closes a bucket until the bucket is readable in Kafka and its
  forecast in Redis; of records appended from the fault to the recovery, and of those appended after it.
"""
COLUMNS = (
    ("faults", "faults", "{:.0f}"),
    ("events", "events", "{:,.0f}"),
    ("lost", "events lost", "{:.0f}"),
    ("twice", "applied twice", "{:.0f}"),
    ("mismatches", "mismatches", "{:.0f}"),
    ("recovery, median", "recovery, median", "{:.1f} s"),
    ("worst", "recovery, worst", "{:.1f} s"),
    ("p99 during", "p99 latency during", "{:.2f} s"),
    ("p99 after", "p99 latency after", "{:.3f} s"),
)


def page(rows: list[dict[str, Any]]) -> str:
    """Return the page: one row a case."""
    values = {row["name"]: row["value"] for row in rows}
    titles = ("case", *(title for title, _, _ in COLUMNS))
    lines = [HEAD, "| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
    for case in CASES:
        if f"{case.name}: faults" not in values:
            continue
        cells = [
            shape.format(values[f"{case.name}: {name}"]) if f"{case.name}: {name}" in values else ""
            for _, name, shape in COLUMNS
        ]
        lines.append(f"| **{case.name}**: {case.what} | " + " | ".join(cells) + " |")
    faults, wrong = values["all: faults"], values["all: lost, applied twice, mismatches"]
    return "\n".join([*lines, "", f"All together: {faults:.0f} faults, {wrong:.0f} events wrong.", ""])


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(json.loads(RESULT.read_text(encoding="utf-8"))), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
