"""The topics that bind decisions in, a `ControlView` that is up to date out: read by every worker, in no group.

No view, no decision: `caught_up` returns only when everything that was in the topics when it was called has been
folded, so a hold that an operator was told is in force binds the next tick. The view holds nothing that is only in
Redis: a Redis that comes back empty takes no hold, no order under way and no decision away.

Catalog, commands and policies are read whole. Of actions and outcomes all that can still matter is read: what is
younger than the longest that an order of a declared pool can be under way, and at least `RECORDS_LEAST` records of each
partition. What is older has arrived or expired, unless a run whose clock is slower than the wall has sent more than
that many since; then an order that no ledger has confirmed meanwhile is ordered once more.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError

from streams.catalog import PoolSpec
from streams.connections import kafka_options
from streams.control_view import ControlView
from streams.errors import UnavailableError
from streams.events import Allocation, Command, Outcome, decode_input, decode_output
from streams.policy_events import PolicyAliases, PolicyFile
from streams.settings import Settings
from streams.topics import ACTIONS, CATALOG, COMMANDS, OUTCOMES, POLICIES

log = logging.getLogger(__name__)

RECORDS_LEAST = 20_000  # of each partition of actions and outcomes, read at the start however old they are
RECORDS_MAX = 500  # folded at once: some 10 ms, in which the worker does nothing else
CAUGHT_UP_S_MAX = 10.0  # how long a decision waits before it says why
RECONNECT_S = 1.0
POLL_S = 0.5
_WHOLE = (
    CATALOG.name,
    COMMANDS.name,
    POLICIES.name,
)  # read from their start, the catalog first: it says how far back the rest goes
_RECENT = (ACTIONS.name, OUTCOMES.name)


class ControlFeed:
    """Keeps `view` up to date while `follow` runs."""

    def __init__(self, settings: Settings, view: ControlView, wall_s: Callable[[], float]) -> None:
        self._settings = settings
        self._view = view
        self._wall_s = wall_s
        self._asker: Any = None  # set while connected: asks for ends on a connection where no fetch is waited for
        self._next: dict[TopicPartition, int] = {}  # everything below is folded
        self._moved = asyncio.Condition()

    async def follow(self) -> None:
        """Read until cancelled; connect again after any failure and go on where it was: the view is never set back."""
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
            asker = AIOKafkaConsumer(**kafka_options(self._settings), group_id=None)
            try:
                await consumer.start()
                await asker.start()
                await self._follow(consumer, asker)
            except (KafkaError, OSError, UnavailableError) as error:
                log.warning("the control view waits for Kafka: %s", error)
            finally:
                self._asker = None
                await asker.stop()
                await consumer.stop()
            await asyncio.sleep(RECONNECT_S)

    async def caught_up(self) -> None:
        """Return when all that is in the topics now is in the view; raise UnavailableError when that takes long."""
        try:
            async with asyncio.timeout(CAUGHT_UP_S_MAX):
                asker = await self._connected()
                ends = await asker.end_offsets(list(self._next))
                async with self._moved:
                    await self._moved.wait_for(
                        lambda: all(self._next.get(place, 0) >= end for place, end in ends.items())
                    )
        except TimeoutError as error:
            raise UnavailableError(
                f"actions, outcomes, commands and policies were not read in {CAUGHT_UP_S_MAX:.0f} s"
            ) from error
        except (KafkaError, ConsumerStoppedError, OSError) as error:
            raise UnavailableError(f"Kafka does not tell how far the control topics go: {error}") from error

    async def _connected(self) -> Any:
        async with self._moved:
            await self._moved.wait_for(lambda: self._asker is not None)
            return self._asker

    async def _follow(self, consumer: Any, asker: Any) -> None:
        places = sorted(consumer.assignment())
        missing = {*_WHOLE, *_RECENT} - {place.topic for place in places}
        if missing:
            raise UnavailableError(f"no topic {', '.join(sorted(missing))}; create the topics with `headgate topics`")
        await self._seek(consumer, places)
        self._asker = asker
        while True:
            await self._read(consumer, places)

    async def _seek(self, consumer: Any, places: list[TopicPartition]) -> None:
        """Go to where the view ends; where it knows nothing yet, to the oldest record that can still matter."""
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        whole = [place for place in places if place.topic in _WHOLE]
        recent = [place for place in places if place.topic in _RECENT]
        for place in whole:
            self._next[place] = self._resumed(place, begins, ends, begins[place])
            consumer.seek(place, self._next[place])
        consumer.pause(*recent)
        while any(self._next[place] < ends[place] for place in whole):
            await self._read(consumer, whole)
        since_ms = int(max(self._view.open_since_s(self._wall_s()), 0.0) * 1000)
        since = await consumer.offsets_for_times(dict.fromkeys(recent, since_ms))
        for place in recent:
            oldest = since[place].offset if since[place] else ends[place]
            start = max(begins[place], min(oldest, ends[place] - RECORDS_LEAST))
            self._next[place] = self._resumed(place, begins, ends, start)
            consumer.seek(place, self._next[place])
        consumer.resume(*recent)

    def _resumed(
        self, place: TopicPartition, begins: dict[TopicPartition, int], ends: dict[TopicPartition, int], start: int
    ) -> int:
        """Return where reading goes on: where it was, or at `start` in a partition that is new or was made anew."""
        known = self._next.get(place)
        return known if known is not None and begins[place] <= known <= ends[place] else start

    async def _read(self, consumer: Any, places: list[TopicPartition]) -> None:
        batches = await consumer.getmany(timeout_ms=int(POLL_S * 1000), max_records=RECORDS_MAX)
        async with self._moved:
            for record in [record for records in batches.values() for record in records]:
                self._fold(record)
            for place in places:  # not the last record's offset: compacted and aborted ones are never handed out
                self._next[place] = await consumer.position(place)
            self._moved.notify_all()

    def _fold(self, record: Any) -> None:
        try:
            message = (decode_input if record.topic == CATALOG.name else decode_output)(record.value or b"")
        except msgspec.MsgspecError as error:  # a deleted or foreign record binds nothing
            log.debug("control view: %s/%s/%s is skipped: %s", record.topic, record.partition, record.offset, error)
            return
        if isinstance(message, Allocation | Command | Outcome | PoolSpec | PolicyFile | PolicyAliases):
            self._view.apply(message)
