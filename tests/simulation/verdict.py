"""The whole run in, what is wrong with it out: invariants checked while it runs, and all effects when it is quiet.

Two judges. `oracle` is a plain fold of our own. The product's shard, fed the final log record by record without any
fault, says what every byte of every effect has to be: a restart may change nothing.
"""

from collections import Counter
from typing import Any

from msgspec.structs import replace

from streams.effects import Effects
from streams.errors import InvalidEventError
from streams.events import BucketClosed, DeadLetter, PoolView, Tick, decode_output, encode
from streams.records import Records
from streams.shard import Shard
from streams.snapshots import head_of
from tests.simulation import oracle
from tests.simulation.log import Log, Record

EFFECTS = {"forecasts": BucketClosed, "ticks": Tick, "dead-letters": DeadLetter}
POISONED = InvalidEventError("poison", "folding it raised PoisonError; it was passed over")


def identity(message: Any) -> str:
    """Return the deterministic id by which readers of an effect know it again."""
    if isinstance(message, BucketClosed):
        return f"{message.pool_id}/{message.resource_id}/{message.period_start_s}"
    if isinstance(message, Tick):
        return message.tick_id
    return f"{message.topic}/{message.partition}/{message.offset}"


def booked(counters: dict[str, int]) -> int:
    """Return how many events a pool has dealt with."""
    return sum(times for what, times in counters.items() if what.startswith(("clean", "duplicate", "dead:")))


def timeless(view: PoolView) -> PoolView:
    """Return a view without what moves on although nothing happens to its pool."""
    return replace(view, cut=None, now_s=0.0, watermark_s=0.0, feeds=())


class Reference:
    """One partition folded without faults, as far as it was asked for."""

    def __init__(self, log: Log, topic: str, partition: int, partitions: int) -> None:
        self._records = log.topics[topic][partition]
        self.shard = Shard(topic, partition, partitions)
        self.effects: list[tuple[str, str, bytes]] = []  # topic, id, payload
        self.states: dict[int, bytes] = {}

    def fold_to(self, end: int) -> None:
        """Fold every record below `end`."""
        records = self._records[self.shard.next_offset : end]
        while records:
            poisoned = next((at for at, one in enumerate(records) if oracle.POISON in one.value), None)
            for effects in self.shard.fold(Records.of(records[:poisoned])):
                self._take(effects)
            if poisoned is None:
                return
            bad = records[poisoned]
            self._take(self.shard.park(bad.value, POISONED, offset=bad.offset, wall_s=bad.timestamp / 1000.0))
            records = records[poisoned + 1 :]

    def _take(self, effects: Effects) -> None:
        for name, messages in zip(EFFECTS, (effects.closed, effects.ticks, effects.dead), strict=True):
            self.effects += [(name, identity(one), encode(one)) for one in messages]


