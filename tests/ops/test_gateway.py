"""The gateway with a real Kafka and a real HTTP receiver on loopback: nothing lost, nothing doubled, nothing late."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from ops import kill_switch
from ops.gateway import Gateway, LineResult, Receiver
from ops.receivers import HttpReceiver
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.connections import kafka_options
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


@pytest.fixture
def world() -> Iterator[World]:
    """Yield a listening world."""
    world = World()
    world.start()
    yield world
    world.stop()


@pytest.fixture
def producer(settings: Settings) -> Iterator[KafkaProducer]:
    """Yield a plain producer."""
    producer = KafkaProducer(**kafka_options(settings), acks="all")
    yield producer
    producer.close()


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
def _reader(broker: str) -> Any:
    """Return the one consumer of this module's broker; making one each time takes longer than the tests."""
    consumer = KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False, metrics_enabled=False)
    consumer.assign([TopicPartition(OUTCOMES.name, number) for number in consumer.partitions_for_topic(OUTCOMES.name)])
    return consumer


def outcomes_in(settings: Settings) -> list[Outcome]:
    """Return all outcomes on the topic now."""
    consumer = _reader(settings.broker)
    places = consumer.assignment()
    consumer.seek_to_beginning(*places)
    ends = consumer.end_offsets(places)
    found: list[Any] = []
    while any(consumer.position(place) < ends[place] for place in places):
        for batch in consumer.poll(timeout_ms=200).values():
            found += [decode_output(record.value) for record in batch]
    assert all(isinstance(outcome, Outcome) for outcome in found)
    return found


@pytest.fixture(scope="module", autouse=True)
def close_reader(settings: Settings) -> Iterator[None]:
    """Close it while its broker is still there."""
    yield
    _reader(settings.broker).close()


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


def test_actions_reach_the_receiver_and_outcomes_the_topic(
    settings: Settings, world: World, producer: KafkaProducer
) -> None:
    """A line is posted with its id and reported applied; one that orders nothing is not posted."""
    publish(producer, spec_of("plain"), allocation_of("plain", a=24.0, b=0.0))

    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}/orders")):
        outcomes = outcomes_of(settings, "plain", 2)

    assert (outcomes["a"].status, outcomes["a"].applied_units, outcomes["a"].reason) == (
        "applied",
        24.0,
        "on the truck",
    )
    assert (outcomes["b"].status, outcomes["b"].applied_units) == ("applied", 0.0)
    assert world.posts == ["plain/a/2010-07-01"]
    assert world.bodies["plain/a/2010-07-01"]["order_units"] == 24.0


def test_an_action_sent_twice_acts_once(settings: Settings, world: World, producer: KafkaProducer) -> None:
    """Duplicates in the topic, before and after a restart, neither act nor report again."""
    twice = allocation_of("twice", a=5.0)
    publish(producer, spec_of("twice"), twice, twice)
    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        outcomes_of(settings, "twice", 1)
    publish(producer, twice, allocation_of("twice-end", a=1.0), spec_of("twice-end"))

    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        outcomes_of(settings, "twice-end", 1)
        outcomes_of(settings, "twice", 1)

    assert world.posts.count("twice/a/2010-07-01") == 1


def test_expired_actions_do_not_act(settings: Settings, world: World, producer: KafkaProducer) -> None:
    """An action past its valid-until is reported expired."""
    publish(producer, spec_of("late"), allocation_of("late", valid_s=-1.0, a=5.0))

    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        outcome = outcomes_of(settings, "late", 1)["a"]

    assert outcome.status == "expired"
    assert world.posts == []


def test_the_kill_file_stops_everything(settings: Settings, world: World, producer: KafkaProducer) -> None:
    """While the file is there actions are rejected with its text; without it they pass again."""
    publish(producer, spec_of("killed"), spec_of("alive"), allocation_of("killed", a=5.0))
    kill_switch.engage(settings.data_dir, "price feed is wrong")
    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        outcome = outcomes_of(settings, "killed", 1)["a"]
        kill_switch.clear(settings.data_dir)
        publish(producer, allocation_of("alive", a=5.0))
        alive = outcomes_of(settings, "alive", 1)["a"]

    assert (outcome.status, outcome.reason) == ("rejected", "kill switch: price feed is wrong")
    assert alive.status == "applied"
    assert world.posts == ["alive/a/2010-07-01"]


def test_a_receiver_that_is_down_gets_the_action_when_it_is_up(
    settings: Settings, world: World, producer: KafkaProducer
) -> None:
    """Refused connections and 503 are tried again until the receiver answers; the action acts once, in order."""
    world.stop()
    world.fail = lambda key, attempt: 503 if attempt <= 2 and "/a/" in key else None
    publish(producer, spec_of("down"), allocation_of("down", a=5.0, b=6.0), allocation_of("down", "2010-07-02", a=7.0))
    tries: list[int] = []

    class Counting(HttpReceiver):
        def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
            tries.append(len(lines))
            return super().accept(allocation, lines)

    with gateway(settings, Counting(f"http://127.0.0.1:{world.port}")):
        wait_for(lambda: len(tries) >= 2)
        world.start()
        wait_for(lambda: len(world.acted) == 3)
        wait_for(lambda: sum(outcome.pool_id == "down" for outcome in outcomes_in(settings)) == 3)

    assert list(world.acted) == ["down/a/2010-07-01", "down/b/2010-07-01", "down/a/2010-07-02"]
    assert set(world.acted.values()) == {1}


