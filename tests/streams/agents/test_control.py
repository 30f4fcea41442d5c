"""The control agent in a real Faust app on a real Kafka and Valkey: one allocation a tick, whatever happens."""

import os
import signal
from collections.abc import Iterator

import msgspec
import pytest

from ops.stack.local import LocalStack
from streams.claims import RedisClaims
from streams.events import (
    ActionLine,
    Allocation,
    Command,
    DeadLetter,
    Outcome,
    decode_output,
    encode,
)
from streams.forecast_store import RedisForecastStore
from streams.settings import Settings
from streams.topics import COMMANDS, DEAD_LETTERS, OUTCOMES, TICKS
from tests.streams.agents.control_world import DAY_S, ORDERED, START_S, Agent, World, cut, spec_of, tick_of, view_of


@pytest.fixture(scope="module")
def world(settings: Settings) -> Iterator[World]:
    """Yield the world around the agent."""
    world = World(settings)
    yield world
    world.producer.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that is behind its tick is not waited for as long."""
    monkeypatch.setattr("streams.agents.control.VIEW_S_MAX", 0.3)


@pytest.fixture(scope="module")
def agent(world: World) -> Iterator[Agent]:
    """Keep one agent running for the tests that do not restart it."""
    running = Agent(world)
    with running:
        yield running


def test_a_tick_becomes_one_acknowledged_allocation(world: World, agent: Agent) -> None:
    """Decided by the policy from the view; the same tick again sends nothing, also when Redis has lost its claim."""
    world.declare(spec_of("plain"), view_of("plain"))

    world.publish(TICKS.name, "plain", tick_of("plain"))
    (allocation,) = world.wait_for_actions("plain")
    before = world.counter("decisions:known")
    world.on_redis(lambda client: client.flushall())
    world.on_redis(lambda client: RedisForecastStore(client).write([view_of("plain", 11, on_hand=99.0)]))
    world.publish(TICKS.name, "plain", tick_of("plain"))
    world.wait_for_counter("decisions:known", before + 1)

    assert (allocation.decided_by, allocation.policy) == ("policy", "base-stock")
    assert (allocation.lines[0].action_id, allocation.lines[0].order_units) == ("plain/mug/2010-07-01", ORDERED)
    assert world.actions("plain") == [allocation]


def test_a_claim_that_was_not_sent_is_sent_as_stored(world: World, agent: Agent) -> None:
    """A worker died between claim and send; its successor sends what was claimed, not what it would decide."""
    line = ActionLine(
        action_id="died/mug/2010-07-01", resource_id="mug", order_units=7.0, proposed_units=7.0, reason_code="policy",
        explanation="order 7", arrives_at_s=START_S + 2 * DAY_S,
    )  # fmt: skip
    stored = Allocation(
        tick_id="died/2010-07-01", pool_id="died", period_start_s=START_S, decided_at_s=START_S,
        valid_until_s=START_S + DAY_S, policy="base-stock", policy_version="1", forecast_model="linear/1",
        forecast_as_of_s=None, decided_by="policy", cut=cut(10), lines=(line,),
    )  # fmt: skip
    world.on_redis(lambda client: RedisClaims(client).claim("died/2010-07-01", encode(stored)))
    world.declare(spec_of("died"), view_of("died"))

    world.publish(TICKS.name, "died", tick_of("died"))

    assert world.wait_for_actions("died") == [stored]


def test_a_hold_issued_before_the_tick_binds_it(world: World, agent: Agent) -> None:
    """The agent reads to the end of the commands before it decides; a release frees the next tick."""
    hold = Command(
        command_id="1", kind="hold", pool_id="held", resource_id=None, reason="stocktaking", operator="ann",
        issued_at_s=0.0, expires_at_s=START_S + 30 * DAY_S,
    )  # fmt: skip
    world.declare(spec_of("held"), view_of("held", expires_s=30 * DAY_S))
    world.publish(COMMANDS.name, "held", hold)
    world.publish(TICKS.name, "held", tick_of("held", 1))
    world.wait_for_actions("held")
    world.publish(COMMANDS.name, "held", msgspec.structs.replace(hold, kind="release"))
    world.publish(TICKS.name, "held", tick_of("held", 2))

    first, second = world.wait_for_actions("held", 2)

    assert (first.decided_by, first.lines[0].reason_code, first.lines[0].order_units) == ("hold", "hold", 0.0)
    assert second.decided_by == "policy"


def test_orders_under_way_count_until_they_are_rejected(world: World, agent: Agent) -> None:
    """Yesterday's order is in the pipeline before any ledger knows it; a rejected one is ordered again."""
    world.declare(spec_of("way"), view_of("way", expires_s=30 * DAY_S))
    for day in (1, 2):
        tick = msgspec.structs.replace(tick_of("way", day), valid_until_s=START_S + 10 * DAY_S)
        world.publish(TICKS.name, "way", tick)
    first, second = world.wait_for_actions("way", 2)
    rejected = Outcome(
        action_id="way/mug/2010-07-01", tick_id="way/2010-07-01", pool_id="way", resource_id="mug", status="rejected",
        applied_units=0.0, reason="closed", at_s=START_S,
    )  # fmt: skip
    world.publish(OUTCOMES.name, "way", rejected)
    world.publish(TICKS.name, "way", tick_of("way", 3))

    third = world.wait_for_actions("way", 3)[2]

    assert [one.lines[0].order_units for one in (first, second, third)] == [ORDERED, 0.0, ORDERED]


