"""A shape and a rate in; sales appended to Kafka as steadily as tills send them, with the record of each close, out."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from aiokafka import AIOKafkaProducer

from benchmarks.stream.loading import Appended, append
from benchmarks.stream.workload import HOUR_S, Record, Shape, Till

TICK_S = 0.01  # what a producer lingers
RATE_PER_S = 5000.0  # nominal


@dataclass(frozen=True, slots=True)
class Close:
    """A record that closes a bucket of its pool."""

    pool_id: str
    end_s: float  # of the bucket it closes


@dataclass(slots=True)
class Pace:
    """Sends `shape`'s load at `rate_per_s`; an hour of event time passes while each series gets its events."""

    shape: Shape
    rate_per_s: float = RATE_PER_S
    records: list[Record] = field(default_factory=list)  # all that was sent, for the reference
    keep: bool = True  # whether `records` is filled
    appended: dict[Close, float] = field(default_factory=dict)  # wall time at which the broker appended it
    at_s: float = 0.0  # event time since the warm part, of the slowest clock

    async def run(
        self,
        producer: AIOKafkaProducer,
        seconds: float,
        rng: np.random.Generator,
        till: Till,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        """Send for `seconds` or until `until` says so; a late tick sends what was due meanwhile."""
        begun_s, from_s, due = time.monotonic(), self.at_s, 0
        newest = dict.fromkeys(range(self.shape.pools), self.shape.warm_end_s + int(from_s) // HOUR_S * HOUR_S)
        waiting: set[asyncio.Task[None]] = set()
        while (passed_s := time.monotonic() - begun_s) < seconds and not until():
            count = int(passed_s * self.rate_per_s) - due
            due += count
            self.at_s = from_s + passed_s * self._speed()
            records = list(self._sales(count, rng, till))
            closes = list(self._closes(records, newest))
            if self.keep:
                self.records += [record for record, _ in records]
            for appended in await append(producer, [record for record, _ in records]):
                task = asyncio.create_task(self._note(appended, dict(closes)))
                waiting.add(task)
                task.add_done_callback(waiting.discard)
            await asyncio.sleep(max(begun_s + passed_s + TICK_S - time.monotonic(), 0.0))
        await asyncio.gather(*waiting)

    def _speed(self) -> float:
        """Return how many seconds of event time pass in one."""
        return HOUR_S * self.rate_per_s / (self.shape.series * self.shape.events_per_bucket)

    def _sales(self, count: int, rng: np.random.Generator, till: Till) -> Iterator[tuple[Record, float]]:
        pools = rng.integers(self.shape.pools, size=count).tolist()
        series = rng.integers(self.shape.series_per_pool, size=count).tolist()
        for pool, one in zip(pools, series, strict=True):
            phase_s = HOUR_S * pool / self.shape.pools if self.shape.spread else 0.0
            at_s = round(self.shape.warm_end_s + self.at_s + phase_s, 3)
            yield till.sale(pool, one, 1, at_s), at_s

    def _closes(self, records: list[tuple[Record, float]], newest: dict[int, int]) -> Iterator[tuple[bytes, Close]]:
        for record, at_s in records:
            start_s = int(at_s // HOUR_S) * HOUR_S
            if start_s > newest[record.pool]:
                newest[record.pool] = start_s
                yield record.value, Close(record.key.decode(), float(start_s))

    async def _note(self, appended: Appended, closes: dict[bytes, Close]) -> None:
        future, batch = appended
        placed_s = (await future).timestamp / 1000.0  # LogAppendTime: the broker's own clock, this machine's
        self.appended |= {closes[record.value]: placed_s for record in batch if record.value in closes}
