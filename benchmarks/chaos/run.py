"""Cases and a number of faults in, what each case came to out."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chaos.cases import Case
from benchmarks.chaos.stage import Stage

RECOVERY_S_MAX = 90.0
CALM_S = (0.5, 1.5)  # between recovery and the next fault
WRONG = ("lost", "doubled", "mismatches")


@dataclass(slots=True)
class Result:
    """What one case came to."""

    case: Case
    faults: int = 0
    recovery_s: list[float] = field(default_factory=list)
    during_s: list[float] = field(default_factory=list)  # from append to readable, of what was appended in a fault
    after_s: list[float] = field(default_factory=list)  # and of what was appended after it
    unrecovered: int = 0  # faults after which nothing came in `RECOVERY_S_MAX`
    restarts: int = 0  # of workers that ended by themselves
    wrong: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*WRONG, "undecided"), 0))
    events: int = 0
    letters: int = 0
    examples: list[str] = field(default_factory=list)


def shares(cases: Sequence[Case], faults: int) -> list[int]:
    """Return how many of `faults` each case gets: by weight, rounded up, so that all together are no fewer."""
    whole = sum(case.weight for case in cases)
    return [math.ceil(faults * case.weight / whole) for case in cases]


def run(cases: Sequence[Case], faults: int, folder: Path, seed: int, tell: Callable[[str], None]) -> list[Result]:
    """Run every case; those with the same setting share a stage."""
    rng = np.random.default_rng(seed)
    planned = sorted(zip(cases, shares(cases, faults), strict=True), key=lambda one: repr(one[0].setting))
    results = []
    for number, (setting, group) in enumerate(groupby(planned, key=lambda one: one[0].setting)):
        with ExitStack() as stages:
            stage: Stage | None = None
            for case, count in group:
                if stage is None:
                    stages.close()
                    place = folder / f"{number}-{len(results)}"
                    stage = stages.enter_context(Stage(place, setting, seed + len(results)))
                results.append(suffered(stage, case, count, rng, tell))
                tell(line(results[-1]))
                if any(results[-1].wrong.values()):
                    stage = None  # what is wrong now would be wrong in every later case
    return sorted(results, key=lambda one: list(cases).index(one.case))


def suffered(stage: Stage, case: Case, count: int, rng: np.random.Generator, tell: Callable[[str], None]) -> Result:
    """Do `count` faults of a case to a stage, each after the one before was recovered from; then look what is wrong."""
    result = Result(case)
    before, restarts = stage.verdict(), stage.fleet.restarts
    stage.await_output(time.time(), RECOVERY_S_MAX)
    for _ in range(count):
        time.sleep(rng.uniform(*CALM_S) / 2)
        fault_s = time.time()
        from_s = case.fault(stage)
        result.faults += 1
        back_s = stage.await_output(from_s, RECOVERY_S_MAX)
        result.recovery_s.append(RECOVERY_S_MAX if back_s is None else back_s - from_s)
        result.unrecovered += back_s is None
        tell(f"  {case.name}, {result.faults} of {count}: recovered after {result.recovery_s[-1]:.1f} s")
        calm_s = time.time()
        time.sleep(rng.uniform(*CALM_S))
        result.during_s += stage.verifier.ask("latencies", from_s=fault_s, until_s=calm_s)
        result.after_s += stage.verifier.ask("latencies", from_s=calm_s, until_s=time.time())
    _judge(result, stage, before)
    result.restarts = stage.fleet.restarts - restarts
    return result


def _judge(result: Result, stage: Stage, before: dict[str, Any]) -> None:
    verdict = stage.verdict()
    for name in (*WRONG, "undecided"):
        result.wrong[name] = verdict[name] - before[name]
    result.wrong["unrecovered"] = result.unrecovered
    result.events = verdict["events"] - before["events"]
    result.letters = verdict["letters"] - before["letters"]
    result.examples = [one for one in verdict["examples"] if one not in before["examples"]]


def line(result: Result) -> str:
    """Return one case as a line to read while the others run."""
    wrong = ", ".join(f"{name} {count}" for name, count in result.wrong.items())
    text = (
        f"{result.case.name}: {result.faults} faults, {result.events} events, {wrong}; recovery "
        f"{percentile(result.recovery_s, 0.5):.1f} s, worst {max(result.recovery_s):.1f} s; p99 "
        f"{percentile(result.during_s, 0.99):.2f} s during, {percentile(result.after_s, 0.99):.3f} s after; "
        f"{result.restarts} ended by themselves"
    )
    return "\n    ".join([text, *result.examples[:10]])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of `values` do not exceed; NaN of nothing.

    >>> percentile([4.0, 1.0, 2.0, 3.0], 0.99)
    4.0
    """
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else math.nan
