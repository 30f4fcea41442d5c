"""What had to be (`Oracle`) and what was seen (`Outputs`) in; events lost, applied twice and mismatches out."""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any

from benchmarks.chaos.oracle import HOUR_S, Key, Oracle, PoolTruth

EXAMPLES_MAX = 40
COUNTED = ("clean", "duplicate", "late")


@dataclass(slots=True)
class Closed:
    """A closed bucket as it was told first, and how it was told again."""

    value: float | None
    learnt: int | None
    said_mean: float | None
    next_mean: float | None  # of the forecast made with it: what the next bucket has to have been told
    copies: int = 1
    different: int = 0  # copies that did not say the same


@dataclass(slots=True)
class Outputs:
    """Everything that left the workers."""

    closed: dict[Key, Closed] = field(default_factory=dict)
    ticks: dict[tuple[str, float], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    actions: dict[tuple[str, float], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    dead: dict[tuple[str, int, int], int] = field(default_factory=lambda: defaultdict(int))
    views: dict[str, dict[str, Any]] = field(default_factory=dict)  # by pool, as Redis holds them
    told: int = 0  # records so far
    _digests: dict[Key, bytes] = field(default_factory=dict)

    def take(self, topic: str, data: bytes) -> Key | None:
        """Take in one record of an output topic; return which bucket it closes for the first time, if any."""
        message = json.loads(data)
        self.told += 1
        if topic == "forecasts":
            return self._closed(message, data)
        if topic == "ticks":
            self.ticks[message["pool_id"], message["period_start_s"]].add(_digest(data))
        elif topic == "actions":
            self.actions[message["pool_id"], message["period_start_s"]].add(_digest(data))
        elif topic == "dead-letters":
            self.dead[message["topic"], message["partition"], message["offset"]] += 1
        return None

    def _closed(self, message: dict[str, Any], data: bytes) -> Key | None:
        key = (message["pool_id"], message["resource_id"], message["period_start_s"])
        held = self.closed.get(key)
        if held is not None:
            held.copies += 1
            held.different += self._digests[key] != _digest(data)
            return None
        forecast = message["forecast"] or {}
        self._digests[key] = _digest(data)
        means = forecast.get("mean") or [None]
        self.closed[key] = Closed(message["value"], forecast.get("buckets_learnt"), message["said_mean"], means[0])
        return key


@dataclass(slots=True)
class Verdict:
    """What is wrong. All zero is right."""

    events: int = 0  # that had to be applied, each once
    buckets: int = 0  # that had to be closed
    lost: int = 0
    doubled: int = 0
    mismatches: int = 0
    undecided: int = 0  # ticks without an action
    repeated: int = 0  # closed buckets told more than once, the same each time: allowed
    letters: int = 0  # dead letters that had to be, and are
    examples: list[str] = field(default_factory=list)

    def mismatch(self, text: str) -> None:
        """Count one thing that is not as it has to be."""
        self.mismatches += 1
        if len(self.examples) < EXAMPLES_MAX:
            self.examples.append(text)

    def row(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)


def judge(truth: Oracle, seen: Outputs) -> Verdict:
    """Return what is wrong with `seen`; both have to have come to rest."""
    verdict = Verdict(events=truth.events, buckets=len(truth.closed))
    _judge_buckets(verdict, truth, seen)
    _judge_ticks(verdict, truth, seen)
    _judge_letters(verdict, truth, seen)
    lost = doubled = 0
    for name, pool in truth.pools.items():
        off = _judge_view(verdict, name, pool, seen.views.get(name))
        lost, doubled = lost + max(-off, 0), doubled + max(off, 0)
    verdict.lost, verdict.doubled = max(verdict.lost, lost), max(verdict.doubled, doubled)
    return verdict


def complete(truth: Oracle, seen: Outputs) -> bool:
    """Return whether everything that is expected has been seen in some form, so that judging makes sense."""
    told = all(key in seen.closed for key in truth.closed)
    decided = all((pool, start_s + HOUR_S) in seen.actions for pool, _, start_s in truth.closed)
    return told and decided and truth.garbage <= seen.dead.keys() and not _differences(truth, seen)


def _differences(truth: Oracle, seen: Outputs) -> bool:
    verdict = Verdict()
    for name, pool in truth.pools.items():
        _judge_view(verdict, name, pool, seen.views.get(name))
    return verdict.mismatches > 0


def _judge_buckets(verdict: Verdict, truth: Oracle, seen: Outputs) -> None:
    for key, expected in truth.closed.items():
        told = seen.closed.get(key)
        if told is None or told.value is None:
            verdict.lost += int(expected.units)
            verdict.mismatch(f"bucket {key}: {'never told' if told is None else 'missing'}, not {expected.units}")
            continue
        off = round(told.value - expected.units)
        verdict.lost += max(-off, 0)
        verdict.doubled += max(off, 0)
        if off:
            verdict.mismatch(f"bucket {key}: {told.value}, not {expected.units}")
        verdict.repeated += told.copies > 1
        if told.different:
            verdict.mismatch(f"bucket {key}: told {told.copies} times, {told.different} times differently")
        if told.learnt is not None and told.learnt != expected.learnt:
            verdict.mismatch(f"bucket {key}: the model has learnt {told.learnt} buckets, not {expected.learnt}")
        before = seen.closed.get((key[0], key[1], key[2] - HOUR_S))
        if before is not None and before.next_mean != told.said_mean:
            verdict.mismatch(f"bucket {key}: {told.said_mean} had been said of it, not {before.next_mean}")
    for key in seen.closed.keys() - truth.closed.keys():
        verdict.mismatch(f"bucket {key}: closed, though nothing in the log closes it")


def _judge_ticks(verdict: Verdict, truth: Oracle, seen: Outputs) -> None:
    periods = {(pool, start_s + HOUR_S) for pool, _, start_s in truth.closed}
    for tick in periods | seen.ticks.keys():
        different = len(seen.ticks.get(tick, ()))
        if different != 1 or tick not in periods:
            verdict.mismatch(f"tick {tick}: {different} different, 1 is due at each closed period")
    for tick in periods | seen.actions.keys():
        different = len(seen.actions.get(tick, ()))
        verdict.undecided += different == 0
        if different > 1 or tick not in periods:
            verdict.mismatch(f"tick {tick}: {different} different decisions")


def _judge_letters(verdict: Verdict, truth: Oracle, seen: Outputs) -> None:
    verdict.letters = len(truth.garbage & seen.dead.keys())
    for place in sorted(truth.garbage - seen.dead.keys()):
        verdict.mismatch(f"garbage at {place}: no dead letter")
    for place in sorted(seen.dead.keys() - truth.garbage):
        verdict.mismatch(f"dead letter of {place}, which is no garbage")


def _judge_view(verdict: Verdict, name: str, pool: PoolTruth, view: dict[str, Any] | None) -> int:
    """Compare one pool's view and return how many events too many (or, below 0, too few) it has applied."""
    if view is None:
        verdict.mismatch(f"pool {name}: no view in Redis")
        return -pool.counters["clean"]
    wanted: dict[str, Any] = {"period_start_s": pool.closed_until_s}
    held: dict[str, Any] = {"period_start_s": view["period_start_s"]}
    wanted |= {what: pool.counters[what] for what in COUNTED}
    held |= {what: view["counters"].get(what, 0) for what in COUNTED}
    for series in view["series"]:
        resource = series["resource_id"]
        wanted[resource] = (pool.on_hand_units.get(resource), pool.last_value.get(resource))
        held[resource] = (series["on_hand_units"], series["last_value"])
    if wanted != held:
        verdict.mismatch(
            f"view of {name}: "
            + "; ".join(
                f"{what} {held.get(what)}, not {wanted[what]}" for what in wanted if wanted[what] != held.get(what)
            )
        )
    return int(held["clean"] - wanted["clean"])


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()
