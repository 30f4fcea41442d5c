"""`headgate migrate`: carry stock, models and open demand over to other partitions, a topic made anew or newer models.

The workers have to be stopped. Every pool's state goes to the partition that murmur2 gives it now; what the old placing
left unread in the logs is folded first. Where that cannot be exact it says what would be lost, and stops.
"""

import argparse
import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ops.cli import settings_of
from ops.kept_states import check_stopped, disk_of, newest_states, topic_of
from streams.effects import Effects
from streams.errors import StateError
from streams.input_logs import InputLogs, input_logs
from streams.migration import Migration, blank, drained, migrated, relearned
from streams.outputs import Outputs
from streams.settings import Settings
from streams.shards import Span
from streams.skips import SKIPS, SkipList
from streams.snapshots import Loaded, head_of
from streams.state_versions import upgraded
from streams.topics import DEAD_LETTERS, FORECASTS, INPUT_TOPICS, TICKS

INPUT_NAMES = [spec.name for spec in INPUT_TOPICS]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with one topic, for people and for doing it."""

    before: int  # partitions
    reason: str
    relearned: tuple[str, ...]  # series whose model begins anew
    migration: Migration
    effects: tuple[Effects, ...]  # of what was folded to get here: sent before anything is kept

    def text(self) -> str:
        """Return the plan line by line."""
        done = self.migration
        epoch = head_of(done.states[0]).epoch
        lines = [f"{done.topic}: {self.reason}; {self.before} -> {len(done.states)} partitions, epoch {epoch}"]
        lines += [f"  {move.pool_id}: partition {move.before} -> {move.now}" for move in done.moves]
        lines += [f"  {name}: its model begins to learn anew, stock is kept" for name in self.relearned]
        lines += [f"  would be lost: {loss}" for loss in done.losses]
        return "\n".join(lines)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser.add_argument("--dry-run", action="store_true", help="print what would be done")
    parser.add_argument("--accept-loss", action="store_true", help="go on although the plan names something lost")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of(options)
    check_stopped(settings)
    found = asyncio.run(newest_states(settings))
    with input_logs(settings) as logs:
        plans = [plan for name in INPUT_NAMES if (plan := planned(settings, logs, name, found)) is not None]
    if not plans:
        print("nothing to do: every snapshot fits its log, its partitions and this version")
        return 0
    print("\n".join(plan.text() for plan in plans))
    if any(plan.migration.losses for plan in plans) and not options.accept_loss:
        raise StateError("nothing was changed; --accept-loss goes on without what the plan names as lost")
    if not options.dry_run:
        asyncio.run(carry_out(settings, plans))
        print("done: start the workers")
    return 0


def planned(settings: Settings, logs: InputLogs, topic: str, found: dict[tuple[str, int], Loaded]) -> Plan | None:
    """Return what has to be done with `topic`, or None."""
    spans = logs.spans(topic)
    states, anew = _readable(topic, found)
    if not states or not spans:
        return None
    before = max(head_of(state).partitions for state in states.values())
    made_anew = any(_is_of_another_log(logs, topic, *one, spans) for one in states.items())
    reason = "the topic was made anew" if made_anew else _reason(states, spans, anew)
    if not reason:
        return None
    effects: list[Effects] = []
    passed: dict[str, int] = {}
    if before != len(spans) and not made_anew:
        skips = SkipList(settings.data_dir / "snapshots" / SKIPS)
        for partition in range(before):
            state = states.get(partition) or _never_kept(topic, partition, before, found, spans[partition])
            if state is None:
                continue
            first = max(head_of(state).next_offset, spans[partition].start_offset)
            records = logs.records(topic, partition, first, spans[partition].end_offset)
            states[partition], left = drained(state, records, skips, effects.append)
            passed |= left
    done = migrated(topic, states, spans, passed, made_anew=made_anew)
    return Plan(before, reason, anew, done, tuple(effects))


def _reason(states: Mapping[int, bytes], spans: Sequence[Span], anew: Sequence[str]) -> str:
    """Return why workers cannot go on from `states` as they are; nothing when they can."""
    heads = {partition: head_of(state) for partition, state in states.items()}
    if any(head.partitions != len(spans) for head in heads.values()):
        return "its count of partitions has changed"
    if any(head.next_offset < spans[partition].start_offset for partition, head in heads.items()):
        return "retention was quicker than its workers"
    return "models are of another version" if anew else ""


def _readable(topic: str, found: dict[tuple[str, int], Loaded]) -> tuple[dict[int, bytes], tuple[str, ...]]:
    """Return the states of `topic` as this version folds them on, and the series whose model begins anew."""
    states: dict[int, bytes] = {}
    anew: list[str] = []
    for (name, partition), loaded in found.items():
        if name == topic and loaded.state is not None:
            state = upgraded(loaded.state, f"{topic}/{partition}")
            states[partition], names = relearned(state)
            anew += names
    return states, tuple(anew)


def _is_of_another_log(logs: InputLogs, topic: str, partition: int, state: bytes, spans: Sequence[Span]) -> bool:
    """Return whether what was folded cannot be what lies in the log now: it ends before, or is younger."""
    head = head_of(state)
    if partition >= len(spans) or head.next_offset > spans[partition].end_offset:
        return True
    first = logs.first_after(topic, partition, head.later_ms)
    return first is not None and first < head.next_offset


def _never_kept(
    topic: str, partition: int, partitions: int, found: dict[tuple[str, int], Loaded], span: Span
) -> bytes | None:
    """Return the state to begin with of a partition that nobody has folded yet; None when its state is lost."""
    if found.get((topic, partition), Loaded(None, ())).damage or span.start_offset > 0:
        return None
    return blank(topic, partition, partitions, epoch=0, next_offset=0)


async def carry_out(settings: Settings, plans: Sequence[Plan]) -> None:
    """Send what was closed and decided on the way; then keep the new states: in Kafka all at once, then on disk."""
    outputs = Outputs(settings)
    await outputs.start()
    try:
        for effects in (one for plan in plans for one in plan.effects):
            await _send(outputs, effects)
        await outputs.settled()
    finally:
        await outputs.stop()
    states = [
        (plan.migration.topic, partition, state)
        for plan in plans
        for partition, state in enumerate(plan.migration.states)
    ]
    topic_store = topic_of(settings, time.time)
    try:
        await topic_store.publish(states)
    finally:
        await topic_store.stop()
    disk = disk_of(settings)
    for topic, partition, state in states:
        disk.save(topic, partition, state)


async def _send(outputs: Outputs, effects: Effects) -> None:
    for letter in effects.dead:
        await outputs.send(DEAD_LETTERS.name, f"{letter.topic}/{letter.partition}/{letter.offset}", letter)
    for closed in effects.closed:
        await outputs.send(FORECASTS.name, closed.pool_id, closed)
    for tick in effects.ticks:
        await outputs.send(TICKS.name, tick.pool_id, tick)
