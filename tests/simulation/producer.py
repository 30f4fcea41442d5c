"""Messages in, records of the log out, later, once, in order: what aiokafka's idempotent producer promises.

A flush can fail, fail although the broker has it, or be acknowledged late; what a dead process had not flushed is gone.
"""

import asyncio
from typing import Any

from aiokafka.errors import KafkaTimeoutError

from tests.simulation.log import Log
from tests.simulation.loop import CURRENT
from tests.simulation.process import DiedError, Process, settle

LINGER_S = (0.001, 0.01)
LATE_S = (0.1, 2.0)
BATCH_MAX = 8
Unsent = tuple[list[tuple[str, bytes]], int | None, "asyncio.Future[Any]"]  # key and value of each, where to, answer


class SimulatedProducer:
    """Stands in for `aiokafka.AIOKafkaProducer`. `log` is set by the simulation before a run."""

    log: Log

    def __init__(self, **_options: Any) -> None:
        self._process: Process = CURRENT.get()
        self._unsent: dict[str, list[Unsent]] = {}

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect."""

    async def partitions_for(self, topic: str) -> set[int]:
        """Return the partitions of a topic."""
        return set(range(len(self.log.topics[topic])))

    def create_batch(self) -> "SimulatedBatch":
        """Return a batch that the caller fills."""
        return SimulatedBatch()

    async def send(
        self, topic: str, value: bytes, key: bytes = b"", partition: int | None = None
    ) -> "asyncio.Future[Any]":
        """Queue one message and return what resolves when the broker has it."""
        return await self._queue(topic, [(key.decode(), value)], partition)

    async def send_batch(self, batch: "SimulatedBatch", topic: str, *, partition: int) -> "asyncio.Future[Any]":
        """Queue a batch and return what resolves when the broker has it."""
        return await self._queue(topic, batch.messages, partition)

    async def send_and_wait(self, topic: str, value: bytes, key: bytes = b"") -> Any:
        """Send one message and return when the broker has it."""
        return await (await self.send(topic, value, key))

    async def _queue(
        self, topic: str, messages: list[tuple[str, bytes]], partition: int | None
    ) -> "asyncio.Future[Any]":
        process = self._process
        future = process.loop.create_future()
        try:
            process.step(f"sends to {topic}")
        except DiedError:
            await future  # for ever
        unsent = self._unsent.get(topic)
        if unsent is None:
            unsent = self._unsent[topic] = []
            process.loop.after(
                process.faults.between(*LINGER_S), lambda: process.when_awake(lambda: self._flush(topic))
            )
        unsent.append((messages, partition, future))
        return future

    def _flush(self, topic: str) -> None:
        process, faults = self._process, self._process.faults
        queued = self._unsent.pop(topic)
        if faults.strikes("delivery failed"):
            self._answer(queued, KafkaTimeoutError("simulated: not delivered"), 0.0)
            return
        process.tell("kafka", "has", sum(len(one[0]) for one in queued), topic, "of", process.name)
        for messages, partition, _ in queued:
            for key, value in messages:
                self.log.append(topic, key, value, partition)
        refusal = None
        if faults.strikes("delivery failed though appended"):
            refusal = KafkaTimeoutError("simulated: appended, and the answer was lost")
        late_s = faults.between(*LATE_S) if faults.strikes("ack late") else 0.001
        self._answer(queued, refusal, late_s)

    def _answer(self, queued: list[Unsent], refusal: BaseException | None, late_s: float) -> None:
        process = self._process

        def answer() -> None:
            try:
                process.step("hears of a delivery")
            except DiedError:
                return
            process.when_awake(lambda: [settle(future, None, refusal) for *_, future in queued])

        process.loop.after(late_s, answer)


class SimulatedBatch:
    """What `create_batch` returns."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []

    def append(self, *, key: bytes, value: bytes, timestamp: int | None) -> int | None:
        """Add a message and return its place; None when the batch is full, which few messages make it here."""
        del timestamp
        if len(self.messages) >= BATCH_MAX:
            return None
        self.messages.append((key.decode(), value))
        return len(self.messages) - 1
