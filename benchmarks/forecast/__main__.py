"""`python -m benchmarks.forecast [--quick] [--json FILE] [--only SET ...] [--data DIR]`: the default beside its peers.

One pass in event order, warm-up included, each label once, no refit of ours. LightGBM gets every input ours gets, is
tuned on the span before the reported one and fitted again every day; AutoETS follows every day. Figures of sets that
are not asked for stay in FILE as they are; with `--keep FOLDER` peers are asked once, and a run goes on where it was
interrupted. `docs/forecasting.md` tells the protocol.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, options, tell
from benchmarks.forecast import weather
from benchmarks.forecast.datasets import LOADERS, generated
from benchmarks.forecast.peers import Asking, asked
from benchmarks.forecast.rows import measured

TRIALS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; return 1 when a figure misses what it must reach."""
    parser = options((__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(LOADERS), metavar="SET", help=" ".join(LOADERS))
    parser.add_argument("--data", type=Path, help="the folder of the data sets; default: HEADGATE_DATA")
    parser.add_argument("--trials", type=int, default=TRIALS, help="of Optuna, for LightGBM")
    parser.add_argument("--refit-days", type=int, default=1, help="from one fit of LightGBM to the next")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what the peers said: they are asked once")
    parser.add_argument("--peers-only", action="store_true", help="ask the peers, keep what they say, measure nothing")
    parser.add_argument(
        "--perfect-weather", action="store_true", help="also show, apart, what the target hour's weather would be worth"
    )
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        return tell(measured(generated(Path()), Asking(1, 28, chosen.keep)), chosen.json)
    folder = chosen.data or (Path(os.environ["HEADGATE_DATA"]) if "HEADGATE_DATA" in os.environ else None)
    if folder is None or not folder.is_dir():
        parser.error(f"--data or HEADGATE_DATA has to name the folder of the data sets, not {folder}")
    kept = (
        json.loads(chosen.json.read_text(encoding="utf-8"))
        if chosen.only and chosen.json and chosen.json.exists()
        else []
    )
    asking = Asking(chosen.trials, chosen.refit_days, chosen.keep)
    figures: list[Figure] = []
    code = 0
    for name in chosen.only or LOADERS:
        one = LOADERS[name](folder)
        has_weather = chosen.perfect_weather and bool(one.configuration.columns.covariates)
        if chosen.peers_only:
            asked(one, asking)
            if has_weather:
                weather.peers_told(one, asking)
            continue
        figures += measured(one, asking)
        if has_weather:
            figures += weather.figures(one, asking)
        code = tell(figures, chosen.json)
        if chosen.json:  # after each set: a long run that is cut short has told what it found
            _keep(kept, chosen.json)
    return code


def _keep(kept: list[dict[str, Any]], path: Path) -> None:
    """Add to the rows in `path` those of `kept` that are of other sets."""
    new = json.loads(path.read_text(encoding="utf-8"))
    sets = {_set_of(row) for row in new}
    rows = [*(row for row in kept if _set_of(row) not in sets), *new]
    path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _set_of(row: dict[str, Any]) -> str:
    return str(row["name"]).partition(":")[0]


if __name__ == "__main__":
    sys.exit(main())
