"""`python -m benchmarks.chaos.verifier BROKER REDIS PARTITIONS`: orders on stdin, answers on stdout, a JSON line each.

A process of its own that reads all topics and Redis beside the workers and folds the input by itself. It ends with
its stdin, and refuses to answer when anything of the packages under test has been imported.

| order | answer |
|---|---|
| `{"do": "since", "at_s": T}` | for each pool the first closing record appended after T that is readable: its times |
| `{"do": "views"}` | the place in the log of each pool's view in Redis |
| `{"do": "latencies", "from_s": A, "until_s": B}` | seconds from append to readable, of records appended in between |
| `{"do": "verdict", "timeout_s": S}` | what is wrong, once nothing is missing or nothing new has come for S |
"""

import json
import queue
import sys
import threading
import time
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, UnsupportedCodecError
from redis import Redis, RedisError

from benchmarks.chaos.oracle import Key, Oracle
from benchmarks.chaos.verdict import Outputs, complete, judge

INPUT = "transactions"
OUTPUTS = ("actions", "dead-letters", "forecasts", "ticks")
VIEW_KEY = "headgate:view:"
POLL_S = 0.02
FORBIDDEN = {"faust", "online_models", "ops", "policies", "simulator", "streams"}


@dataclass(slots=True)
class Arrival:
    """One closed bucket's way out."""

    pool: str
    appended_s: float
    next_offset: int
    topic_s: float | None = None  # when it was read from `forecasts`
    redis_s: float | None = None  # when a view at least as new was read from Redis

    @property
    def readable_s(self) -> float | None:
        """Return when both could be read."""
        return None if self.topic_s is None or self.redis_s is None else max(self.topic_s, self.redis_s)


