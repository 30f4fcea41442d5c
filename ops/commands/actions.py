"""`headgate actions`: the newest decisions with what became of them, aligned, an action each; --follow goes on."""

import argparse
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ops.cli import settings_of
from ops.hanging import columns, hanging
from streams.events import ActionLine, Allocation, Outcome, decode_output
from streams.tail import Record, Tail
from streams.topics import ACTIONS, OUTCOMES

LAST_DEFAULT = 20  # decisions, each of one pool and period
DECISIONS_MAX = 2000  # read at the start
KEPT_MAX = 20_000  # actions and outcomes remembered while following
FOLLOW_WAIT_S = 1.0
HEAD = f"{'period':<16}  {'pool':<10} {'resource':<10} {'units':>7}  {'status':<10} {'policy':<13} reason"
REASON_AT = HEAD.index("reason")


class Journal:
    """Records of both topics in, lines to print out: each action once, and again when its status has changed."""

    def __init__(self, pool_id: str | None) -> None:
        self._pool_id = pool_id
        self._actions: OrderedDict[str, tuple[Allocation, ActionLine]] = OrderedDict()
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()

    def read(self, records: Iterable[Record]) -> list[str]:
        """Return the ids of the actions that are new or have a new outcome, in order."""
        changed: dict[str, None] = {}
        for record in records:
            for action_id in self._take(record):
                changed[action_id] = None
        return [action_id for action_id in changed if action_id in self._actions]

    def newest(self, action_ids: Iterable[str], ticks: int) -> list[str]:
        """Return the ids that belong to the newest `ticks` decisions."""
        ids = list(action_ids)
        newest = list(dict.fromkeys(self._actions[action_id][0].tick_id for action_id in reversed(ids)))[:ticks]
        return [action_id for action_id in ids if self._actions[action_id][0].tick_id in newest]

    def lines(self, action_ids: Iterable[str], width: int) -> Iterator[str]:
        """Yield each action; its reason goes on below itself where the terminal is too narrow for it."""
        for action_id in action_ids:
            allocation, line = self._actions[action_id]
            whole = line_of(allocation, line, self._outcomes.get(action_id))
            yield hanging(whole[:REASON_AT], whole[REASON_AT:], width)

    def _take(self, record: Record) -> list[str]:
        try:
            message = decode_output(record.value or b"")
        except msgspec.DecodeError:  # a newer version's
            return []
        if isinstance(message, Allocation) and self._wanted(message.pool_id):
            for line in message.lines:
                self._actions[line.action_id] = (message, line)
            _shorten(self._actions)
            return [line.action_id for line in message.lines]
        if isinstance(message, Outcome) and self._wanted(message.pool_id):
            known = self._outcomes.get(message.action_id)
            self._outcomes[message.action_id] = message
            _shorten(self._outcomes)
            return [] if known == message else [message.action_id]
        return []

    def _wanted(self, pool_id: str) -> bool:
        return self._pool_id is None or pool_id == self._pool_id


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--pool", help="only this pool")
    parser.add_argument(
        "--last",
        type=int,
        default=LAST_DEFAULT,
        metavar="N",
        help=f"look at the newest N decisions (default {LAST_DEFAULT})",
    )
    parser.add_argument("--follow", action="store_true", help="go on with what comes, until Ctrl-C")


def run(options: argparse.Namespace) -> int:
    """Print the newest actions; with --follow until interrupted."""
    width = columns()
    journal = Journal(options.pool)
    last = max(options.last, 1)
    with Tail(settings_of(options), [ACTIONS.name, OUTCOMES.name]) as tail:
        ids = journal.read(tail.recent(_depths(last, options.pool)))
        print(HEAD)
        shown = journal.newest(ids, last)
        print("\n".join(journal.lines(shown, width)) if shown else "no actions yet", flush=True)
        while options.follow:
            for line in journal.lines(journal.read(tail.wait(FOLLOW_WAIT_S)), width):
                print(line, flush=True)
    return 0


def _depths(last: int, pool_id: str | None) -> dict[str, int]:
    """Return how many records to read of each topic: more decisions when most are of other pools."""
    decisions = min(last * (1 if pool_id is None else 20), DECISIONS_MAX)
    return {ACTIONS.name: decisions, OUTCOMES.name: min(decisions * 50, KEPT_MAX)}


def _shorten(kept: OrderedDict[str, Any]) -> None:
    while len(kept) > KEPT_MAX:
        kept.popitem(last=False)


def line_of(allocation: Allocation, line: ActionLine, outcome: Outcome | None) -> str:
    """Return one action as people read it: when, what, how many, what became of it, who decided and why."""
    when = allocation.tick_id.partition("/")[2][:16]  # the period as the pool's own clock shows it
    policy = (line.policy or allocation.policy) if allocation.decided_by == "policy" else allocation.decided_by
    if line.role in ("canary", "rule"):
        policy = line.role
    units = line.order_units if outcome is None or outcome.status != "clamped" else outcome.applied_units
    status = "decided" if outcome is None else outcome.status
    return (
        f"{when:<16}  {allocation.pool_id:<10.10} {line.resource_id:<10.10} {units:>7.0f}  "
        f"{status:<10} {policy:<13.13} {reason(line, outcome)}"
    )


def reason(line: ActionLine, outcome: Outcome | None) -> str:
    """Return why, in plain words: the gateway's reason when it did not do as decided, else the policy's."""
    if outcome is not None and outcome.status in ("rejected", "expired", "overridden", "clamped"):
        return outcome.reason
    changed = "" if line.reason_code == "policy" else f"[{line.reason_code}] "
    return changed + line.explanation.replace("\n", " ")
