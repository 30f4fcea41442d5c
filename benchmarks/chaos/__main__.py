"""`python -m benchmarks.chaos [--quick] [--faults N] [--case NAME] [--json FILE]`: real faults, and what they cost.

Real broker, real Valkey, real workers, a steady load; one fault after the other, and a verifier in a process of its
own that folds the log by itself (`benchmarks/chaos/verifier.py`). Nothing may be lost, applied twice or mismatched.
Recovery is from the fault, or from the end of an outage whose length we chose, until something closed after it is
readable of every pool, in Kafka and in Redis. `python -m benchmarks.chaos.table` makes docs/chaos.md of the JSON.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chaos.cases import CASES, QUICK, Case
from benchmarks.chaos.run import Result, percentile, run
from benchmarks.figures import Figure, options, tell

FAULTS = 200
QUICK_FAULTS = 5


def chosen_cases(name: str | None, *, quick: bool) -> list[Case]:
    """Return the cases that were asked for and whose subject is there."""
    names = [name] if name else QUICK if quick else [case.name for case in CASES]
    unknown = set(names) - {case.name for case in CASES}
    if unknown:
        raise SystemExit(f"no case {unknown.pop()!r}; there are: {', '.join(case.name for case in CASES)}")
    found = [case for case in CASES if case.name in names]
    for case in found:
        if not case.ready:
            print(f"{case.name}: waits for {case.needs}")
    return [case for case in found if case.ready]


def figures(results: Sequence[Result]) -> list[Figure]:
    """Return the figures of each case and of all together."""
    found = []
    for result in results:
        name = result.case.name
        found += [
            Figure(f"{name}: faults", result.faults, ""),
            Figure(f"{name}: events", result.events, ""),
            Figure(f"{name}: events lost", result.wrong["lost"], "", 0, 0),
            Figure(f"{name}: applied twice", result.wrong["doubled"], "", 0, 0),
            Figure(f"{name}: mismatches", _others(result), "", 0, 0),
            Figure(f"{name}: recovery, median", percentile(result.recovery_s, 0.5), "s"),
            Figure(f"{name}: recovery, worst", max(result.recovery_s), "s", *limits(name)),
        ]
        for when, values in (("during", result.during_s), ("after", result.after_s)):
            if values:
                found.append(Figure(f"{name}: p99 latency {when}", percentile(values, 0.99), "s"))
    wrong = sum(sum(result.wrong.values()) for result in results)
    found.append(Figure("all: faults", sum(result.faults for result in results), ""))
    found.append(Figure("all: lost, applied twice, mismatches", wrong, "", 0, 0))
    return found


def _others(result: Result) -> int:
    return sum(count for name, count in result.wrong.items() if name not in ("lost", "doubled"))


def limits(case: str) -> tuple[float | None, float | None]:
    """Return how soon the first correct output has to be there, and is wanted."""
    return (8.0, 7.0) if case == "SIGKILL" else (None, None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cases, tell, and return 1 when a must is missed."""
    parser = options((__doc__ or "").splitlines()[0])
    parser.add_argument("--faults", type=int, help=f"how many in all cases together; default {FAULTS}")
    parser.add_argument("--case", help="only this one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep logs and data of the run in this folder")
    chosen = parser.parse_args(arguments)
    faults = chosen.faults or (QUICK_FAULTS if chosen.quick else FAULTS)
    cases = chosen_cases(chosen.case, quick=chosen.quick)
    with tempfile.TemporaryDirectory() as folder:
        results = run(cases, faults, chosen.keep or Path(folder), chosen.seed, lambda text: print(text, flush=True))
    return tell(figures(results), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
