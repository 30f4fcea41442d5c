"""One allocation in, each line at most once to the receiver, outcomes to publish out: the gateway without Kafka.

Lines known to be done are dropped, the rest is screened (`ops.screening`), what was refused is published, what may
pass is handed to the receiver, and its results are published. Every step is in the journal first
(`ops.gateway_journal`), so a crash at any point is taken up where it happened. Only one window is left: a crash, or
an error of unknown effect, while the receiver was being called. Those lines are handed over again under the same
action id, and the receiver's own dedupe resolves them: it answers an id it knows with its first answer.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from ops.gateway_journal import Entry, Journal
from ops.kill_switch import killed
from ops.screening import Screened, Status, screen
from streams.catalog import PoolSpec
from streams.errors import UnavailableError
from streams.events import ActionLine, Allocation, Outcome, encode

Publish = Callable[[str, Sequence[bytes]], None]  # pool_id, outcomes; returns when Kafka has them


@dataclass(frozen=True, slots=True)
class LineResult:
    """What a receiver did with one line."""

    action_id: str
    status: Status
    applied_units: float
    reason: str


class Receiver(Protocol):
    """The world behind the door. Promises: an action id acts once; a known id gets its first answer again.

    Raising UnavailableError says that none of the lines has acted; any other exception leaves that open. Lines
    without a result are handed over again.
    """

    def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
        """Act on `lines` of `allocation`, possibly none; called for every allocation, again after a failure."""
        ...


class HandOver:
    """Takes allocations to `receiver`, as far as journal, limits, expiry and kill file let them."""

    def __init__(
        self,
        journal: Journal,
        receiver: Receiver,
        publish: Publish,
        *,
        now_s: Callable[[str], float],  # event time of a pool
        data_dir: Path,  # where the kill file is looked for
        own_limits: Mapping[str, float],
    ) -> None:
        self._journal = journal
        self._receiver = receiver
        self._publish = publish
        self._now_s = now_s
        self._data_dir = data_dir
        self._own_limits = own_limits

    def handle(self, allocation: Allocation, spec: PoolSpec | None) -> None:
        """Take `allocation` as far as it goes; raise UnavailableError to be called with it again."""
        ids = tuple(line.action_id for line in allocation.lines)
        self._journal.receive(ids, time.time())  # noqa: TID251  an edge: rows are forgotten by wall time
        entries = self._journal.entries(ids)
        now_s = self._now_s(allocation.pool_id)
        verdicts = self._verdicts(allocation, spec, entries, now_s)
        refused = [_refusal(verdict) for verdict in verdicts.values() if verdict.status is not None]
        self._settle(allocation, refused, now_s)  # refusals first: whoever sees the results has seen these
        due = {
            name: msgspec.structs.replace(verdict.line, order_units=verdict.units)
            for name, verdict in verdicts.items()
            if verdict.status is None
        }
        results = self._accept(allocation, due)
        self._settle(allocation, [_clamped(result, verdicts[result.action_id]) for result in results], now_s)
        unanswered = set(due) - {result.action_id for result in results}
        if unanswered:
            told = f"the receiver gave no answer for {len(unanswered)} lines of {allocation.tick_id}"
            self._journal.move(unanswered, "handing", told)
            raise UnavailableError(told)

    def _verdicts(
        self, allocation: Allocation, spec: PoolSpec | None, entries: Mapping[str, Entry], now_s: float
    ) -> dict[str, Screened]:
        """Return the verdict on each line that has no outcome yet."""

        def screened(at_s: float) -> tuple[Screened, ...]:
            reason = killed(self._data_dir)
            return screen(allocation, spec=spec, own_limits=self._own_limits, killed=reason, now_s=at_s)

        in_time = screened(min(now_s, allocation.valid_until_s))
        return {
            verdict.line.action_id: _with_history(verdict, before_expiry, entries[verdict.line.action_id])
            for verdict, before_expiry in zip(screened(now_s), in_time, strict=True)
            if entries[verdict.line.action_id].outcome is None
        }

    def _accept(self, allocation: Allocation, due: Mapping[str, ActionLine]) -> list[LineResult]:
        self._journal.move(due, "handing")
        try:
            results = self._receiver.accept(allocation, tuple(due.values()))
        except UnavailableError as error:
            self._journal.move(due, "received", str(error))
            raise
        except Exception as error:  # whatever a receiver raises must neither lose nor double an action
            told = f"{type(error).__name__}: {error}"
            self._journal.move(due, "handing", told)
            raise UnavailableError(f"the receiver failed on {allocation.tick_id}: {told}") from error
        return list({result.action_id: result for result in results if result.action_id in due}.values())

    def _settle(self, allocation: Allocation, results: Sequence[LineResult], now_s: float) -> None:
        """Keep `results`, then publish every outcome of `allocation` that Kafka does not have yet."""
        resource_of = {line.action_id: line.resource_id for line in allocation.lines}
        self._journal.settle(
            (
                result.action_id,
                encode(
                    Outcome(
                        action_id=result.action_id,
                        tick_id=allocation.tick_id,
                        pool_id=allocation.pool_id,
                        resource_id=resource_of[result.action_id],
                        status=result.status,
                        applied_units=result.applied_units if math.isfinite(result.applied_units) else 0.0,
                        reason=result.reason,
                        at_s=now_s,
                    )
                ),
            )
            for result in results
        )
        entries = self._journal.entries(tuple(resource_of))
        unsent = {name: entry.outcome for name, entry in entries.items() if entry.state == "settled" and entry.outcome}
        if unsent:
            self._publish(allocation.pool_id, tuple(unsent.values()))
            self._journal.move(unsent, "published")


def _with_history(verdict: Screened, before_expiry: Screened, entry: Entry) -> Screened:
    """Return `verdict` in the light of what was tried before."""
    if entry.state == "handing" and verdict.status == "expired" and not entry.note:
        return before_expiry  # a crash while it was handed over in time: the receiver's dedupe tells what became of it
    if entry.state == "handing" and verdict.status in ("rejected", "expired"):
        doubt = f"it may have acted, the receiver did not say ({entry.note or 'the gateway was interrupted'})"
        return Screened(verdict.line, 0.0, "rejected", f"{verdict.reason}; {doubt}")
    if entry.note and verdict.status == "expired":
        return Screened(verdict.line, 0.0, "rejected", f"{verdict.reason}; it was not handed over: {entry.note}")
    return verdict


def _refusal(verdict: Screened) -> LineResult:
    assert verdict.status is not None
    return LineResult(verdict.line.action_id, verdict.status, 0.0, verdict.reason)


def _clamped(result: LineResult, verdict: Screened) -> LineResult:
    """Return `result`, saying that it was clamped at the door when the receiver applied what was left."""
    if result.status != "applied" or not verdict.reason:
        return result
    return LineResult(result.action_id, "clamped", result.applied_units, verdict.reason)
