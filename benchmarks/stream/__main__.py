"""`python -m benchmarks.stream [--quick] [--json FILE] [--only NAME ...]`: the stream engine beside its peers.

Every engine is a process of its own on fresh, real servers, does the same verified work, and takes its turn run by
run. Without peers installed (`pip install 'headgate[bench]'`) they are named as missing.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.figures import Figure, options, tell
from benchmarks.stream import latency, memory, restore, scaling, throughput
from benchmarks.stream.engine_list import ENGINES
from benchmarks.stream.running import UnequalWorkError
from benchmarks.stream.throughput import failures
from benchmarks.stream.workload import Shape

QUICK = Shape(events=6_000, pools=20, series_per_pool=2, events_per_bucket=50)


def parts(*, runs: int, minutes: float, engines: Sequence[str] | None) -> Mapping[str, Callable[[], list[Figure]]]:
    """Return what can be measured, by name."""
    rows = {name: partial(throughput.measured, row, runs=runs, names=engines) for name, row in throughput.ROWS.items()}
    return rows | {
        "latency": partial(latency.measured, Shape()),
        "memory": partial(memory.per_series, Shape(events=200_000)),
        "growth": partial(memory.slope, Shape(), minutes=minutes),
        "scaling": partial(scaling.measured, Shape(events=scaling.EVENTS), runs=runs),
        "replay": partial(restore.replay, Shape(events=500_000)),
        "kills": partial(restore.kills, Shape()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return 1 when a figure misses what it must reach."""
    parser = options((__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="row1 row2 row3 latency memory growth scaling replay kills"
    )
    parser.add_argument("--runs", type=int, default=throughput.RUNS, help="of each engine and row")
    parser.add_argument(
        "--engines", nargs="+", choices=list(ENGINES), metavar="NAME", help="of the rows; all unless told"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="how long growth of memory is watched")
    chosen = parser.parse_args(arguments)
    known = parts(runs=chosen.runs, minutes=chosen.minutes, engines=chosen.engines)
    if chosen.quick:
        known = {"rows": partial(throughput.smoke, QUICK)}
    names = chosen.only or list(known)
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no part {', '.join(unknown)}; known: {', '.join(known)}")
    return tell([figure for name in names for figure in tried(name, known[name])], chosen.json)


def tried(name: str, measure: Callable[[], list[Figure]]) -> list[Figure]:
    """Return the figures of a part; one that did not do its work has a failure in their place."""
    try:
        return measure()
    except UnequalWorkError as error:
        print(f"FAILED: {name}: {error}", file=sys.stderr)
        return [failures(name, 1)]


if __name__ == "__main__":
    sys.exit(main())