class Verifier:
    """Reads along, and answers."""

    def __init__(self, brokers: str, redis: str, partitions: int) -> None:
        self._oracle = Oracle(partitions)
        self._outputs = Outputs()
        self._arrivals: dict[Key, Arrival] = {}
        self._waiting: dict[str, list[Arrival]] = {}  # by pool: not yet in Redis
        self._early: dict[Key, float] = {}  # read from `forecasts` before the record that closes it was read
        self._offsets: dict[str, int] = {}  # of each pool's view in Redis
        self._redis = Redis.from_url(redis, socket_timeout=0.5, socket_connect_timeout=0.5)
        self._consumer = KafkaConsumer(
            bootstrap_servers=brokers.split(","),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            max_poll_records=2000,
            reconnect_backoff_max_ms=250,
            request_timeout_ms=5_000,
            metadata_max_age_ms=5_000,
            metrics_enabled=False,
        )
        self._places = [
            TopicPartition(topic, partition)
            for topic in (INPUT, *OUTPUTS)
            for partition in sorted(self._consumer.partitions_for_topic(topic) or ())
        ]
        self._consumer.assign(self._places)
        self._consumer.seek_to_beginning()

    def step(self) -> None:
        """Read whatever has come."""
        try:
            batches = self._consumer.poll(timeout_ms=int(POLL_S * 1000))
        except UnsupportedCodecError:  # it would pass over what it cannot read
            raise
        except (KafkaError, OSError) as error:
            print(f"the verifier waits for Kafka: {error!r}", file=sys.stderr)
            time.sleep(POLL_S)
            batches = {}
        read_s = time.time()
        for place, batch in batches.items():
            for record in batch:
                self._take(place.topic, record, read_s)
        self._look_at_redis()

    def _take(self, topic: str, record: Any, read_s: float) -> None:
        if topic != INPUT:
            key = self._outputs.take(topic, record.value)
            if key in self._arrivals:
                self._arrivals[key].topic_s = read_s
            elif key is not None:
                self._early[key] = read_s
            return
        closed = len(self._oracle.closed)
        self._oracle.take(topic, record.partition, record.offset, record.timestamp / 1000.0, record.value or b"")
        for key in islice(reversed(self._oracle.closed), len(self._oracle.closed) - closed):
            expected = self._oracle.closed[key]
            arrival = Arrival(key[0], expected.appended_s, expected.next_offset, self._early.pop(key, None))
            self._arrivals[key] = arrival
            self._waiting.setdefault(key[0], []).append(arrival)

    def _look_at_redis(self) -> None:
        pools = list(self._oracle.pools)
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                for pool in pools:
                    pipeline.hget(VIEW_KEY + pool, "offset")
                held = pipeline.execute()
        except (RedisError, OSError):
            self._offsets = {}
            return
        read_s = time.time()
        self._offsets = {pool: int(offset) for pool, offset in zip(pools, held, strict=True) if offset is not None}
        for pool, offset in self._offsets.items():
            waiting = self._waiting.get(pool, [])
            readable = bisect_left(waiting, offset + 1, key=lambda one: one.next_offset)
            for arrival in waiting[:readable]:
                arrival.redis_s = read_s
            del waiting[:readable]

    def answer(self, order: dict[str, Any]) -> Any:
        """Return the answer to one order."""
        strangers = FORBIDDEN & {name.partition(".")[0] for name in sys.modules}
        assert not strangers, f"the verifier has imported {strangers}: it proves nothing"
        match order["do"]:
            case "since":
                return self._since(order["at_s"])
            case "views":
                return self._offsets
            case "latencies":
                return self._latencies(order["from_s"], order["until_s"])
            case "verdict":
                return self._verdict(order["timeout_s"])
        raise ValueError(order)

    def _since(self, at_s: float) -> dict[str, float | None]:
        first: dict[str, float | None] = dict.fromkeys(self._oracle.pools)
        for arrival in self._newest(at_s):
            held, readable_s = first[arrival.pool], arrival.readable_s
            if readable_s is not None and (held is None or readable_s < held):
                first[arrival.pool] = readable_s
        return first

    def _newest(self, at_s: float) -> list[Arrival]:
        """Return what was closed by records appended at `at_s` or later; partitions may interleave a little."""
        found: list[Arrival] = []
        for arrival in reversed(self._arrivals.values()):
            if arrival.appended_s < at_s - 60.0:
                break
            if arrival.appended_s >= at_s:
                found.append(arrival)
        return found

    def _latencies(self, from_s: float, until_s: float) -> list[float]:
        return [
            arrival.readable_s - arrival.appended_s
            for arrival in self._newest(from_s)
            if arrival.appended_s < until_s and arrival.readable_s is not None
        ]

    def _verdict(self, timeout_s: float) -> dict[str, Any]:
        moved_s, told = time.monotonic(), -1
        while True:
            ends = self._ends()
            while any(self._consumer.position(place) < end for place, end in ends.items()):
                self.step()
            self._read_views()
            if complete(self._oracle, self._outputs) or time.monotonic() > moved_s + timeout_s:
                return judge(self._oracle, self._outputs).row()
            if self._outputs.told != told:
                moved_s, told = time.monotonic(), self._outputs.told
            time.sleep(0.1)

    def _ends(self) -> dict[TopicPartition, int]:
        while True:
            try:
                return dict(self._consumer.end_offsets(self._places, timeout_ms=5_000))
            except (KafkaError, OSError) as error:
                print(f"the verifier waits for Kafka: {error!r}", file=sys.stderr)
                time.sleep(0.2)

    def _read_views(self) -> None:
        try:
            bodies = {pool: self._redis.hget(VIEW_KEY + pool, "body") for pool in self._oracle.pools}
        except (RedisError, OSError):
            bodies = {}
        self._outputs.views = {pool: json.loads(body) for pool, body in bodies.items() if body}


def main() -> None:
    """Read along until stdin ends."""
    brokers, redis, partitions = sys.argv[1:]
    verifier = Verifier(brokers, redis, int(partitions))
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            orders.put(line)
        orders.put("")

    threading.Thread(target=listen, daemon=True).start()
    while True:
        verifier.step()
        if orders.empty():
            continue
        line = orders.get()
        if not line:
            return
        print(json.dumps(verifier.answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
