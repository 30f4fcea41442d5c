"""`python -m benchmarks.chaos.load BROKERS POOLS EVENTS_PER_S SEED`: a steady stream of hours, in event time, to Kafka.

Each pool lives through one hour of event time a second; the pools take turns. What an hour holds follows from the
seed, the pool and the hour alone: sales of one unit each in any order, some told twice, some told an hour too late,
some returns, and the promises of both feeds. Orders come on stdin, a JSON line each, and are answered by a line:
`{"do": "pause"}` (answers when Kafka has everything), `{"do": "resume"}`, `{"do": "garbage", "ratio": 0.1}`.
"""

import json
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from kafka import KafkaProducer
from kafka.errors import KafkaError

from benchmarks.chaos.garbage import garbage

TOPIC = "transactions"
FEEDS = ("till-1", "till-2")
RESOURCES = ("mug", "cup")
IDLE_POOL = "shelf"  # is declared and opened, and then nothing happens: who writes its view again?
START_S = 1_600_002_000.0  # on the hour, 2020
HOUR_S = 3600.0
STOCK_UNITS = 10_000_000
DUPLICATE_RATIO, LATE_RATIO, RETURN_RATIO = 0.02, 0.01, 0.01
STEP_S = 0.025
Message = tuple[str, bytes]  # key and value


def pool_ids(count: int) -> list[str]:
    """Return the names of the pools."""
    return [f"shop-{number}" for number in range(count)]


def opening(pool: str) -> Iterator[Message]:
    """Yield what a pool is told before its first hour: its clock, its stock, and that nothing came before."""
    yield pool, _clock(pool, START_S)
    for feed in FEEDS:
        yield pool, _promise(pool, feed, START_S)
    for resource in RESOURCES:
        yield pool, _event(pool, resource, FEEDS[0], "count", STOCK_UNITS, START_S, f"{pool}-{resource}-count")


def hour_of(pool: str, number: int, hour: int, events: int, seed: int) -> list[Message]:
    """Return one hour of a pool, in the order in which it is sent."""
    rng = np.random.default_rng((seed, number, hour))
    start_s = START_S + hour * HOUR_S
    told: list[Message] = [(pool, _clock(pool, start_s + HOUR_S))]
    kinds = rng.random((events, 3))
    moments = np.round(rng.random(events) * HOUR_S, 3)
    for place in range(events):
        late, back, again = kinds[place] < (LATE_RATIO, RETURN_RATIO, DUPLICATE_RATIO)
        kind, units = ("return", -1) if back else ("sale", 1)
        at_s = start_s + moments[place] - (2 * HOUR_S if late and hour > 2 else 0.0)
        name = f"{pool}-{hour}-{place}"
        event = _event(pool, RESOURCES[place % 2], FEEDS[place % 3 % 2], kind, units, at_s, name)
        told += [(pool, event)] * (2 if again else 1)
    return told + [(pool, _promise(pool, feed, start_s + HOUR_S)) for feed in FEEDS]


def _event(pool: str, resource: str, feed: str, kind: str, units: int, at_s: float, name: str) -> bytes:
    return json.dumps(
        {
            "type": "transaction.v1", "event_id": name, "pool_id": pool, "resource_id": resource, "feed_id": feed,
            "kind": kind, "quantity_units": units, "occurred_at_s": float(at_s), "unit_price": 2.0,
        }
    ).encode()  # fmt: skip


def _promise(pool: str, feed: str, until_s: float) -> bytes:
    return json.dumps({"type": "heartbeat.v1", "pool_id": pool, "feed_id": feed, "complete_until_s": until_s}).encode()


def _clock(pool: str, now_s: float) -> bytes:
    still = {"event_origin_s": now_s, "wall_origin_s": 0.0, "speed_up": 0.0}
    return json.dumps({"type": "clock.v1", "run_clock": still, "scope": [pool]}).encode()


class Load:
    """Sends hours for as long as it is told to."""

    def __init__(self, brokers: str, pools: int, events_per_s: float, seed: int) -> None:
        self._pools = pool_ids(pools)
        self._per_hour = max(int(events_per_s / pools), 1)
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._garbage_ratio = 0.0
        self._failed = 0
        self._producer = KafkaProducer(
            bootstrap_servers=brokers.split(","),
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=5,
            allow_auto_create_topics=False,
            max_block_ms=60_000,
            delivery_timeout_ms=120_000,
            request_timeout_ms=5_000,
            reconnect_backoff_max_ms=250,
            metadata_max_age_ms=5_000,
            metrics_enabled=False,
        )
        self._partitions = len(self._producer.partitions_for(TOPIC))
        for key, value in opening(IDLE_POOL):
            self._send(key, value)
        self._hours = [self._endless(number) for number in range(pools)]
        self._due = [0.0] * pools  # fractions of a message that each pool may send now

    def _endless(self, number: int) -> Iterator[list[Message]]:
        """Yield each step's messages of one pool."""
        pool = self._pools[number]
        yield list(opening(pool))
        steps = int(1.0 / STEP_S)
        for _ in range(number * steps // len(self._pools)):  # the pools take turns
            yield []
        hour = 0
        while True:
            told = hour_of(pool, number, hour, self._per_hour, self._seed)
            for step in range(steps):
                yield told[len(told) * step // steps : len(told) * (step + 1) // steps]
            hour += 1

    def step(self) -> None:
        """Send what is due in one step of every pool."""
        for messages in self._hours:
            for key, value in next(messages):
                self._send(key, value)
                if self._rng.random() < self._garbage_ratio:
                    self._send_garbage(key)

    def _send_garbage(self, pool: str) -> None:
        value, partition = garbage(self._rng, pool, self._partitions)
        self._send(pool, value, partition)

    def _send(self, key: str, value: bytes, partition: int | None = None) -> None:
        try:
            self._producer.send(TOPIC, key=key.encode(), value=value, partition=partition)
        except KafkaError as error:  # what is not in the log was never an event
            self._failed += 1
            print(f"not sent: {error!r}", file=sys.stderr)

    def answer(self, order: dict[str, Any]) -> dict[str, Any]:
        """Do what is ordered and say so."""
        if order["do"] == "garbage":
            self._garbage_ratio = order["ratio"]
        elif order["do"] == "pause":
            self._producer.flush(timeout=120.0)
        return {"failed": self._failed}


def main() -> None:
    """Send until stdin ends."""
    brokers, pools, events_per_s, seed = sys.argv[1:]
    load = Load(brokers, int(pools), float(events_per_s), int(seed))
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin:
            orders.put(line)
        orders.put("")

    threading.Thread(target=listen, daemon=True).start()
    paused, next_s = False, time.monotonic()
    while True:
        if not paused:
            load.step()
        next_s = max(next_s + STEP_S, time.monotonic() - 1.0)  # what an outage held up is made up for, a second of it
        time.sleep(max(next_s - time.monotonic(), 0.0))
        if orders.empty():
            continue
        line = orders.get()
        if not line:
            return
        order = json.loads(line)
        paused = order["do"] == "pause" or (paused and order["do"] != "resume")
        print(json.dumps(load.answer(order)), flush=True)


if __name__ == "__main__":
    main()
