"""The topics that bind decisions in, fetched batches out: what `ControlFeed` asks of an aiokafka consumer."""

from typing import Any

from aiokafka import TopicPartition

from tests.simulation.log import Log, Record
from tests.simulation.loop import CURRENT
from tests.simulation.process import Process, settle

POLL_S = 0.05


class SimulatedConsumer:
    """Stands in for `aiokafka.AIOKafkaConsumer` without a group. `log` is set by the simulation before a run."""

    log: Log

    def __init__(self, *topics: str, **_options: Any) -> None:
        self._process: Process = CURRENT.get()
        self._topics = topics
        self._next: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()

    async def start(self) -> None:
        """Connect."""
        await self._process.request("connects to the control topics", lambda: None)

    async def stop(self) -> None:
        """Disconnect."""

    def assignment(self) -> set[TopicPartition]:
        """Return every partition of the topics."""
        return {TopicPartition(name, part) for name in self._topics for part in range(len(self.log.topics[name]))}

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where each partition begins."""
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where each partition ends now."""
        return await self._process.request(
            "asks how far the control topics go",
            lambda: {place: self.log.end(place.topic, place.partition) for place in places},
        )

    async def offsets_for_times(self, times_ms: dict[TopicPartition, int]) -> dict[TopicPartition, Any]:
        """Return the first record of each partition that is not older."""
        await self._process.request("asks for offsets by time", lambda: None)
        found = {}
        for place, since_ms in times_ms.items():
            records = self.log.topics[place.topic][place.partition]
            found[place] = next((record for record in records if record.timestamp >= since_ms), None)
        return found

    async def position(self, place: TopicPartition) -> int:
        """Return where the partition reads on."""
        return self._next[place]

    def seek(self, place: TopicPartition, offset: int) -> None:
        """Read on elsewhere."""
        self._next[place] = offset

    def pause(self, *places: TopicPartition) -> None:
        """Hand nothing out of these partitions."""
        self._paused |= set(places)

    def resume(self, *places: TopicPartition) -> None:
        """Go on with them."""
        self._paused -= set(places)

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Record]]:
        """Return what came, or nothing after a while."""
        process, faults = self._process, self._process.faults
        future = process.loop.create_future()
        until_s = process.loop.time() + timeout_ms / 1000

        def look() -> None:
            if process.dead or future.done():
                return
            found = {place: batch for place in self._next if (batch := self._fresh(place, max_records))}
            if (found and not process.paused) or process.loop.time() >= until_s:
                settle(future, found)
            else:
                process.loop.after(faults.between(0.5, 1.5) * POLL_S, look)

        slow = faults.strikes("kafka slow")
        process.loop.after(faults.between(0.2, 1.0) if slow else faults.between(0.2, 1.0) * POLL_S, look)
        return await future

    def _fresh(self, place: TopicPartition, most: int) -> list[Record]:
        records = self.log.topics[place.topic][place.partition]
        at = self._next[place]
        if at >= len(records) or place in self._paused or self._process.paused:
            return []
        self._next[place] = min(at + most, len(records))
        return records[at : self._next[place]]
