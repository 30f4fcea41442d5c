"""The words an engine is started with in; where it reads, writes and keeps its state, out."""

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.stream.pool_work import FIRST_KEY, VIEW_KEY

TOPIC = "transactions"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine works."""

    broker: str
    redis: str
    data_dir: Path  # its own; what it keeps there it finds again after a restart
    series_per_pool: int
    events: int  # of the part that is timed; only the bare loop, which keeps no state, ends by counting
    timed_from_s: float  # event time: what happened after it belongs to the part that is timed


def place() -> Place:
    """Return what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--series-per-pool", type=int, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--timed-from-s", type=float, required=True)
    return Place(**vars(parser.parse_args()))


class Views:
    """What a peer shows in Redis: when it began, and each pool's newest document."""

    def __init__(self, at: Place) -> None:
        self._client = redis.Redis.from_url(at.redis)
        self._timed_from_s = at.timed_from_s
        self._begun = False

    def begin(self, at_s: float) -> None:
        """Say once that the first record of the timed part has been decoded; `at_s` is when its sale happened."""
        if not self._begun and at_s > self._timed_from_s:
            self._begun = True
            self._client.set(FIRST_KEY, time.time())

    def write(self, documents: Iterable[tuple[str, tuple[float, bytes]]]) -> None:
        """Write documents (pool, (as_of_s, body)) in one pipeline."""
        with self._client.pipeline(transaction=False) as pipeline:
            for pool_id, (as_of_s, body) in documents:
                pipeline.hset(VIEW_KEY + pool_id, mapping={"as_of_s": as_of_s, "body": body})
            pipeline.execute()
