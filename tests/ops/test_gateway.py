"""The gateway with a real Kafka and a real HTTP receiver on loopback: nothing lost, nothing doubled, nothing late."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaProducer

from ops import kill_switch
from ops.gateway import JOURNAL, Gateway, LineResult
from ops.gateway_journal import KEPT_S, Journal
from ops.receivers import HttpReceiver
from streams.connections import kafka_options
from streams.events import ActionLine, Allocation, encode
from streams.settings import Settings
from streams.topics import ACTIONS
from tests.ops.gateway_world import (
    NOW_S,
    World,
    allocation_of,
    gateway,
    outcomes_in,
    outcomes_of,
    publish,
    reader,
    spec_of,
    wait_for,
)


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


@pytest.fixture(scope="module", autouse=True)
def closereader(settings: Settings) -> Iterator[None]:
    """Close it while its broker is still there."""
    yield
    reader(settings.broker).close()


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


def test_what_is_older_than_the_journals_memory_is_told_no_second_outcome(
    settings: Settings, world: World, producer: KafkaProducer
) -> None:
    """Kafka has forgotten the group's offsets and the journal what it published: only what was begun is finished."""
    for day in ("2010-07-01", "2010-07-02"):
        old = allocation_of("old", day, a=5.0)
        long_ago_ms = int((time.time() - KEPT_S) * 1000)
        producer.send(ACTIONS.name, key=b"old", value=encode(old), timestamp_ms=long_ago_ms).get(timeout=30)
    with Journal(settings.data_dir / JOURNAL) as journal:
        journal.receive(["old/a/2010-07-02"], time.time() - KEPT_S)
        journal.forget(time.time())
    publish(producer, spec_of("old"), allocation_of("old", "2010-07-03", a=7.0))

    with gateway(settings, HttpReceiver(f"http://127.0.0.1:{world.port}")):
        wait_for(lambda: "old/a/2010-07-03" in world.acted)
        wait_for(lambda: sum(outcome.pool_id == "old" for outcome in outcomes_in(settings)) == 2)

    assert world.posts == ["old/a/2010-07-02", "old/a/2010-07-03"]


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