def test_an_emptied_redis_and_a_restart_take_nothing_away(world: World, agent: Agent) -> None:
    """Holds, orders under way and decisions made are in the topics: the next worker knows them before it decides."""
    hold = Command(
        command_id="2", kind="hold", pool_id="kept", resource_id="mug", reason="recall", operator="ann",
        issued_at_s=0.0, expires_at_s=START_S + 2 * DAY_S,
    )  # fmt: skip
    view = view_of("kept", expires_s=30 * DAY_S)
    long_valid = [msgspec.structs.replace(tick_of("kept", day), valid_until_s=START_S + 10 * DAY_S) for day in (1, 2)]
    world.declare(spec_of("kept"), view)
    world.publish(TICKS.name, "kept", long_valid[0])
    world.wait_for_actions("kept")
    world.publish(COMMANDS.name, "kept", hold)
    agent.restart()
    world.on_redis(lambda client: client.flushall())
    world.on_redis(lambda client: RedisForecastStore(client).write([view]))
    world.publish(TICKS.name, "kept", *long_valid)

    first, held = world.wait_for_actions("kept", 2)

    assert [one.tick_id for one in (first, held)] == ["kept/2010-07-01", "kept/2010-07-02"]
    assert (first.lines[0].order_units, held.decided_by, held.lines[0].order_units) == (ORDERED, "hold", 0.0)
    assert held.lines[0].proposed_units == 0.0  # the first order, which no ledger knows, is under way


def test_what_is_no_tick_goes_to_the_dead_letters(world: World, agent: Agent) -> None:
    """With its place and rule; the ticks behind it are decided."""
    world.declare(spec_of("bad"), view_of("bad"))
    world.publish(TICKS.name, "bad", b"{", encode(view_of("bad")), tick_of("bad"))

    world.wait_for_actions("bad")

    letters = [decode_output(one.value) for one in world.records(DEAD_LETTERS.name)]
    rules = [one.rule for one in letters if isinstance(one, DeadLetter) and one.topic == TICKS.name]
    assert rules == ["bad-tick", "bad-tick"]


def test_expired_uncontrolled_and_unknown_emit_nothing(world: World, agent: Agent) -> None:
    """They are counted, and the next tick is decided."""
    world.declare(spec_of("quiet", controlled=False), view_of("quiet"))
    world.declare(spec_of("next"), view_of("next"))
    before = {name: world.counter(f"decisions:{name}") for name in ("expired", "uncontrolled", "unknown-pool")}
    world.publish(TICKS.name, "next", tick_of("next", 1, late_s=DAY_S))
    world.publish(TICKS.name, "quiet", tick_of("quiet"))
    world.publish(TICKS.name, "nobody", tick_of("nobody"))
    world.publish(TICKS.name, "next", tick_of("next", 2))

    (allocation,) = world.wait_for_actions("next")
    for name, count in before.items():
        world.wait_for_counter(f"decisions:{name}", count + 1)

    assert allocation.tick_id == "next/2010-07-02"
    assert world.actions("quiet") == []
    assert world.actions("nobody") == []


def test_a_view_that_redis_lost_is_not_trusted(world: World, agent: Agent) -> None:
    """Older than its tick it is stale, and without any nothing is ordered."""
    world.declare(spec_of("older"), view_of("older", 9))
    world.declare(spec_of("none"))

    world.publish(TICKS.name, "older", tick_of("older", next_offset=10))
    world.publish(TICKS.name, "none", tick_of("none"))

    assert world.wait_for_actions("older")[0].lines[0].reason_code == "stale-forecast"
    assert world.wait_for_actions("none")[0].decided_by == "hold"


def test_a_policy_that_cannot_be_loaded_leaves_the_baseline(world: World, agent: Agent) -> None:
    """An unknown name in the catalog stops neither this pool nor another."""
    world.declare(spec_of("foreign", policy="no-such-policy"), view_of("foreign"))

    world.publish(TICKS.name, "foreign", tick_of("foreign"))

    assert world.wait_for_actions("foreign")[0].lines[0].reason_code == "policy-error"


def test_a_silent_redis_delays_the_decision(world: World, agent: Agent, stack: LocalStack) -> None:
    """The tick is tried again until Redis answers, and decided once."""
    world.declare(spec_of("pause"), view_of("pause"))
    before = world.counter("decisions:retried")
    os.kill(stack.valkey.pid, signal.SIGSTOP)
    try:
        world.publish(TICKS.name, "pause", tick_of("pause"))
        world.wait_for_counter("decisions:retried", before + 1)
    finally:
        os.kill(stack.valkey.pid, signal.SIGCONT)

    assert world.wait_for_actions("pause")[0].decided_by == "policy"
    assert world.health.report([], [], at_s=0.0, rss_bytes=0).decision_p50_s is not None
