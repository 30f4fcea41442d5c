"""The last door before the world: allocations in from `actions`, to a receiver and to `outcomes` out.

An allocation's offset is committed once all its outcomes are acknowledged (`ops.hand_over` says how each line is
kept from acting twice). A receiver that fails is tried again with growing pauses until the lines expire, in order:
nothing overtakes. The kill file is looked at before every try. One gateway runs at a time: the journal is locked,
and the consumer group has one static member, so a second one elsewhere takes the door over and the first one stops.

The journal forgets what it has published after a while, and Kafka forgets a group's offsets too; then `actions`, which
is kept for ever, is read from its start. So an action older than the journal's memory of which the journal knows
nothing is passed over: its outcome was told then, or nobody was at the door until long after it had expired.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from typing import Any

import msgspec
from kafka import KafkaProducer
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import FencedInstanceIdError, KafkaError

from ops.gateway_intake import BOOTSTRAP_MS_MAX, Intake, gateway_consumer
from ops.gateway_journal import KEPT_S, Journal
from ops.hand_over import HandOver, LineResult, Receiver
from ops.pool_specs import PoolSpecs
from streams.connections import kafka_options
from streams.errors import StateError, UnavailableError
from streams.events import Allocation, decode_output
from streams.settings import Settings
from streams.topics import OUTCOMES

__all__ = ["Gateway", "LineResult", "Receiver"]

JOURNAL = "gateway.sqlite"
POLL_S = 0.2
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)  # pauses before a failed allocation is tried again; the last repeats
ACKNOWLEDGE_S = 30.0
MEMORY_S = KEPT_S - 86_400.0  # the clocks of this machine and of the one that decided may be a day apart

log = logging.getLogger(__name__)


class Gateway:
    """Runs in one thread; `now_s` gives the event time of a pool."""

    def __init__(
        self,
        settings: Settings,
        receiver: Receiver,
        now_s: Callable[[str], float],
        *,
        own_limits: Mapping[str, float] | None = None,  # "POOL/RESOURCE" or "POOL" -> most units of one order
        dry_run: bool = False,  # sees every action from now on, and leaves no trace: no journal, commit or outcome
    ) -> None:
        self._settings = settings
        self._receiver = receiver
        self._now_s = now_s
        self._own_limits = own_limits or {}
        self._dry_run = dry_run
        self._stop = threading.Event()

    def stop(self) -> None:
        """Ask `run` to end after the allocation in hand; safe from any thread."""
        self._stop.set()

    def run(self) -> None:
        """Handle allocations until `stop`.

        Raises UnavailableError when no broker answers at the start, StateError when another gateway is at work.
        """
        settings = self._settings
        with ExitStack() as resources:
            journal = resources.enter_context(Journal(None if self._dry_run else settings.data_dir / JOURNAL))
            journal.forget(time.time())  # noqa: TID251  an edge
            try:
                producer = resources.enter_context(closing(_producer(settings)))
                specs = resources.enter_context(PoolSpecs(settings))
                intake = resources.enter_context(
                    closing(Intake(lambda: gateway_consumer(settings, dry_run=self._dry_run)))
                )
            except (KafkaError, OSError) as error:
                raise UnavailableError(
                    f"no Kafka broker answers at {settings.broker} ({error}); start one with `headgate up`, or name "
                    "another with --broker"
                ) from error
            hand_over = HandOver(
                journal,
                self._receiver,
                lambda pool_id, outcomes: None if self._dry_run else _publish(producer, pool_id, outcomes),
                now_s=self._now_s,
                data_dir=settings.data_dir,
                own_limits=self._own_limits,
            )
            try:
                self._loop(intake, specs, hand_over, journal)
            except FencedInstanceIdError as error:
                raise StateError("another gateway has taken over; only one door may be open") from error

    def _loop(self, intake: Intake, specs: PoolSpecs, hand_over: HandOver, journal: Journal) -> None:
        waiting: deque[ConsumerRecord] = deque()  # at most one poll's records: all is paused while any wait
        failures = 0
        while not self._stop.is_set():
            pause_s = RETRY_S[min(failures, len(RETRY_S)) - 1] if failures else POLL_S
            self._poll(intake, waiting, pause_s)
            came = len(waiting)
            again = self._work(intake, waiting, specs, hand_over, journal)
            failures = (failures if len(waiting) == came else 0) + again  # progress starts the pauses anew
            if waiting:
                intake.hold()
            else:
                intake.go_on()

    def _poll(self, intake: Intake, waiting: deque[ConsumerRecord], pause_s: float) -> None:
        """Add what came to `waiting`, in slices that let `stop` through; the pause is over when something came."""
        slices = max(1, round(pause_s / POLL_S))
        for _ in range(slices):
            came = intake.poll(POLL_S)
            waiting.extend(came)
            if came or self._stop.is_set():
                return

    def _work(
        self, intake: Intake, waiting: deque[ConsumerRecord], specs: PoolSpecs, hand_over: HandOver, journal: Journal
    ) -> bool:
        """Handle what is waiting, in order; return whether it has to be tried again."""
        while waiting and not self._stop.is_set():
            try:
                _handle(waiting[0], specs, hand_over, journal)
            except UnavailableError as error:
                log.warning("the gateway tries again: %s", error)
                return True
            record = waiting.popleft()
            if not self._dry_run:
                intake.commit(record)
        return False


def _handle(record: ConsumerRecord, specs: PoolSpecs, hand_over: HandOver, journal: Journal) -> None:
    place = f"{record.topic}/{record.partition}/{record.offset}"
    try:
        message = decode_output(record.value or b"")
    except msgspec.MsgspecError as error:
        log.warning("the gateway skips %s: %s", place, error)
        return
    if not isinstance(message, Allocation):
        log.warning("the gateway skips %s: a %s is no allocation", place, type(message).__name__)
        return
    sent_at_s = record.timestamp / 1000.0
    if sent_at_s < time.time() - MEMORY_S:  # noqa: TID251  an edge: the journal forgets by wall time
        message = _remembered(message, journal)
        if not message.lines:
            log.info("the gateway passes over %s: it is older than its journal's memory", place)
            return
    try:
        spec = specs.get(message.pool_id)
    except KafkaError as error:
        raise UnavailableError(f"Kafka does not give the catalog: {error}") from error
    try:
        hand_over.handle(message, spec)
    except (ArithmeticError, LookupError, TypeError, ValueError):  # a fault of ours must not close the door for all
        log.exception("the gateway skips %s, whose lines stay open in its journal", place)


def _remembered(allocation: Allocation, journal: Journal) -> Allocation:
    """Return `allocation` with the lines that the journal knows: those were begun and may not be done."""
    known = journal.entries([line.action_id for line in allocation.lines])
    lines = tuple(line for line in allocation.lines if line.action_id in known)
    return msgspec.structs.replace(allocation, lines=lines)


def _publish(producer: Any, pool_id: str, outcomes: Sequence[bytes]) -> None:
    try:
        for sent in [producer.send(OUTCOMES.name, key=pool_id.encode(), value=outcome) for outcome in outcomes]:
            sent.get(timeout=ACKNOWLEDGE_S)
    except KafkaError as error:
        raise UnavailableError(f"Kafka does not take outcomes of pool {pool_id}: {error}") from error


def _producer(settings: Settings) -> Any:
    return KafkaProducer(
        **kafka_options(settings),
        client_id="headgate-gateway",
        acks="all",
        enable_idempotence=True,
        allow_auto_create_topics=False,
        bootstrap_timeout_ms=BOOTSTRAP_MS_MAX,
        metrics_enabled=False,
    )
