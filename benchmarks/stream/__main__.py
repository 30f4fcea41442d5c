"""`python -m benchmarks.stream [--quick] [--json FILE] [--only NAME ...]`: the stream engine beside its peers.

Every engine is a process of its own on fresh, real servers, does the same verified work, and takes its turn run by
run. Without peers installed (`pip install 'headgate[bench]'`) they are named as missing.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from benchmarks.figures import Figure, options, tell
from benchmarks.stream import throughput
from benchmarks.stream.workload import Shape

QUICK = Shape(events=6_000, pools=20, series_per_pool=2, events_per_bucket=50)


def parts(*, quick: bool, runs: int) -> Mapping[str, Callable[[], list[Figure]]]:
    """Return what can be measured, by name."""
    if quick:
        return {"rows": partial(throughput.smoke, QUICK)}
    return {name: partial(throughput.measured, row, runs=runs) for name, row in throughput.ROWS.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return 1 when a figure misses what it must reach."""
    parser = options((__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="row1 row2 row3")
    parser.add_argument("--runs", type=int, default=throughput.RUNS, help="of each engine and row")
    chosen = parser.parse_args(arguments)
    known = parts(quick=chosen.quick, runs=chosen.runs)
    names = chosen.only or list(known)
    if unknown := sorted(set(names) - set(known)):
        parser.error(f"no part {', '.join(unknown)}; known: {', '.join(known)}")
    figures = [figure for name in names for figure in known[name]()]
    return tell(figures, chosen.json)


if __name__ == "__main__":
    sys.exit(main())
