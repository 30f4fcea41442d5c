"""`python -m benchmarks.inventory TABLE [--quick] [--json FILE]`: one table of stock decisions, measured anew.

A table is one module with `figures(options) -> list[Figure]`, and `configure(parser)` where it has options of its own.
`--quick` does the same work on less of it, on seeds and instances that are not the reported ones.
"""

import importlib
import sys
from collections.abc import Sequence

from benchmarks.figures import options, tell

TABLES: dict[str, str] = {
    "decisions": "decisions for 10,000 items on one core: milliseconds, part by part",
    "evaluate": "any world described in TOML: what every policy costs there",
    "generalisation": "the one network on costs, means, shapes and lead times that it was not trained on",
    "inventory-bench": "the InventoryBench instances, from online forecasts",
    "learners": "pathwise gradient, PPO and SAC at equal CPU time, and improvement where orders cost something",
    "long-lead-times": "lead times 6, 8 and 10 beside the best published costs",
    "one-network": "one network on all 32 instances of the bed: gaps to the optimum",
    "optimum": "the 32 optima computed anew beside the published ones",
    "or-gym": "the or-gym supply chain with backlog and with lost sales",
    "throughput": "item-periods a second of the plain lost-sales world on one core",
    "zipkin": "one learned policy per instance of the bed: gaps to the optimum",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one table, print it, write it; return 1 when a figure misses what it must reach."""
    parser = options((__doc__ or "").splitlines()[0])
    parser.add_argument(
        "table", choices=TABLES, metavar="TABLE", help="; ".join(f"{a}: {b}" for a, b in TABLES.items())
    )
    words = list(sys.argv[1:] if arguments is None else arguments)
    table = next((importlib.import_module(_module(word)) for word in words if word in TABLES), None)
    if hasattr(table, "configure"):
        table.configure(parser)
    chosen = parser.parse_args(words)
    return tell(importlib.import_module(_module(chosen.table)).figures(chosen), chosen.json)


def _module(table: str) -> str:
    return f"benchmarks.inventory.{table.replace('-', '_')}"


if __name__ == "__main__":
    sys.exit(main())