def test_a_receiver_that_stays_down_ends_in_a_rejection(settings: Settings, producer: KafkaProducer) -> None:
    """When the action expires meanwhile it is rejected with the receiver's error, and the next one is looked at."""
    world = World()
    world.start()
    world.stop()
    clock = [NOW_S]
    publish(producer, spec_of("gone"), allocation_of("gone", a=5.0))
    tried = threading.Event()

    class Telling(HttpReceiver):
        def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
            try:
                return super().accept(allocation, lines)
            finally:
                if lines:
                    tried.set()

    with gateway(settings, Telling(f"http://127.0.0.1:{world.port}"), lambda _: clock[0]):
        wait_for(tried.is_set)
        clock[0] = NOW_S + 7200.0
        outcome = outcomes_of(settings, "gone", 1)["a"]

    assert outcome.status == "rejected"
    assert "it was not handed over: receiver http://127.0.0.1" in outcome.reason


def test_an_answer_that_is_lost_does_not_double_the_action(
    settings: Settings, world: World, producer: KafkaProducer
) -> None:
    """The receiver acted and its answer was lost: it is asked again under the same id, and acts no more."""
    world.drop = {"lost/a/2010-07-01"}
    publish(producer, spec_of("lost"), allocation_of("lost", a=5.0))

    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        outcome = outcomes_of(settings, "lost", 1)["a"]

    assert outcome.status == "applied"
    assert world.posts == ["lost/a/2010-07-01"] * 2
    assert world.acted["lost/a/2010-07-01"] == 1


def test_a_crash_between_hand_over_and_outcome_is_taken_up(
    settings: Settings, world: World, producer: KafkaProducer
) -> None:
    """A gateway that dies right after the receiver acted reports the outcome after its restart, also past expiry."""
    publish(producer, spec_of("crash"), allocation_of("crash", a=5.0))

    class Dying(HttpReceiver):
        def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
            super().accept(allocation, lines)
            raise SystemExit(9)  # what a kill leaves behind: the world has acted, the journal says "handing"

    with pytest.raises(SystemExit), gateway(settings, Dying(f"http://127.0.0.1:{world.port}")):
        wait_for(lambda: world.acted["crash/a/2010-07-01"] == 1)
    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}"), lambda _: NOW_S + 7200.0):
        outcome = outcomes_of(settings, "crash", 1)["a"]

    assert (outcome.status, outcome.applied_units) == ("applied", 5.0)
    assert world.acted["crash/a/2010-07-01"] == 1


def test_the_door_clamps_on_its_own(settings: Settings, world: World, producer: KafkaProducer) -> None:
    """What is above the catalog's bound passes in part, and what the pool's capacity does not hold not at all."""
    publish(producer, spec_of("clamp", capacity_units=100.0), allocation_of("clamp", a=250.0, b=10.0))

    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        outcomes = outcomes_of(settings, "clamp", 2)

    assert (outcomes["a"].status, outcomes["a"].applied_units) == ("clamped", 100.0)
    assert outcomes["b"].status == "rejected"
    assert "capacity" in outcomes["b"].reason


def test_unknown_pools_and_foreign_records_are_not_fatal(
    settings: Settings, world: World, producer: KafkaProducer
) -> None:
    """Without limits nothing passes; what is no allocation is skipped."""
    producer.send(ACTIONS.name, key=b"strange", value=b"not json").get(timeout=30)
    publish(producer, allocation_of("strange", a=5.0))

    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        outcome = outcomes_of(settings, "strange", 1)["a"]

    assert outcome.status == "rejected"
    assert "not in the catalog" in outcome.reason


def test_every_allocation_is_told_to_the_receiver(settings: Settings, producer: KafkaProducer) -> None:
    """A world that waits for its tick hears of it, also when no line may pass."""
    heard: list[tuple[str, int]] = []

    class Listening:
        def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
            heard.append((allocation.tick_id, len(lines)))
            return [LineResult(line.action_id, "applied", line.order_units, "") for line in lines]

    publish(
        producer,
        spec_of("told"),
        allocation_of("told", valid_s=-1.0, a=5.0),
        allocation_of("told", "2010-07-02", a=6.0),
    )

    with gateway(settings, Listening()):
        wait_for(lambda: len(heard) == 2)
        outcomes_in(settings)

    assert heard == [("told/2010-07-01", 0), ("told/2010-07-02", 1)]


def test_a_dry_run_leaves_no_trace(settings: Settings, world: World, producer: KafkaProducer, tmp_path: Path) -> None:
    """It shows what would pass; the outcome comes from the real gateway afterwards."""
    shown: list[str] = []

    class Showing:
        def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
            assert allocation.pool_id == "dry"
            shown.extend(line.action_id for line in lines)
            return [LineResult(line.action_id, "applied", line.order_units, "dry run") for line in lines]

    publish(producer, spec_of("dry"))
    dry = Gateway(replace(settings, data_dir=tmp_path), Showing(), lambda _: NOW_S, dry_run=True)
    thread = threading.Thread(target=dry.run)
    thread.start()
    days = iter(range(1, 29))

    def seen() -> bool:
        publish(producer, allocation_of("dry", f"2010-08-{next(days):02}", a=5.0))
        return bool(shown)

    wait_for(seen)
    dry.stop()
    thread.join()

    assert not list(tmp_path.iterdir())
    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        wait_for(lambda: "dry/a/2010-08-01" in world.acted)