class Verdict:
    """Everything that is checked."""

    def __init__(self, log: Log, topic: str, partitions: int) -> None:
        self.violations: list[str] = []
        self.tally: Counter[str] = Counter()  # events that are not in the final state, or in it twice
        self._log = log
        self._topic = topic
        self._partitions = partitions
        self._references = [Reference(log, topic, number, partitions) for number in range(partitions)]
        self._sent: dict[tuple[str, str], bytes] = {}  # (topic, id) -> payload, of all that is in Kafka
        for name in EFFECTS:
            log.watchers[name] = self._effect

    def violated(self, what: str) -> None:
        """Note that a promise was broken."""
        self.violations.append(what)

    def sealed(self, topic: str, partition: int, state: bytes) -> None:
        """Check that a snapshot is what the log says, and that all effects below it are in Kafka."""
        reference = self._references[partition]
        next_offset = head_of(state).next_offset
        if next_offset > self._log.end(topic, partition):
            self.violated(f"a snapshot of {topic}/{partition} reads on at {next_offset}, past the log's end")
            return
        reference.fold_to(next_offset)
        if reference.shard.next_offset == next_offset:
            missing = [(name, key) for name, key, _ in reference.effects if (name, key) not in self._sent]
            if missing:
                self.violated(f"a snapshot of {topic}/{partition} at {next_offset} lacks the effect {missing[0]}")

    def _effect(self, record: Record) -> None:
        message = decode_output(record.value)
        if isinstance(message, DeadLetter) and message.topic != self._topic:
            self.violated(f"{message.topic} has a dead letter: {message.rule}: {message.message}")
            return
        key = (record.topic, identity(message))
        if self._sent.setdefault(key, record.value) != record.value:
            self.violated(f"{record.topic} has two payloads of {key[1]}: {self._sent[key]!r} and {record.value!r}")

    def final(self, views: dict[str, PoolView | None], decided: set[str]) -> list[str]:
        """Compare all that was sent and what Redis holds with what both judges say; return what differs."""
        before, self.violations = self.violations, []
        self.tally.clear()
        self._compare(views)
        self._compare_decisions(decided)
        found, self.violations = self.violations, before
        return found

    def _compare(self, views: dict[str, PoolView | None]) -> None:
        expected: dict[tuple[str, str], bytes] = {}
        for partition, reference in enumerate(self._references):
            end = self._log.end(self._topic, partition)
            reference.fold_to(end)
            expected |= {(name, key): payload for name, key, payload in reference.effects}
            records = self._log.topics[self._topic][partition]
            found = oracle.fold(records, self._topic, partition, self._partitions)
            self._compare_with_oracle(partition, found)
            for pool_id in reference.shard.pool_ids():
                self._compare_view(views.get(pool_id), reference.shard.view(pool_id), found.pools[pool_id])
        for key in expected.keys() | self._sent.keys():
            if self._sent.get(key) != expected.get(key):
                what = "is missing" if key not in self._sent else ("is extra" if key not in expected else "differs")
                self.violated(f"effect {key} {what}: sent {self._sent.get(key)!r}, folded {expected.get(key)!r}")

    def _compare_with_oracle(self, partition: int, found: oracle.Expected) -> None:
        closed, ticks, dead = {}, {}, {}
        for payload in self._sent.values():
            message = decode_output(payload)
            if isinstance(message, BucketClosed) and message.cut.partition == partition:
                key = (message.pool_id, message.resource_id, message.period_start_s)
                closed[key] = (message.value, message.censored, message.cut.next_offset)
            elif isinstance(message, Tick) and message.cut.partition == partition:
                ticks[message.pool_id, message.period_start_s] = (message.missing, message.cut.next_offset)
            elif isinstance(message, DeadLetter) and message.partition == partition:
                dead[message.offset] = message.rule
        pairs = ("closed", closed, found.closed), ("tick", ticks, found.ticks), ("dead letter", dead, found.dead)
        for name, has, should in pairs:
            for key in sorted(has.keys() | should.keys()):
                if has.get(key) != should.get(key):
                    self.violated(f"oracle: {name} {key} is {has.get(key)}, should be {should.get(key)}")

    def _compare_view(self, view: PoolView | None, folded: PoolView, pool: oracle.Pool) -> None:
        name = pool.spec.pool_id
        has, should = booked(view.counters) if view else 0, booked(pool.counters)
        self.tally += Counter(lost=max(should - has, 0), twice=max(has - should, 0))
        if view is None:
            self.violated(f"Redis has no view of {name}")
            return
        if view.cut.next_offset > folded.cut.next_offset:
            self.violated(f"the view of {name} is of {view.cut.next_offset}, past what there is to fold")
        if timeless(view) != timeless(folded):
            self.violated(f"the view of {name} is {view}, should be {folded}")
        if view.counters != pool.counters or dict(view.unknown_resources) != pool.unknown:
            self.violated(f"oracle: counters of {name} are {view.counters}, should be {pool.counters}")
        for series in view.series:
            stock = pool.stock[series.resource_id]
            has = (series.on_hand_units, series.last_value, {one.action_id: one.units for one in series.on_order})
            should = (stock.on_hand, stock.last_value, stock.open_orders())
            if has != should:
                self.violated(f"oracle: {name}/{series.resource_id} is {has}, should be {should}")

    def _compare_decisions(self, decided: set[str]) -> None:
        wanted = {key for name, key in self._sent if name == "ticks"}
        for tick_id in sorted(wanted ^ decided):
            self.violated(f"tick {tick_id} was {'never decided' if tick_id in wanted else 'decided and never sent'}")
