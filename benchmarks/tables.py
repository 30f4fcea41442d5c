"""`python -m benchmarks.tables`: the JSON of each benchmark (benchmarks/results) in, docs/figures.md out."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "figures.md"
HEAD = """# Figures

Made by `python -m benchmarks.tables` from the files in `benchmarks/results/`; each of them was written by the command
above its table, on two cores. Machines are noisy: run it on yours.
"""


def page() -> str:
    """Return the page: a table a benchmark, in order of their names."""
    parts = [HEAD]
    for path in sorted(RESULTS.glob("*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))
        lines = ["| figure | value | must | goal |", "|---|---|---|---|"]
        for row in rows:
            limits = " | ".join(_limit(row[kind], met=row[f"meets_{kind}"]) for kind in ("must", "goal"))
            lines.append(f"| {row['name']} | {row['value']:,.4g} {row['unit']} | {limits} |")
        words = path.stem.replace("-", " ", 1)  # a benchmark of several tables has one file for each
        command = f"python -m benchmarks.{words} --json benchmarks/results/{path.name}"
        parts.append(f"## {path.stem}\n\n`{command}`\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _limit(limit: float | None, *, met: bool) -> str:
    if limit is None:
        return ""
    return f"{limit:g}" if met else f"{limit:g} **missed**"


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
