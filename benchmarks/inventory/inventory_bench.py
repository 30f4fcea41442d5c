"""Table inventory-bench: the policy trained on generated demand, beside two rules, on instances of InventoryBench.

Figures of the part `report` are reported; `--part tune` is for development. What is different between two players is
paired by instance, and its standard error is a bootstrap over whole demand paths.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import Figure
from benchmarks.inventory import instances as tables
from benchmarks.inventory.generated_instances import generated
from benchmarks.inventory.instances import Instances
from benchmarks.inventory.players import CappedBaseStock, ForgettingBaseStock, Learned
from benchmarks.inventory.protocol import play, standard_error
from policies.inventory.streaming_files import shipped

Float64s = NDArray[np.float64]

MUST, GOAL = 0.600, 0.660
REPORTED = "report"
PAPER, FORGETTING, LEARNED = "paper's capped base-stock", "forgetting base-stock", "learned"
BOOTSTRAP_SEED, QUICK_SEED, QUICK_PATHS = 90_004, 5, 4


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what this table needs to know."""
    parser.add_argument("--data", type=Path, metavar="FILE", help="inventory-bench: the Parquet table of its instances")
    parser.add_argument(
        "--part", help=f"inventory-bench: {REPORTED}, tune or all; default: {REPORTED} where FILE has it, else all"
    )


def figures(options: argparse.Namespace) -> list[Figure]:
    """Return the rows; exits with what is missing when no data is named and it is no quick run."""
    if options.quick and options.data is None:
        return measured(tables.of_table(generated(np.random.default_rng(QUICK_SEED), QUICK_PATHS)))
    if options.data is None or not options.data.is_file():
        raise SystemExit(f"inventory-bench: --data has to name the Parquet table of the instances, not {options.data}")
    here = tables.parts(options.data)
    part = options.part or (REPORTED if REPORTED in here else "all")
    print(f"part {part} of {options.data.name}")
    return measured(tables.read(options.data, None if part == "all" else part))


def measured(instances: Instances) -> list[Figure]:
    """Return the rows of all instances together, then of each family."""
    scores = {
        LEARNED: play(instances, Learned(instances, shipped())),
        FORGETTING: play(instances, ForgettingBaseStock(instances)),
        PAPER: play(instances, CappedBaseStock(instances)),
    }
    paths, families = instances.demand_path, np.array(instances.family)
    rows = [
        Figure("instances", float(len(paths)), "count"),
        Figure("demand paths", float(len(np.unique(paths))), "count"),
        *_rows("all", scores, paths, limits=True),
    ]
    for family in np.unique(families):
        inside = families == family
        rows += _rows(str(family), {name: one[inside] for name, one in scores.items()}, paths[inside], limits=False)
    return rows


def _rows(where: str, scores: dict[str, Float64s], paths: NDArray[np.str_], *, limits: bool) -> list[Figure]:
    learned = scores[LEARNED]
    must, goal = (MUST, GOAL) if limits else (None, None)
    rows = [Figure(f"{where}: {LEARNED}", float(learned.mean()), "score", must, goal, at_least=True)]
    rows.append(Figure(f"{where}: {LEARNED}, standard error", _error(learned, paths), "score"))
    for name in (FORGETTING, PAPER):
        difference = learned - scores[name]
        rows += [
            Figure(f"{where}: {name}", float(scores[name].mean()), "score"),
            Figure(f"{where}: {LEARNED} less {name}, paired", float(difference.mean()), "score"),
            Figure(f"{where}: {LEARNED} less {name}, standard error", _error(difference, paths), "score"),
        ]
    return rows


def _error(values: Float64s, paths: NDArray[np.str_]) -> float:
    return standard_error(values, paths, np.random.default_rng(BOOTSTRAP_SEED))
