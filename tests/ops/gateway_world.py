"""A receiver as a shop would run one, and what a test of the gateway says to Kafka and hears from it."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from ops.gateway import Gateway, Receiver
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.events import ActionLine, Allocation, Cut, Outcome, decode_output, encode
from streams.settings import Settings
from streams.topics import ACTIONS, CATALOG, OUTCOMES

NOW_S = 1_278_000_000.0
PATIENCE_S = 60.0  # how long a test waits for what must come; none asserts on it


class World:
    """A receiver as a shop would run one: answers POSTs, acts once per Idempotency-Key, can be told to fail."""

    def __init__(self) -> None:
        self.acted: Counter[str] = Counter()  # what an id did to the world
        self.posts: list[str] = []
        self._acting = threading.Lock()
        self.bodies: dict[str, dict[str, Any]] = {}
        self.fail: Callable[[str, int], int | None] = lambda _key, _attempt: None  # -> a status, no answer
        self.drop: set[str] = set()  # ids that act once and whose first answer is lost
        world = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                world.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._handler = Handler
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Act on one POST."""
        key = request.headers["Idempotency-Key"]
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.posts.append(key)
        status = self.fail(key, self.posts.count(key))
        if status is not None:
            request.send_error(status)
            return
        with self._acting:
            if key not in self.acted:
                self.acted[key] += 1
                self.bodies[key] = body
        if key in self.drop:
            self.drop.remove(key)
            request.connection.close()
            return
        request.send_response(200)
        request.end_headers()
        request.wfile.write(json.dumps({"reason": "on the truck"}).encode())

    def start(self) -> None:
        """Listen, on the port it had before if any."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def spec_of(pool_id: str, capacity_units: float = 1e9) -> PoolSpec:
    """Return a pool with resources a and b."""
    resources = (
        ResourceSpec(id="a", order_units_max=100, unit_cost=2.0),
        ResourceSpec(id="b", order_units_max=100, unit_cost=2.0),
    )
    return PoolSpec(pool_id=pool_id, feeds=(FeedSpec(id="till"),), resources=resources, capacity_units=capacity_units)


def allocation_of(pool_id: str, period: str = "2010-07-01", valid_s: float = 3600.0, **units: float) -> Allocation:
    """Return the allocation of one tick, units by resource."""
    lines = tuple(
        ActionLine(
            action_id=f"{pool_id}/{resource_id}/{period}",
            resource_id=resource_id,
            order_units=ordered,
            proposed_units=ordered,
            reason_code="policy",
            explanation=f"order {ordered:g}: because",
            arrives_at_s=NOW_S + 86_400.0,
        )
        for resource_id, ordered in units.items()
    )
    return Allocation(
        tick_id=f"{pool_id}/{period}",
        pool_id=pool_id,
        period_start_s=NOW_S,
        decided_at_s=NOW_S,
        valid_until_s=NOW_S + valid_s,
        policy="base-stock",
        policy_version="1",
        forecast_model="linear/1",
        forecast_as_of_s=NOW_S,
        decided_by="policy",
        cut=Cut(topic="transactions", partition=0, epoch=0, next_offset=1),
        lines=lines,
    )


def publish(producer: KafkaProducer, *messages: Allocation | PoolSpec) -> None:
    """Send to the topic of each message and wait for the broker."""
    for message in messages:
        topic = CATALOG.name if isinstance(message, PoolSpec) else ACTIONS.name
        producer.send(topic, key=message.pool_id.encode(), value=encode(message)).get(timeout=30)


@cache
def reader(broker: str) -> Any:
    """Return the one consumer of this module's broker; making one each time takes longer than the tests."""
    consumer = KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False, metrics_enabled=False)
    consumer.assign([TopicPartition(OUTCOMES.name, number) for number in consumer.partitions_for_topic(OUTCOMES.name)])
    return consumer


def outcomes_in(settings: Settings) -> list[Outcome]:
    """Return all outcomes on the topic now."""
    consumer = reader(settings.broker)
    places = consumer.assignment()
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    found: list[Any] = []
    while any(consumer.position(place) < ends[place] for place in places):
        for batch in consumer.poll(timeout_ms=200).values():
            found += [decode_output(record.value) for record in batch]
    assert all(isinstance(outcome, Outcome) for outcome in found)
    return found


def outcomes_of(settings: Settings, pool_id: str, count: int) -> dict[str, Outcome]:
    """Wait until the pool has `count` outcomes and return them by resource; fail on a doubled one."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = [outcome for outcome in outcomes_in(settings) if outcome.pool_id == pool_id]
        if len(found) >= count:
            assert len({outcome.action_id for outcome in found}) == len(found) == count
            return {outcome.resource_id: outcome for outcome in found}
        assert time.monotonic() < deadline, f"{len(found)} of {count} outcomes of {pool_id} came"
        time.sleep(0.05)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "what must come did not come"
        time.sleep(0.02)


@contextmanager
def gateway(
    settings: Settings, receiver: Receiver, now_s: Callable[[str], float] = lambda _: NOW_S
) -> Iterator[Gateway]:
    """Run a gateway in a thread while the block runs; what it raises is raised here."""
    running = Gateway(settings, receiver, now_s)
    errors: list[BaseException] = []

    def run() -> None:
        try:
            running.run()
        except BaseException as error:  # noqa: BLE001  raised below, in the test's own thread
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield running
    finally:
        running.stop()
        thread.join(timeout=PATIENCE_S)
    assert not thread.is_alive()
    if errors:
        raise errors[0]
