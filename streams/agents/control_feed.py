"""The topics that bind decisions in, a `ControlView` that is up to date out: read by every worker, in no group.

No view, no decision: `caught_up` returns only when everything that was in the topics when it was called has been
folded, so a hold that an operator was told is in force binds the next tick.
"""

import asyncio
import logging
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from streams.catalog import PoolSpec
from streams.connections import kafka_options
from streams.control_view import ControlView
from streams.errors import UnavailableError
from streams.events import Allocation, Command, Outcome, decode_input, decode_output
from streams.settings import Settings
from streams.topics import ACTIONS, CATALOG, COMMANDS, OUTCOMES

log = logging.getLogger(__name__)

RECORDS_PER_PARTITION_MAX = 20_000  # of actions and outcomes read at the start: orders under way are newer
CAUGHT_UP_S_MAX = 10.0  # how long a decision waits before it says why
RECONNECT_S = 1.0
POLL_S = 0.5
_WHOLE = (CATALOG.name, COMMANDS.name)  # read from their start
_RECENT = (ACTIONS.name, OUTCOMES.name)


class ControlFeed:
    """Keeps `view` up to date while `follow` runs."""

    def __init__(self, settings: Settings, view: ControlView) -> None:
        self._settings = settings
        self._view = view
        self._consumer: Any = None  # set while connected
        self._next: dict[TopicPartition, int] = {}
        self._moved = asyncio.Condition()

    async def follow(self) -> None:
        """Read until cancelled; connect again after any failure, from the start, which changes nothing."""
        while True:
            consumer = AIOKafkaConsumer(  # in no group, a subscription is an assignment of every partition
                *_WHOLE,
                *_RECENT,
                **kafka_options(self._settings),
                client_id=f"headgate-{self._settings.worker_id}-control",
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
            )
            try:
                await consumer.start()
                await self._follow(consumer)
            except (KafkaError, OSError, UnavailableError) as error:
                log.warning("the control view waits for Kafka: %s", error)
            finally:
                self._consumer = None
                await consumer.stop()
            await asyncio.sleep(RECONNECT_S)

    async def caught_up(self) -> None:
        """Return when all that is in the topics now is in the view; raise UnavailableError when that takes long."""
        try:
            async with asyncio.timeout(CAUGHT_UP_S_MAX):
                consumer = await self._connected()
                ends = await consumer.end_offsets(list(self._next))
                async with self._moved:
                    await self._moved.wait_for(
                        lambda: all(self._next.get(place, 0) >= end for place, end in ends.items())
                    )
        except TimeoutError as error:
            raise UnavailableError(
                f"actions, outcomes and commands were not read in {CAUGHT_UP_S_MAX:.0f} s"
            ) from error
        except (KafkaError, ConsumerStoppedError, OSError) as error:
            raise UnavailableError(f"Kafka does not tell how far the control topics go: {error}") from error

    async def _connected(self) -> Any:
        async with self._moved:
            await self._moved.wait_for(lambda: self._consumer is not None)
            return self._consumer

    async def _follow(self, consumer: Any) -> None:
        places = sorted(consumer.assignment())
        missing = {*_WHOLE, *_RECENT} - {place.topic for place in places}
        if missing:
            raise UnavailableError(f"no topic {', '.join(sorted(missing))}; create the topics with `headgate topics`")
        self._next = await _starts(consumer, places)
        for place, offset in self._next.items():
            consumer.seek(place, offset)
        self._consumer = consumer
        while True:
            batches = await consumer.getmany(timeout_ms=int(POLL_S * 1000))
            async with self._moved:
                for record in [record for records in batches.values() for record in records]:
                    self._fold(record)
                    self._next[TopicPartition(record.topic, record.partition)] = record.offset + 1
                self._moved.notify_all()

    def _fold(self, record: Any) -> None:
        try:
            message = (decode_input if record.topic == CATALOG.name else decode_output)(record.value or b"")
        except msgspec.MsgspecError as error:  # a deleted or foreign record binds nothing
            log.debug("control view: %s/%s/%s is skipped: %s", record.topic, record.partition, record.offset, error)
            return
        if isinstance(message, Allocation | Command | Outcome | PoolSpec):
            self._view.apply(message)


async def _starts(consumer: Any, places: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Return where to begin in each partition."""
    begins = await consumer.beginning_offsets(places)
    ends = await consumer.end_offsets(places)
    return {
        place: begins[place] if place.topic in _WHOLE else max(begins[place], ends[place] - RECORDS_PER_PARTITION_MAX)
        for place in places
    }
