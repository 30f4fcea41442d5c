"""`python -m benchmarks.faults [--quick] [--faults N] [--seed S] [--json FILE]`: nothing lost, nothing doubled.

One run of `tests/simulation` after the other, on each core, until so many faults have struck. A run that breaks a
promise is told with its seed; `--seed S` runs that one alone and prints every step (docs/simulation.md).
"""

import logging
import multiprocessing
import os
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import count

from benchmarks.figures import Figure, options, tell
from tests.simulation.simulation import Result, many, run

FAULTS = 1_000_000
QUICK_FAULTS = 10_000
PORTION = 8  # runs that a process does at a time
SHOWN_MAX = 5  # failing seeds told, and violations of each
SENT_AMISS = ("duplicate", "reorder", "garbage", "poison")  # what producers do; all else befalls us


def portion(seeds: Sequence[int]) -> tuple[list[Result], float]:
    """Return the runs of `seeds` and the processor seconds that they took."""
    logging.disable(logging.CRITICAL)  # what the product says of each fault
    begun_s = time.process_time()
    return list(many(seeds)), time.process_time() - begun_s


def runs(faults: int, first_seed: int, processes: int) -> Iterator[tuple[Result, float]]:
    """Yield runs with their processor seconds until `faults` have struck."""
    struck, portions = 0, (range(at, at + PORTION) for at in count(first_seed, PORTION))
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        under_way = deque(pool.apply_async(portion, (next(portions),)) for _ in range(2 * processes))
        while struck < faults:
            results, spent_s = under_way.popleft().get()
            under_way.append(pool.apply_async(portion, (next(portions),)))
            for result in results:
                struck += result.faults.total()
                yield result, spent_s / len(results)


def measure(faults: int, processes: int) -> list[Figure]:
    """Return the figures, after telling of every run that broke a promise."""
    counts: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    spent_s = 0.0
    for result, cost_s in runs(faults, 0, processes):
        counts += result.faults
        totals += Counter(records=result.records, runs=1, mismatch=len(result.violations)) + result.tally
        spent_s += cost_s
        if result.violations:
            totals["failed"] += 1
            print(f"seed {result.seed}: {result.violations[0][:300]}", flush=True)
    for kind, times in counts.most_common():
        print(f"  {kind:<40}{times:>12}")
    befell = counts.total() - sum(counts[kind] for kind in SENT_AMISS)
    return [
        Figure("simulated faults", counts.total(), "faults"),
        Figure("of them crashes, pauses, rebalances, Kafka, Redis and disks", befell, "faults"),
        Figure("simulated runs", totals["runs"], "runs"),
        Figure("records of the input topic", totals["records"], "records"),
        Figure("events lost over simulated faults", totals["lost"], "events", must=0.0, goal=0.0),
        Figure("events applied twice over simulated faults", totals["twice"], "events", must=0.0, goal=0.0),
        Figure("state mismatches over simulated faults", totals["mismatch"], "states", must=0.0, goal=0.0),
        Figure("runs that broke any promise", totals["failed"], "runs", must=0.0, goal=0.0),
        Figure("faults per second of one core", counts.total() / spent_s, "1/s"),
    ]


def replay(seed: int) -> int:
    """Print every step of one run and what it broke."""
    result = run(seed, tracing=True)
    print("\n".join(result.trace))
    print(f"seed {seed}: {result.faults.total()} faults, {result.records} records")
    for violation in result.violations[:SHOWN_MAX]:
        print(f"BROKEN: {violation}")
    return 1 if result.violations else 0


def main() -> int:
    """Run and tell."""
    parser = options(__doc__ or "")
    parser.add_argument("--faults", type=int, help=f"how many at least; {FAULTS} unless told")
    parser.add_argument("--seed", type=int, help="replay this run alone, with every step")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many run side by side")
    chosen = parser.parse_args()
    if chosen.seed is not None:
        logging.disable(logging.CRITICAL)
        return replay(chosen.seed)
    faults = chosen.faults or (QUICK_FAULTS if chosen.quick else FAULTS)
    return tell(measure(faults, chosen.processes), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
