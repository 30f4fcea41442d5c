"""What a learned policy cost on an instance, kept in a folder, so that a long table goes on where it was stopped."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Learning:
    """One instance's result."""

    name: str
    course: str  # whatever the result depends on
    cost: float  # currency per period, of the policy with whole orders
    standard_error: float  # of `cost`; 0 when it was evaluated exactly
    best_cost: float  # known or published
    seconds: float  # of one core, to learn
    steps: int

    @property
    def gap_ratio(self) -> float:
        """Return how much more than the best is paid."""
        return self.cost / self.best_cost - 1.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that tables of learned policies share."""
    parser.add_argument("--keep", type=Path, help="folder for the result of each instance; what is there is not redone")
    parser.add_argument("--only", default="", help="instances whose name has this in it, e.g. 'poisson L=4'")


def kept(folder: Path | None, name: str, course: str, work: Callable[[], Learning]) -> Learning:
    """Return the result in `folder` if it is of the same course, else do the work and keep it there."""
    path = None if folder is None else folder / f"{name.replace(' ', '_')}.json"
    if path is not None and path.exists():
        found = Learning(**json.loads(path.read_text(encoding="utf-8")))
        if found.course == course:
            return found
    result = work()
    print(
        f"{result.name:<32}{100 * result.gap_ratio:>9.4f} % {result.seconds:>7.1f} s {result.steps:>6} steps",
        flush=True,
    )
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
    return result
